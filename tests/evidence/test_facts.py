import hashlib
import itertools
import json
import re
from importlib import resources

import pytest

from flowsim.core.errors import InputError
from flowsim.evidence.facts import load
from helpers.transcription import (
    APPEALS_2016,
    AWARDS_FLEKSJOB,
    AWARDS_FOERTIDSPENSION,
    AWARDS_PRINTED_TOTALS,
    BUDGET_2017,
    EXITS_2015_2019,
    GRANTS_REFUSALS,
    LONG_TERM,
    NON_CLARIFIED,
    STATUS_3_MONTHS,
    STATUS_206,
)

EVIDENCE = load()
TEXT = resources.files("flowsim").joinpath("data", "copenhagen", "facts.toml").read_text(encoding="utf-8")
DOCUMENTS = ("svar-2017-05", "svar-2017-06", "svar-2018-10", "status-2021-01", "aftale-2017")
EXITS = EVIDENCE["status-2021-01.exits-by-destination"].cells()
OUTCOMES = ("Stadfæstelse", "Ændring", "Hjemvisning", "Afvisning/henvisning")


# --- against the second, independent transcription


def test_quarterly_awards_agree_with_the_second_transcription():
    assert EVIDENCE["status-2021-01.awards-fleksjob"].values == AWARDS_FLEKSJOB
    assert EVIDENCE["status-2021-01.awards-foertidspension"].values == AWARDS_FOERTIDSPENSION


@pytest.mark.parametrize(("scheme", "slug"), [("fleksjob", "fleksjob"), ("førtidspension", "foertidspension")])
def test_printed_totals_of_awards_agree_with_the_second_transcription(scheme, slug):
    printed = {year: total for (name, year), total in AWARDS_PRINTED_TOTALS.items() if name == scheme}
    quarters = EVIDENCE[f"status-2021-01.awards-{slug}"]
    totals = EVIDENCE[f"status-2021-01.awards-{slug}-totals"]
    assert {int(total.of[0][:4]): total.printed for total in quarters.totals} == printed
    assert list(totals.values.values()) == [printed[year] for year in sorted(printed)]
    # A total is checked against all the quarters that the table has of its year, and no others.
    assert [total.of for total in quarters.totals] == [
        tuple(key for key in quarters.values if key.startswith(str(year))) for year in sorted(printed)
    ]


def test_status_one_month_after_agrees_with_the_second_transcription():
    assert EVIDENCE["svar-2017-06.status-1-month"].values == STATUS_206


@pytest.mark.parametrize(("area", "suffix"), [("København", ""), ("Hele landet", "-hele-landet")])
def test_tables_4_and_5_agree_with_the_second_transcription(area, suffix):
    assert EVIDENCE[f"status-2021-01.non-clarified{suffix}"].values == {
        quarter: share for (place, quarter), share in NON_CLARIFIED.items() if place == area
    }
    for year in (2018, 2019):
        assert EVIDENCE[f"status-2021-01.status-3-months-{year}{suffix}"].values == {
            outcome: share for (place, when, outcome), share in STATUS_3_MONTHS.items() if (place, when) == (area, year)
        }


def test_long_term_recipients_agree_with_the_second_transcription():
    shares, counts = EVIDENCE["status-2021-01.long-term-share"], EVIDENCE["status-2021-01.long-term-recipients"]
    assert {int(year): (shares.number(year), counts.number(year)) for year in counts.values} == LONG_TERM


def test_exits_agree_with_the_second_transcription():
    assert {key.replace("selvforsørgelse", "selvforsørget"): share for key, share in EXITS.items()} == EXITS_2015_2019


def test_budget_agrees_with_the_second_transcription():
    lines = EVIDENCE["aftale-2017.budget"].values
    assert [(int(key[0]), amount) for key, amount in lines.items()] == [(i, amount) for i, _, amount in BUDGET_2017]


def test_appeals_agree_with_the_second_transcription():
    rows = [
        fact for fact in EVIDENCE.facts if re.fullmatch(r"svar-2017-05\.appeals(-[a-z-]+)?", fact.id) and fact.values
    ]
    assert sorted((fact.totals[0].printed, *map(fact.number, OUTCOMES)) for fact in rows) == sorted(
        APPEALS_2016.values()
    )
    copenhagen = EVIDENCE["svar-2017-05.appeals"]
    assert (copenhagen.totals[0].printed, *map(copenhagen.number, OUTCOMES)) == APPEALS_2016["København"]


