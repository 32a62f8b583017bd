"""Documents beside the simulation: every target names a fact, how it is observed, and how near it has to come."""

import math
import re
from collections import Counter

import numpy as np
import pytest

from flowsim import InputError, Scenario
from flowsim.calibration.targets import Target, documented, observer, read_targets, targets_of
from flowsim.evidence import facts
from flowsim.simulation.measures.catalogue import Catalogue
from flowsim.simulation.measures.observation import Observation

COPENHAGEN = targets_of("copenhagen")
BY_NAME = {target.name: target for target in COPENHAGEN}
FITTED = [target for target in COPENHAGEN if target.fitted]
EVIDENCE = facts.load()
INDEX = Catalogue.of(Scenario.of("copenhagen").pathway()).index

# --- The targets of Copenhagen ---


def test_every_target_is_observed_in_copenhagen():
    seen = observer(COPENHAGEN, INDEX).observe(np.ones((2, len(INDEX))))
    assert seen.shape == (2, len(COPENHAGEN))
    assert np.isfinite(seen).all()


def test_there_are_enough_of_each_family():
    assert sum(target.sense == "=" for target in FITTED) >= 80
    assert sum(target.sense != "=" for target in FITTED) >= 7
    by_family = Counter(target.family for target in FITTED)
    assert by_family["awards"] == 31
    assert by_family["after_ressourceforloeb"] == 21
    assert by_family["exits_by_destination"] == 6


def test_what_is_fitted_is_a_target_and_never_derived():
    for target in FITTED:
        fact = EVIDENCE[target.fact]
        assert fact.role == "target", target.name
        assert not fact.derived_from, target.name


def test_every_fact_with_the_role_of_a_target_is_one():
    assert {fact.id for fact in EVIDENCE.select(role="target")} == {
        *(target.fact for target in FITTED),
        # The model's start is taken from it, so it is shown only; the share in work beside it is fitted.
        "svar-2017-05.fleksjob-stock",
    }


def test_every_target_says_why():
    assert not [target.name for target in COPENHAGEN if len(target.why) < 60]


@pytest.mark.parametrize(
    ("name", "value", "unit"),
    [
        ("awards.fleksjob 2017Q1", 44, "awards"),
        ("awards.foertidspension 2019Q4", 638, "awards"),
        ("wait.team 2020-06", 14.5, "weeks"),
        ("service.decided 23 weeks 2018Q1", 76, "percent"),
        ("appeals 2016", 29, "cases"),
        ("ressourceforloeb.ended 2016", 206, "persons"),
        ("after.1_month kontanthjaelp 2016", 100 * 82 / 206, "percent"),
        ("after.1_month andet 2016", 100 * 10 / 206, "percent"),
        ("after.1_month kontanthjaelp 2018Q1", 9, "percent"),
        ("stock.fleksjob share in work 2016", 100 * 2103 / 2839, "percent"),
        ("exits.kontanthjaelp to ressourceforloeb", 19, "percent"),
        ("seniority.kontanthjaelp 3 years June 2019", 6046, "persons"),
        ("wait.team spring 2019 above 2020-02", 9, "weeks"),
        ("awards.foertidspension 2020 above 2019", 1882, "awards"),
    ],
)
def test_the_value_is_the_documents_in_the_documents_unit(name, value, unit):
    assert BY_NAME[name].value == pytest.approx(value)
    assert BY_NAME[name].unit == unit