def test_grants_and_refusals_agree_with_the_second_transcription():
    granted, refused = EVIDENCE["svar-2017-06.fleksjob-granted"], EVIDENCE["svar-2017-06.fleksjob-refused"]
    assert {int(year): (granted.number(year), refused.number(year)) for year in granted.values} == GRANTS_REFUSALS


# --- completeness


@pytest.mark.parametrize(
    ("id", "value"),
    [
        ("status-2021-01.new-spells", 12000),
        ("status-2021-01.exits", 18000),
        ("status-2021-01.stock-fall", 5000),
        ("status-2021-01.stock-fall-persons", 6000),
        ("status-2021-01.wait-2020-02", 9),
        ("status-2021-01.wait-2020-06", 14.5),
        ("status-2021-01.wait-2021-01", 7),
        ("status-2021-01.awards-seniorpension", 403),
        ("status-2021-01.staff", 540),
        ("status-2021-01.practice-consultants", 2),
        ("status-2021-01.practice-consultant-hours", 3),
        ("status-2021-01.vive-participants", 186),
        ("status-2021-01.vive-satisfied", 86),
        ("status-2021-01.meetings-in-person", "2020-06-15"),
        ("status-2021-01.practice-consultants-start", "2019Q2"),
        ("svar-2017-05.ressourceforloeb-ended-2014-2016", 335),
        ("svar-2017-05.processing-time-2017", 12),
        ("svar-2017-05.fleksjob-stock", 2839),
        ("svar-2017-05.fleksjob-in-work", 2103),
        ("svar-2017-05.fleksjob-employed-by-city", 683),
        ("svar-2017-05.flere-i-fleksjob-money", 3.7),
        ("svar-2018-10.service-goal", 23),
        ("svar-2018-10.service-goal-met", 76),
        ("svar-2018-10.service-goal-share", 90),
        ("svar-2018-10.fast-track-start", 29),
        ("svar-2018-10.social-chapters", 12),
        ("svar-2017-06.kontanthjaelp-2017-05-31", 65),
        ("svar-2017-06.satisfied-2016", 89),
        ("aftale-2017.stock", 12500),
        ("aftale-2017.ressourceforloeb-sof", 450),
        ("aftale-2017.ressourceforloeb-stock", 2400),
        ("aftale-2017.reform-money", 100),
        ("aftale-2017.reform-money-per-year", 17.6),
        ("aftale-2017.review-money", 4.5),
    ],
)
def test_figures_of_the_documents(id, value):
    assert EVIDENCE[id].value == value


def test_figures_stand_in_their_quotes():
    """A slip of a digit shows against the fact's own quote, unless the figure is derived or written in words."""
    strays = []
    for fact in EVIDENCE.facts:
        printed = {number.replace(".", "") for number in re.findall(r"\d[\d.]*(?:,\d+)?", fact.quote)}
        printed |= {str(float(number.replace(",", "."))).removesuffix(".0") for number in printed}
        if not fact.derived_from:
            strays += [(fact.id, cell) for cell in fact.cells().values() if f"{cell:g}" not in printed]
    in_words = {
        "svar-2017-05.cluster-municipalities",
        "svar-2017-05.appeals-municipalities",
        "svar-2017-05.ended-definition",
        "svar-2017-06.under-225-hours-rule",
        "svar-2017-06.two-long-cases",
        "status-2021-01.action-plan-tracks",
        "status-2021-01.action-plan-years",
        "status-2021-01.plan-course-share",
        "status-2021-01.supervisors",
        "status-2021-01.practice-consultants",
        "status-2021-01.non-clarified-goal",
        "status-2021-01.money",
        "aftale-2017.review-years",
        "aftale-2017.staff-course-aims",
        "aftale-2017.rank-awards",
    }
    assert {id for id, _ in strays} <= in_words


def test_all_five_documents_and_all_roles_speak():
    assert {fact.source for fact in EVIDENCE.facts} == set(DOCUMENTS)
    for source, role in itertools.product(DOCUMENTS, ("target", "input", "context")):
        assert EVIDENCE.select(source=source, role=role), (source, role)


def test_statements_without_a_number_bind_as_inequalities():
    assert EVIDENCE.limits("status-2021-01.wait-spring-2019") == (9, None)
    assert EVIDENCE.limits("svar-2018-10.team-within-13-weeks") == (None, 50)
    assert EVIDENCE.limits("svar-2018-10.returns-fell") == (13, None)
    assert EVIDENCE["svar-2018-10.team-within-13-weeks"].role == "target"
    with pytest.raises(InputError, match=r"'aftale-2017\.stock' is not an inequality"):
        EVIDENCE.limits("aftale-2017.stock")