@pytest.mark.parametrize(
    ("name", "rounding", "conflict", "discrepancy"),
    [
        ("awards.fleksjob 2017Q1", 0, 0, 0.08 * 44),
        ("wait.team 2020-06", 0.25 / 3**0.5, 0, 1),
        ("wait.team 2021-01", 0.5 / 3**0.5, 0, 1),
        # The bound is February's figure, with its rounding.
        ("wait.team spring 2019 above 2020-02", 0.5 / 3**0.5, 0, 1),
        ("service.team 13 weeks 2018", 0, 0, 4),
        # 206 against 216, 38 against 39, 631 against 630: half the distance over the root of 3.
        ("ressourceforloeb.ended 2016", 0, 5 / 3**0.5, 20.6),
        ("refusals 2016", 0, 0.5 / 3**0.5, 0.15 * 38),
        ("awards.fleksjob of 2019", 0, 0.5 / 3**0.5, 0.08 * 631 / 2),
        ("awards.seniorpension 2020Q1-Q3", 0, 0, 0.08 * 403 / 3**0.5),
        # 15 per cent of a share, at least half a point and at most three.
        ("after.3_months job 2019", 0.05 / 3**0.5, 0, 0.5),
        ("after.3_months fleksjob 2018", 0.05 / 3**0.5, 0, 0.15 * 10.5),
        ("after.3_months foertidspension 2018", 0.05 / 3**0.5, 0, 3),
    ],
)
def test_the_tolerance_follows_the_rule_of_the_family(name, rounding, conflict, discrepancy):
    target = BY_NAME[name]
    told = (target.rounding, target.conflict, target.discrepancy)
    assert told == pytest.approx((rounding, conflict, discrepancy))
    assert target.tolerance == pytest.approx(math.sqrt(rounding**2 + conflict**2 + discrepancy**2))


def test_a_figure_is_observed_as_it_is_published():
    values = np.full((1, len(INDEX)), math.nan)
    at = {row[:2]: number for number, row in enumerate(INDEX)}

    def put(measure, **by_period):
        for period, value in by_period.items():
            values[0, at[measure, period.removeprefix("y")]] = value

    put("mean_stock.kontanthjaelp", y2015=15_000, y2020=8_400)
    put("clock.plan_til_team.within", y2018Q1=0.1, y2018Q2=0.2, y2018Q3=0.3, y2018Q4=0.2)
    put("awards.seniorpension", y2020Q1=100, y2020Q2=200, y2020Q3=100)
    put("stock.fleksjob", y2016=75)
    put("stock.ledighedsydelse", y2016=25)
    put("seniority.kontanthjaelp.over_3_years", y2018Q2=6_000)
    put("stock.kontanthjaelp", y2018Q2=10_000)
    for measure, period in at:
        if measure.startswith("exits.kontanthjaelp."):
            values[0, at[measure, period]] = 0
    for year in range(2015, 2020):
        put("exits.kontanthjaelp.job", **{f"y{year}": 10})
        put("exits.kontanthjaelp.uddannelse", **{f"y{year}": 5})
        put("exits.kontanthjaelp.selvforsoergelse", **{f"y{year}": 45})
    put("exits.kontanthjaelp.job", y2020=9)
    seen = dict(zip(BY_NAME, observer(COPENHAGEN, INDEX).observe(values)[0], strict=True))
    # 6,600 persons are 5,500 full-year persons, and 44 per cent of 15,000.
    assert seen["stock.kontanthjaelp fall 2015-2020"] == pytest.approx(5_500)
    assert seen["stock.kontanthjaelp fall in per cent 2015-2020"] == pytest.approx(44)
    assert seen["stock.kontanthjaelp mean 2015"] == pytest.approx(12_500)
    assert seen["service.team 13 weeks 2018"] == pytest.approx(20)
    assert seen["awards.seniorpension 2020Q1-Q3"] == 400
    assert seen["stock.fleksjob share in work 2016"] == 75
    assert seen["seniority.kontanthjaelp 3 years share June 2018"] == 60
    assert seen["exits.kontanthjaelp 2015-2019"] == 300
    assert seen["exits.kontanthjaelp to job or education"] == 25
    assert math.isnan(seen["appeals 2016"])


def test_the_documented_figures_of_single_measures_are_in_the_measures_unit():
    told = documented("copenhagen")
    assert told["mean_stock.kontanthjaelp", "2015"] == pytest.approx(15_000)
    assert told["clock.plan_til_afgoerelse.within", "2018Q1"] == pytest.approx(0.76)
    assert told["awards.fleksjob_tilkendt", "2019"] == 631
    assert told["stock.kontanthjaelp", "2018Q2"] == 11_169
    # Neither bounds nor shares of other measures.
    assert ("caseload.plan_kontanthjaelp.bif", "2017Q2") not in told
    assert ("stock.fleksjob", "2016") in told
    assert told["stock.fleksjob", "2016"] == 2103
    assert all(period != "2020" for measure, period in told if measure == "mean_stock.kontanthjaelp")


def test_no_other_base_has_targets():
    assert targets_of("small") == ()
    assert documented("small") == {}


# --- A file of one's own ---

FACTS = """
[sources.town]
title = "A made town"
date = "2020"
[[facts]]
id = "town.wait"
label = "Wait"
role = "target"
value = 9
unit = "weeks"
period = "2020-02"
counted = "time"
population = "cases"
precision = { kind = "ca" }
source = "town"
place = "p. 1"
quote = "about 9 weeks"
[[facts]]
id = "town.awards"
label = "Awards"
role = "target"
values = { "2019Q1" = 12, "2019Q2" = 16 }
unit = "awards"
period = "2019"
counted = "awards"
population = "citizens"
precision = { kind = "rounded", half_width = 0.5 }
source = "town"
place = "p. 2"
quote = "12, 16"
[[facts]]
id = "town.low"
label = "Wait, at least"
role = "target"
relation = { above = 5 }
unit = "weeks"
period = "2020-02"
counted = "time"
population = "cases"
precision = { kind = "bound" }
source = "town"
place = "p. 1"
quote = "over 5 weeks"
[[facts]]
id = "town.high"
label = "Wait, at most"
role = "target"
relation = { below = 4 }
unit = "weeks"
period = "2020-02"
counted = "time"
population = "cases"
precision = { kind = "bound" }
source = "town"
place = "p. 1"
quote = "under 4 weeks"
[[facts]]
id = "town.goal"
label = "Goal"
role = "input"
value = 12
unit = "weeks"
period = "2020"
counted = "time"
population = "cases"
precision = { kind = "exact" }
source = "town"
place = "p. 1"
quote = "12 weeks"
"""
OWN = """
[families.waits]
title = "Waits"
discrepancy = { absolute = 1.0, unit = "weeks" }
why = "no start point is told"

[families.awards]
title = "Awards"
discrepancy = { share = 0.1 }
why = "constant by quarter"

[[targets]]
name = "wait"
family = "waits"
fact = "town.wait"
measures = "wait.team.served"
periods = "2020-02"
half_width = 0.5

[[targets]]
name = "awards {}"
family = "awards"
fact = "town.awards"
measures = "awards.job"
"""


@pytest.fixture
def own(tmp_path):
    """Return a reader of the file, with a text changed in it or some more at its end."""
    (tmp_path / "facts.toml").write_text(FACTS, encoding="utf-8")
    known = facts.load(tmp_path / "facts.toml")

    def read(old="", new="", more=""):
        assert old in OWN
        (tmp_path / "own.toml").write_text(OWN.replace(old, new, 1) + more, encoding="utf-8")
        return read_targets(tmp_path / "own.toml", known)

    return read


def test_a_file_of_ones_own_is_read(own):
    wait, first, second = own()
    assert wait == Target(
        name="wait",
        family="waits",
        observation=Observation(measures=("wait.team.served",), periods=("2020-02",)),
        value=9,
        unit="weeks",
        fact="town.wait",
        rounding=0.5 / math.sqrt(3),
        conflict=0,
        discrepancy=1,
        why="no start point is told",
    )
    assert (first.name, first.value, first.key, first.observation.periods) == (
        "awards 2019Q1",
        12,
        "2019Q1",
        ("2019Q1",),
    )
    assert (second.name, second.discrepancy) == ("awards 2019Q2", pytest.approx(1.6))