def test_supplementary_facts_stand_apart():
    assert {fact.source for fact in EVIDENCE.supplementary} == {
        *("nb-2019-04", "evaluation-2013", "mploy-2015", "a4nu-2019-07", "biu-2020-06")
    }
    assert all(fact.supplementary for fact in EVIDENCE.supplementary)
    assert not any(fact.supplementary for fact in EVIDENCE.facts)
    assert len(list(EVIDENCE)) == len(EVIDENCE.facts) + len(EVIDENCE.supplementary)
    assert {
        fact.id.partition(".")[2]: list(fact.cells().values()) for fact in EVIDENCE.supplementary if fact.cells()
    } == {
        "caseload-before": [150],
        "caseload-2019": [100],
        "caseload-company-consultants": [50],
        "caseload-flere-skal-med": [45],
        "money-2017": [98.3, 64],
        "five-years": [7000],
        "cases-per-meeting": [5],
        "minutes-per-case": [60, 45],
        "hours-per-case": [20],
        "ready-to-team": [1],
        "case-types": [1],
        "municipalities": [9],
        "cases": [285],
        "wait-2019-03": [23],
        "wait-goal": [5],
    }


def test_no_person_is_named():
    """The names of those who asked and signed, as digests so that they do not stand here either."""
    names = {
        *("96d9632f", "c21a2dd1", "b7846961", "bae7459d", "69037153"),
        *("b32a5d7c", "cb8ea02d", "98810f8c", "e0b22bb8", "ed914629"),
    }
    words = re.findall(r"[^\W_]+", TEXT.casefold())
    assert not {hashlib.sha256(word.encode()).hexdigest()[:8] for word in words} & names
    assert "@" not in TEXT


# --- contradictions and derived figures


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("svar-2017-05.ressourceforloeb-ended-2016", "svar-2017-06.ressourceforloeb-ended-2016"),
        ("svar-2017-06.not-employed-2016-asked", "svar-2017-06.not-employed-2016"),
        ("svar-2017-06.fleksjob-refused", "svar-2017-06.fleksjob-refused-2016-again"),
        ("status-2021-01.awards-fleksjob", "status-2021-01.awards-fleksjob-totals"),
        ("svar-2017-06.fleksjob-granted", "status-2021-01.awards-fleksjob"),
        ("svar-2017-06.fleksjob-goal", "status-2021-01.awards-fleksjob"),
        ("svar-2017-05.processing-time-2017", "svar-2018-10.team-within-13-weeks"),
        ("svar-2017-05.processing-time-2017", "svar-2018-10.service-goal-met"),
        ("svar-2017-05.service-goal", "svar-2018-10.service-goal"),
        ("svar-2018-10.service-goal-ressourceforloeb", "svar-2018-10.service-goal"),
        ("aftale-2017.stock", "status-2021-01.stock-fall"),
        ("aftale-2017.stock", "status-2021-01.stock-implied"),
        ("svar-2017-05.fleksjob-workforce-share", "svar-2017-05.national-workforce-implied"),
        ("svar-2017-05.cluster-municipalities", "svar-2017-05.appeals-municipalities"),
        ("svar-2017-05.clarification-courses", "svar-2017-06.extra-clarified-per-year"),
        ("status-2021-01.exits", "status-2021-01.new-spells"),
        ("status-2021-01.exits-foertidspension", "status-2021-01.awards-2017-2019"),
        ("status-2021-01.fleksjob-growth-2020", "status-2021-01.awards-fleksjob"),
        ("status-2021-01.exits-by-destination", "status-2021-01.exits"),
        ("status-2021-01.exits-by-destination", "status-2021-01.exits-unaccounted"),
        ("svar-2017-06.kontanthjaelp-share-2016", "svar-2018-10.returns-kontanthjaelp"),
        ("svar-2017-06.status-1-month", "status-2021-01.status-3-months-2018"),
        ("status-2021-01.non-clarified", "status-2021-01.non-clarified-goal"),
        ("status-2021-01.vive-progress", "status-2021-01.vive-progress-sum"),
        ("status-2021-01.staff", "status-2021-01.plan-course-share"),
    ],
)
def test_contradictions_of_the_reading_guide_are_linked_both_ways(one, other):
    for here, there in ((one, other), (other, one)):
        assert there in EVIDENCE[here].conflicts_with
        assert EVIDENCE[here].resolution


def test_every_contradiction_is_resolved_in_words():
    for fact in EVIDENCE:
        assert bool(fact.conflicts_with) == bool(fact.resolution)
        assert fact.id not in fact.conflicts_with
        assert all(fact.id in EVIDENCE[other].conflicts_with for other in fact.conflicts_with)


def cells(id):
    return EVIDENCE[id].cells()


def total(id, *keys):
    return sum(EVIDENCE[id].number(key) for key in keys)


LANG = "status-2021-01.long-term"
FLEX, PENSION = "status-2021-01.awards-fleksjob", "status-2021-01.awards-foertidspension"
MONTH = "svar-2017-06.status-1-month"
Q19, Q20 = ("2019Q1", "2019Q2", "2019Q3"), ("2020Q1", "2020Q2", "2020Q3")
DERIVED = {
    "status-2021-01.stock-implied": {
        y: cells(f"{LANG}-recipients")[y] / cells(f"{LANG}-share")[y] * 100 for y in ("2018", "2019", "2020")
    },
    "status-2021-01.exits-unaccounted": {"value": 100 - sum(EXITS.values())},
    "status-2021-01.exits-foertidspension": {"førtidspension": 1080, "fleksjob": 1080},
    "status-2021-01.stock-fall-persons": {"value": 18000 - 12000},
    "status-2021-01.fleksjob-growth-2017-2019": {"value": (631 / 263 - 1) * 100},
    "status-2021-01.fleksjob-three-quarters": {"2019": total(FLEX, *Q19), "2020": total(FLEX, *Q20)},
    "status-2021-01.fleksjob-growth-2020": {"value": (total(FLEX, *Q20) / total(FLEX, *Q19) - 1) * 100},
    "status-2021-01.foertidspension-growth-2017-2019": {"value": (1882 / 420 - 1) * 100},
    "status-2021-01.foertidspension-three-quarters": {"2019": total(PENSION, *Q19), "2020": total(PENSION, *Q20)},
    "status-2021-01.awards-2017-2019": {
        "fleksjob": sum(n for q, n in cells(FLEX).items() if q < "2020"),
        "førtidspension": sum(n for q, n in cells(PENSION).items() if q < "2020"),
    },
    "status-2021-01.long-term-fall": {"value": 30},
    "status-2021-01.status-3-months-unlisted": {
        year: 100 - sum(cells(f"status-2021-01.status-3-months-{year}").values()) for year in ("2018", "2019")
    },
    "status-2021-01.vive-progress-sum": {"value": sum(cells("status-2021-01.vive-progress").values())},
    "svar-2017-06.kontanthjaelp-share-2016": {"value": 100 * 82 / 206},
    "svar-2017-06.ressourceforloeb-ended-2016": {"value": sum(cells(MONTH).values())},
    "svar-2017-06.not-employed-2016": {"value": 206 - 11},
    "svar-2017-06.not-employed-2016-asked": {"value": 216 - 11},
    "svar-2017-06.fleksjob-refused-share": {"2015": 100 * 35 / 177, "2016": 100 * 38 / 228},
    "svar-2017-05.fleksjob-share-in-work": {
        "København": 210300 / 2839,
        "Klyngen": 105900 / 1292,
        "Hele landet": 6387700 / 78272,
    },
    "svar-2017-05.national-workforce-implied": {"at 1.4 percent": 63877 / 0.014, "at 2.1 percent": 63877 / 0.021},
    "aftale-2017.financing": {"value": sum(cells("aftale-2017.budget").values())},
    "aftale-2017.competence-money": {"value": 0.6},
    "aftale-2017.ressourceforloeb-sof-share": {"value": 45000 / 2400},
}


@pytest.mark.parametrize("id", DERIVED)
def test_derived_figures_follow_from_their_parts(id):
    fact = EVIDENCE[id]
    assert fact.derived_from
    assert fact.role == "context"
    half = fact.precision.half_width or 0.5
    assert fact.cells() == pytest.approx(DERIVED[id], abs=half)


# --- reading facts


def test_numbers_are_read_by_key():
    assert EVIDENCE["svar-2018-10.service-goal-met"].number() == 76
    assert EVIDENCE["status-2021-01.awards-fleksjob"].number("2019Q4") == 221