def test_cells_that_are_added_up_round_together(own):
    total = own(more='key = ["2019Q1", "2019Q2"]\nperiods = "2019"\n')[1]
    assert (total.value, total.key) == (28, "2019Q1 + 2019Q2")
    assert total.rounding == pytest.approx(0.5 * math.sqrt(2) / math.sqrt(3))


def test_a_figure_can_be_a_share_of_another(own):
    share = own(more='key = "2019Q1"\nshare_of = "town.awards"\nperiods = "2019Q1"\n')[1]
    assert (share.value, share.unit) == (pytest.approx(100 * 12 / 28), "percent")
    assert share.rounding == pytest.approx(0.5 / math.sqrt(3) * 100 / 28)
    assert share.discrepancy == pytest.approx(0.1 * 100 * 12 / 28)


def test_an_inequality_takes_its_sense_and_bound_from_the_fact(own):
    entry = '[[targets]]\nname = "low"\nfamily = "waits"\nfact = "town.low"\nmeasures = "x"\nperiods = "2020"\n'
    low = own(more=entry)[-1]
    assert (low.sense, low.value, low.rounding, low.unit) == (">", 5, 0, "weeks")


BOUND = '\n[[targets]]\nname = "{0}"\nfamily = "waits"\nfact = "town.{0}"\nmeasures = "x"\nperiods = "2020"\n'
WAIT = OWN[OWN.index("[[targets]]") : OWN.index('[[targets]]\nname = "awards')]
REFUSED = [
    ("town.wait", "town.wiat", "", "targets.wait: there is no fact 'town.wiat'; did you mean 'town.wait'?"),
    ("town.wait", "town.goal", "", "targets.wait: fact: the role of 'town.goal' is 'input'"),
    ('family = "waits"', 'family = "wiats"', "", "family: there is no family 'wiats'; did you mean 'waits'?"),
    ("half_width = 0.5", "", "", "targets.wait: half_width: 'town.wait' is given as 'ca': tell one"),
    ("half_width = 0.5", "half_width = 0.0", "", "targets.wait.half_width: 0.0 is not allowed"),
    ("half_width = 0.5", "halfwidth = 0.5", "", "there is no key 'halfwidth'; did you mean 'half_width'?"),
    ("half_width = 0.5", 'half_width = 0.5\nkey = "2019"', "", "fact 'town.wait': there is no key '2019'"),
    ('periods = "2020-02"', "", "", "targets.wait: periods: for one figure"),
    ('measures = "wait.team.served"', "measures = []", "", "targets.wait: measures: at least one is needed"),
    ("absolute = 1.0", "absolute = -1.0", "", "families.waits.discrepancy.absolute: -1.0 is not allowed"),
    (', unit = "weeks"', "", "", "families.waits.discrepancy: `unit` tells what"),
    ('unit = "weeks"', 'unit = "awards"', "", "its family's discrepancy is given in awards, the figure in weeks"),
    ("share = 0.1", "share = 0.1, absolute = 1.0", "", "families.awards.discrepancy: one of `share`"),
    ("share = 0.1", 'share = 0.1, at_least = 3, at_most = 2, unit = "awards"', "", "contradict each other: at least 3"),
    ("share = 0.1", "", "", "families.awards.discrepancy: one of `share`"),
    ('title = "Waits"', "", "", "families.waits.title: this key is missing"),
    ('why = "constant by quarter"', 'why = " "', "", "families.awards.why:"),
    ('name = "awards {}"', 'name = "awards"', "", "'town.awards' is a table: name a `key`, or write {}"),
    ("", "", "half_width = 1\n", "targets.awards {}: half_width: 'town.awards' is given as 'rounded': it has its own"),
    ("", "", 'periods = "2019"\n', "targets.awards {}: periods: for a table without a `key` it is a table too"),
    ("", "", 'key = "2019Q3"\nperiods = "2019"\n', "targets.awards {}: fact 'town.awards': there is no key '2019Q3'"),
    ("", "", 'periods = { "2019Q9" = "2019" }\n', "fact 'town.awards': there is no key '2019Q9'; did you mean"),
    ("", "", 'share_of = "town.goal"\n', "share_of: 'town.goal' is 12 weeks, 'town.awards' is in awards"),
    ("", "", 'how = "most"\n', "targets.awards {}.how: 'most' is not allowed: it should be 'sum' or 'mean'"),
    ("", "", WAIT, "targets.wait: name: another target is called 'wait'"),
    ("", "", BOUND.format("low") + BOUND.format("high"), "the bounds contradict each other: below 4, and above 5"),
    ("", "", BOUND.format("low") + 'sense = "<"\n', "targets.low: sense: 'town.low' is 'above 5': write '>'"),
    ("[families.waits]", "[families.waits", "", "Expected ']' at the end of a table declaration"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "more", "message"), REFUSED)