@pytest.mark.parametrize(
    ("id", "key", "message"),
    [
        (
            "status-2021-01.awards-fleksjob",
            "2019Q5",
            r"awards-fleksjob': there is no key '2019Q5'; did you mean '2019Q",
        ),
        ("status-2021-01.awards-fleksjob", None, r"there is no key ''.*allowed: 2017Q1, 2017Q2"),
        ("aftale-2017.stock", "2017", r"aftale-2017\.stock': there is no key '2017'"),
        ("status-2021-01.meetings-in-person", None, r"is no number: it is '2020-06-15'"),
        ("svar-2018-10.team-within-13-weeks", None, r"is no number: it is 'below 50'"),
    ],
)
def test_a_number_that_is_not_there_is_refused(id, key, message):
    with pytest.raises(InputError, match=message):
        EVIDENCE[id].number(key)


def test_an_unknown_id_is_answered_with_the_nearest():
    with pytest.raises(InputError, match=r"no fact 'aftale-2017\.stok'; did you mean 'aftale-2017\.stock'"):
        EVIDENCE["aftale-2017.stok"]


def test_facts_are_selected_by_source_role_and_text():
    chosen = EVIDENCE.select(source="status-2021-01", role="target", text="VENTETIDEN")
    assert [fact.id.removeprefix("status-2021-01.") for fact in chosen] == [
        "wait-spring-2019",
        "wait-2020-02",
        "wait-2021-01",
    ]
    assert EVIDENCE.select() == (*EVIDENCE.facts, *EVIDENCE.supplementary)
    assert EVIDENCE.select(text="no such words") == ()
    with pytest.raises(InputError, match="no source 'svar-2017'; did you mean 'svar-2017-0"):
        EVIDENCE.select(source="svar-2017")
    with pytest.raises(InputError, match="no role 'targets'; did you mean 'target'"):
        EVIDENCE.select(role="targets")


def test_json_has_what_a_reader_needs():
    for fact in EVIDENCE:
        told = json.loads(json.dumps(fact.as_json()))
        assert {"id", "source", "unit", "period", "precision", "role", "quote", "place", "population"} <= told.keys()
        assert ("value" in told) != ("values" in told)
        assert told["precision"]["kind"] in ("exact", "rounded", "ca", "bound")
    quarters = EVIDENCE["status-2021-01.awards-fleksjob"].as_json()
    assert quarters["values"] == AWARDS_FLEKSJOB
    assert quarters["conflicts_with"]
    assert EVIDENCE["status-2021-01.wait-spring-2019"].as_json()["value"] == "above status-2021-01.wait-2020-02"
    assert EVIDENCE["status-2021-01.money"].as_json()["value"] == 0


# --- a municipality's own file, and what is refused in it

OWN = """
[sources.aarhus-2022]
title = "Reply on waits"
date = "2022-03-01"

[[facts]]
id = "aarhus-2022.wait"
label = "Wait for the team"
role = "target"
value = 8
unit = "weeks"
period = "2022Q1"
counted = "time"
population = "cases ready for the team"
precision = { kind = "ca" }
source = "aarhus-2022"
place = "page 1"
quote = "ventetiden er ca. 8 uger"

[[facts]]
id = "aarhus-2022.awards"
label = "Awards"
role = "target"
values = { 2021 = 10, 2022 = 20 }
unit = "awards"
period = "2021/2022"
counted = "awards"
population = "citizens"
precision = { kind = "exact" }
source = "aarhus-2022"
place = "page 2"
quote = "10 og 20, i alt 30"
totals = [{ printed = 30 }]

[[facts]]
id = "aarhus-2022.awards-total"
label = "Awards of both years"
role = "context"
value = 30
unit = "awards"
period = "2021/2022"
counted = "awards"
population = "citizens"
precision = { kind = "exact" }
source = "aarhus-2022"
place = "page 2"
quote = "i alt 30"
derived_from = ["aarhus-2022.awards"]
derivation = "10 + 20"

[[facts]]
id = "aarhus-2022.met"
label = "Decided in time"
role = "target"
relation = { below = 90 }
unit = "percent"
period = "2022/.."
counted = "cases"
population = "cases"
precision = { kind = "bound" }
source = "aarhus-2022"
place = "page 3"
quote = "målet på 90 pct. nås ikke"

[[contradictions]]
about = "Wait and awards"
between = ["aarhus-2022.wait", "aarhus-2022.awards"]
resolution = "The model uses the awards."
"""


def read(tmp_path, text):
    file = tmp_path / "own.toml"
    file.write_text(text, encoding="utf-8")
    return load(file)


def test_an_own_file_is_read_as_the_shipped_one(tmp_path):
    own = read(tmp_path, OWN)
    assert [fact.id for fact in own] == [f"aarhus-2022.{slug}" for slug in ("wait", "awards", "awards-total", "met")]
    assert own["aarhus-2022.wait"].conflicts_with == ("aarhus-2022.awards",)
    assert own["aarhus-2022.awards"].resolution == "Wait and awards. The model uses the awards."


@pytest.mark.parametrize(
    "key", ["label", "role", "unit", "period", "counted", "population", "precision", "place", "quote", "source"]
)
def test_a_fact_that_lacks_a_key_is_refused(tmp_path, key):
    lacking = re.sub(rf"\n{key} = .*", "", OWN, count=1)
    assert lacking != OWN
    with pytest.raises(InputError, match=rf"own\.toml: fact 'aarhus-2022\.wait': {key}: this key is missing"):
        read(tmp_path, lacking)


WAIT, AWARDS, TOTAL, MET = (rf"fact 'aarhus-2022\.{slug}': " for slug in ("wait", "awards", "awards-total", "met"))
EXACT = 'precision = { kind = "exact" }'


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        # keys and names
        ('id = "aarhus-2022.wait"\n', "", r"fact no\. 1: id: this key is missing"),
        ('quote = "v', 'qoute = "v', WAIT + r".*no key 'qoute'; did you mean 'quote'"),
        ("[[contradictions]]", "[[contradiction]]", r"no key 'contradiction'; did you mean 'contradictions'"),
        ('title = "Reply', 'titel = "Reply', r"source 'aarhus-2022': .*no key 'titel'; did you mean 'title'"),
        ('unit = "weeks"', 'unit = "week"', WAIT + r"unit: there is no unit 'week'; did you mean 'weeks'"),
        ('"target"', '"traget"', WAIT + r"role: there is no role 'traget'; did you mean 'target'"),
        ('counted = "time"', 'counted = "tme"', WAIT + r"counted: there is no counted 'tme'; did you mean 'time'"),
        ('"ca"', '"circa"', WAIT + r"precision\.kind: there is no kind of precision 'circa'.*allowed: bound, ca"),
        (
            'source = "aarhus-2022"\nplace = "page 1"',
            'source = "aarhus"\nplace = "page 1"',
            WAIT + r"id: it should be 'aarhus\.'",
        ),
        (
            "[sources.aarhus-2022]",
            "[sources.aarhus-2021]",
            WAIT + r"source: there is no source 'aarhus-2022'; did you mean 'aarhus-2021'",
        ),
        ('id = "aarhus-2022.wait"', 'id = "aarhus-2022.Wait!"', r"slug of small letters"),
        ('"aarhus-2022.met"', '"aarhus-2022.wait"', WAIT + "id: another fact has this id already"),
        ('quote = "v', 'resolution = "x"\nquote = "v', WAIT + r"resolution: a contradiction is written once"),
        ('quote = "v', 'supplementary = true\nquote = "v', WAIT + r"supplementary: .* differ in this mark"),
        # words
        ('quote = "ventetiden er ca. 8 uger"', 'quote = " "', WAIT + r"quote: nothing is said here"),
        ('population = "cases ready for the team"', 'population = ""', WAIT + r"population: nothing is said here"),
        # value, values, relation
        ("value = 8\n", "", WAIT + r"exactly one of value, values, relation is needed, not none"),
        ("value = 8\n", "value = 8\nrelation = { below = 9 }\n", WAIT + r"exactly one .* not value and relation"),
        ("value = 8\n", "values = {}\n", WAIT + r"exactly one of value, values, relation is needed, not none"),
        ("value = 8\n", "value = true\n", WAIT + r"value: True is not a number"),
        ("value = 8\n", "value = nan\n", r"facts\.aarhus-2022\.wait\.value: nan is no number that can be used"),
        (
            "value = 8\n",
            'value = "8"\n',
            WAIT + r"value: '8' is not a date such as 2020-06-15",
        ),
        ("value = 8\n", "value = 2020-06-15\n", WAIT + r"value: .* is not a number; a date is written in quotes"),
        ("value = 8\n", 'value = "2020"\n', WAIT + r"unit: 'date' goes with .*; it is 'weeks' here"),
        (
            'value = 8\nunit = "weeks"',
            'value = 8\nunit = "date"',
            WAIT + r"unit: 'date' goes with a date as value and with nothing else; it is 'date' here",
        ),
        (
            'value = 8\nunit = "weeks"',
            'value = "2019-13"\nunit = "date"',
            WAIT + r"value: '2019-13' is not a date such as 2020-06-15",
        ),
        ("2022 = 20 }", '2022 = "20" }', AWARDS + r"values\.2022: '20' is not a number"),
        ("2022 = 20 }", "2022Q5 = 20 }", AWARDS + r"values: '2022Q5' is not a date"),
        ("{ below = 90 }", "{}", MET + r"relation: above or below is needed"),
        ("{ below = 90 }", '{ below = 90, key = "2021" }', MET + r"relation: key names a cell of another fact"),
        (
            "{ below = 90 }",
            '{ below = "aarhus-2022.mt" }',
            MET + r"relation: .*no fact 'aarhus-2022\.mt'; did you mean",
        ),
        ("{ below = 90 }", '{ below = "aarhus-2022.wait" }', MET + r"relation: 'aarhus-2022\.wait' is in weeks"),
        (
            'value = 8\nunit = "weeks"',
            'relation = { above = "aarhus-2022.awards" }\nunit = "awards"',
            WAIT + r"precision: of an inequality",
        ),
        # period
        ('"2022Q1"', '"spring"', WAIT + r"period: 'spring' is not a date .* nor 'undated: \.\.\.' in words"),
        ('"2022Q1"', '"undated: "', WAIT + r"period: 'undated: ' is not a date"),
        ('"2022Q1"', '"2020-02-30"', WAIT + r"period: day is out of range"),
        ('"2022Q1"', '"2022-07/2022Q2"', WAIT + r"period: the period '2022-07/2022Q2' ends before it begins"),
        ('"2022Q1"', '"2022/"', WAIT + r"period: '' is not a date"),
        # precision and bounds
        ('{ kind = "ca" }', '{ kind = "bound", lower = "7" }', WAIT + r"precision\.lower: '7' is not a number"),
        ("{ below = 90 }", "{ below = true }", MET + r"relation\.below: True is not a number"),
        (
            '{ kind = "ca" }',
            '{ kind = "rounded" }',
            WAIT + r"precision: half_width goes with kind 'rounded' and no other",
        ),
        (
            '{ kind = "ca" }',
            '{ kind = "ca", half_width = 1 }',
            WAIT + r"precision: half_width goes with kind 'rounded'",
        ),
        ('{ kind = "ca" }', '{ kind = "rounded", half_width = 0 }', WAIT + r"precision\.half_width: 0 is not allowed"),
        ('{ kind = "ca" }', '{ kind = "ca", upper = 9 }', WAIT + r"precision: lower and upper go with kind 'bound'"),
        ('{ kind = "ca" }', '{ kind = "bound" }', WAIT + r"precision: a bound needs lower or upper"),
        (
            '{ kind = "ca" }',
            '{ kind = "bound", lower = 9, upper = 7 }',
            WAIT + r"precision: the bounds contradict each other",
        ),
        (
            '{ kind = "ca" }',
            '{ kind = "bound", lower = 9 }',
            WAIT + r"precision: value = 8 lies outside its own bounds",
        ),
        (
            '{ kind = "ca" }',
            '{ kind = "bound", upper = 7 }',
            WAIT + r"precision: value = 8 lies outside its own bounds",
        ),
        (
            "{ below = 90 }",
            "{ above = 95, below = 90 }",
            MET + r"relation: the bounds contradict each other: above 95 and below 90",
        ),
        ('{ kind = "bound" }', '{ kind = "bound", upper = 90 }', MET + r"precision: of an inequality it is"),
        # shares and units of persons
        ("{ below = 90 }", "{ below = 190 }", MET + r"below: 190 percent is outside 0 to 100"),
        (
            'value = 8\nunit = "weeks"',
            'value = 108\nunit = "percent"',
            WAIT + r"value: 108 percent is outside 0 to 100 \(growth",
        ),
        ('value = 8\nunit = "weeks"', 'value = -1\nunit = "percent"', WAIT + r"value: -1 percent is outside 0 to 100"),
        (
            'value = 8\nunit = "weeks"\nperiod = "2022Q1"\ncounted = "time"',
            'value = 8\nunit = "persons"\nperiod = "2022Q1"\ncounted = "full-year persons"',
            WAIT + r"counted: 'full-year persons' are another unit of persons than 'persons'",
        ),
        # derived figures
        ('derived_from = ["aarhus-2022.awards"]\n', "", TOTAL + r"derived_from: a derived fact needs its parts"),
        ('derivation = "10 + 20"\n', "", TOTAL + r"derivation: a derived fact needs its parts .* and words"),
        (
            '["aarhus-2022.awards"]\nderivation',
            '["aarhus-2022.award"]\nderivation',
            TOTAL + r"derived_from: there is no fact 'aarhus-2022\.award'; did you mean 'aarhus-2022\.awards'",
        ),
        (
            '["aarhus-2022.awards"]\nderivation',
            '["aarhus-2022.awards-total"]\nderivation',
            TOTAL + r"derived_from: there is no fact",
        ),
        ('role = "context"', 'role = "target"', TOTAL + r"role: a derived fact is context, not target"),
        ('role = "context"', 'role = "input"', TOTAL + r"role: a derived fact is context, not input"),
        # sums
        (
            "printed = 30",
            "printed = 31",
            AWARDS + r"totals: the cells 2021 \+ 2022 sum to 30, printed is 31: correct them",
        ),
        ("printed = 30", 'printed = 31, discrepancy = " "', AWARDS + r"totals: .* printed is 31"),
        ("printed = 30", 'printed = 30, discrepancy = "none"', AWARDS + r"totals: .*there is no discrepancy"),
        (
            "printed = 30",
            'printed = 30, of = ["2021", "2023"]',
            AWARDS + r"totals: there is no key '2023'; did you mean",
        ),
        ("printed = 30", 'printed = 30, of = ["2021"]', AWARDS + r"totals: the cells 2021 sum to 10, printed is 30"),
        # contradictions
        (
            'between = ["aarhus-2022.wait", ',
            'between = ["aarhus-2022.wiat", ',
            r"contradiction no\. 1: between: there is no fact 'aarhus-2022\.wiat'; did you mean 'aarhus-2022\.wait'",
        ),
        (
            'between = ["aarhus-2022.wait", "aarhus-2022.awards"]',
            'between = ["aarhus-2022.wait"]',
            r"contradiction no\. 1: between",
        ),
        ('resolution = "The model uses the awards."', "", r"contradiction no\. 1: resolution: this key is missing"),
    ],
)
def test_refused(tmp_path, old, new, message):
    changed = OWN.replace(old, new, 1)
    assert changed != OWN
    with pytest.raises(InputError, match=message) as caught:
        read(tmp_path, changed)
    assert str(tmp_path / "own.toml") in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_discrepancy_of_the_source_is_stated_in_words(tmp_path):
    stated = OWN.replace("printed = 30", 'printed = 31, discrepancy = "The source prints 31."')
    assert read(tmp_path, stated)["aarhus-2022.awards"].totals[0].printed == 31
    cells = [EVIDENCE[FLEX].number(f"2019Q{quarter}") for quarter in (1, 2, 3, 4)]
    documented = [total for total in EVIDENCE[FLEX].totals if total.discrepancy]
    assert (sum(cells), [total.printed for total in documented]) == (630, [631])
    assert "630" in documented[0].discrepancy
    unstated = re.sub(r', discrepancy = ".*?"', "", TEXT)
    with pytest.raises(InputError, match=rf"'{FLEX}': totals: .* sum to 630, printed is 631"):
        read(tmp_path, unstated)