def test_what_is_wrong_is_refused_with_its_place(own, tmp_path, old, new, more, message):
    with pytest.raises(InputError, match=re.escape(message)) as refused:
        own(old, new, more)
    assert re.match(f"{re.escape(str(tmp_path / 'own.toml'))}(: |, line )", str(refused.value))
    assert "\n" not in str(refused.value)


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(InputError, match=r"none\.toml: cannot be read: "):
        read_targets(tmp_path / "none.toml", EVIDENCE)


def test_bounds_that_meet_or_leave_room_do_not_contradict(own):
    low, high = own(more=BOUND.format("low") + BOUND.format("high").replace('"2020"', '"2021"'))[-2:]
    assert (low.sense, high.sense) == (">", "<")


def test_an_unknown_measure_or_period_is_told_with_the_targets_name():
    wait = BY_NAME["wait.team 2020-06"]
    wrong = Target(**{name: getattr(wait, name) for name in Target.__dataclass_fields__} | {
        "observation": Observation(measures=("wait.rehabilitation_team.servd",), periods=("2020-06",))
    })  # fmt: skip
    with pytest.raises(InputError, match=r"target 'wait.team 2020-06': there is no measure .* did you mean 'wait\.reh"):
        observer([wait, wrong], INDEX)


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ({"rounding": -1.0}, "rounding: -1.0 is not allowed: 0 or more"),
        ({"conflict": math.inf}, "conflict: inf is not allowed"),
        ({"rounding": 0.0, "discrepancy": 0.0}, "its tolerance is 0"),
        ({"unit": " "}, "unit: it is missing"),
        ({"unit": "percent", "value": 101.0}, "101 percent is not a share: 0 to 100"),
    ],
)
def test_a_target_that_can_mean_nothing_is_refused(told, message):
    fine = {
        **{"name": "a", "family": "f", "value": 1.0, "unit": "weeks", "fact": "x.y", "why": "because"},
        **{"rounding": 1.0, "conflict": 0.0, "discrepancy": 1.0},
        "observation": Observation(measures=("m",), periods=("2019",)),
    }
    with pytest.raises(InputError, match=re.escape(f"target 'a': {message}")):
        Target(**fine | told)


@pytest.mark.parametrize(("factor", "holds"), [(1 / 7, True), (1, False), (7, False)])
def test_a_figure_in_another_unit_of_time_needs_the_factor_from_the_pathway_s(tmp_path, factor, holds):
    (tmp_path / "facts.toml").write_text(FACTS, encoding="utf-8")
    known = facts.load(tmp_path / "facts.toml")
    told = OWN.replace('measures = "wait.team.served"', f'measures = "wait.team.served"\nfactor = {factor}', 1)
    assert told != OWN
    (tmp_path / "own.toml").write_text(told, encoding="utf-8")
    if holds:
        assert read_targets(tmp_path / "own.toml", known, "day")[0].observation.factor == factor
    else:
        with pytest.raises(
            InputError, match=r"targets\.wait: factor: [17] is not allowed: from days to weeks it is 0\.142857143"
        ):
            read_targets(tmp_path / "own.toml", known, "day")