def test_growth_may_exceed_a_hundred_percent(tmp_path):
    growth = OWN.replace('value = 8\nunit = "weeks"', 'value = 348\nunit = "percent change"')
    assert read(tmp_path, growth)["aarhus-2022.wait"].number() == 348


@pytest.mark.parametrize(
    "written", ["2022", "2022Q1", "2022-02", "2022-02-28", "2021/2022Q1", "2022/..", "undated: then"]
)
def test_periods(tmp_path, written):
    assert read(tmp_path, OWN.replace('"2022Q1"', f'"{written}"'))["aarhus-2022.wait"].period == written


@pytest.mark.parametrize("written", ["2022", "2022Q1", "2022-02", "2022-02-28"])
def test_dates(tmp_path, written):
    dated = OWN.replace('value = 8\nunit = "weeks"', f'value = "{written}"\nunit = "date"')
    assert read(tmp_path, dated)["aarhus-2022.wait"].value == written


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(InputError, match=r"nowhere\.toml: cannot be read: No such file"):
        load(tmp_path / "nowhere.toml")
    with pytest.raises(InputError, match=r"own\.toml: Invalid value"):
        read(tmp_path, "facts = [")
    with pytest.raises(InputError, match=r"own\.toml: there is no key 'fact'; did you mean 'facts'"):
        read(tmp_path, "[[fact]]")
