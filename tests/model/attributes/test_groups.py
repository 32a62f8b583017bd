"""Attributes: categories drawn at entry, on which stays, shares, rates, patience and priority may depend.

That both engines agree, and that categories are those of the shares at their address, is held on generated pathways in
`tests/simulation/engine`. Here: what changes nothing leaves the bytes alone, one category alone is the pathway written
out, closed forms of mixed classes, measures against the visits, and what is refused.
"""

import numpy as np
import pytest

from flowsim import Duration, InputError, Pathway, Scenario, run
from flowsim.theory.fluid_load import workload

BASE = {
    "name": "office",
    "start": "2024-01-01",
    "end": "2026-01-01",
    "attributes": {"age": {"shares": {"young": 0.3, "old": "rest"}}, "sex": {"shares": {"f": 0.5, "m": 0.5}}},
    "stations": {"desk": {"capacity": 2, "room": 40}},
    "states": {
        "search": {
            "race": {"help": {"to": "advice", "rate": "4 per year"}, "job": {"to": "won", "rate": "1 per year"}}
        },
        "advice": {
            "station": "desk",
            "stay": {"law": "exponential", "mean": "1 day"},
            "to": {"won": 0.5, "gone": 0.5},
            "patience": {"law": "exponential", "mean": "20 days"},
            "reneges_to": "gone",
            "refused_to": "gone",
        },
        "gone": {"final": True},
        "won": {"final": True, "outcome": True},
    },
    "entries": {"door": {"rate": "1 per day", "to": "search"}, "stock": {"count": 30, "to": "advice", "waiting": True}},
}
OLD = {
    "priority": 1,
    "stay": {"law": "gamma", "mean": "3 days", "cv": 0.5},
    "to": {"won": 0.2, "gone": 0.8},
    "patience": {"law": "exponential", "mean": "5 days"},
    "reneges_to": "won",
}


def pathway(shares=None, variants=(), searching=(), **more):
    states = dict(BASE["states"])
    states["advice"] = states["advice"] | {"variants": list(variants)}
    states["search"] = states["search"] | {"variants": list(searching)}
    raw = BASE | {"states": states} | more
    if shares is not None:
        raw["attributes"] = raw["attributes"] | {"age": {"shares": shares}}
    return Pathway.from_dict(raw)


def digest(of, engine="kernel"):
    return run(of, replications=2, seed=3, engine=engine).visits_sha256


def test_attributes_that_nothing_depends_on_leave_every_visit_as_it_was():
    plain = Pathway.from_dict({key: value for key, value in BASE.items() if key != "attributes"})
    assert digest(plain) == digest(pathway())


@pytest.mark.parametrize("engine", ["kernel", "simpy"])
def test_where_all_are_of_one_category_the_pathway_is_as_if_it_were_written_so(engine):
    race = {"help": {"to": "advice", "rate": "9 per year"}, "job": {"to": "won", "rate": "2 per year"}}
    states = dict(BASE["states"]) | {"advice": BASE["states"]["advice"] | OLD, "search": {"race": race}}
    written = Pathway.from_dict({key: value for key, value in BASE.items() if key != "attributes"} | {"states": states})
    all_old = pathway(
        {"young": 0.0, "old": 1.0},
        [{"of": {"age": "young"}, "stay": "90 days"}, {"of": {"age": "old"}} | OLD],
        [{"of": {"age": "old"}, "race": race}],
    )
    assert digest(written, engine) == digest(all_old, engine) != digest(pathway(), engine)


def test_the_later_variant_counts_and_all_its_attributes_must_hold():
    state = pathway(
        variants=[
            {"of": {"age": ["young", "old"]}, "stay": "2 days", "priority": 5},
            {"of": {"age": "old", "sex": "f"}, "stay": "4 days"},
        ]
    ).state("advice")
    stays = {
        (age, sex): state.for_group({"age": age, "sex": sex}).stay.values[0] for age in ("young", "old") for sex in "fm"
    }
    two, four = Duration.fixed("2 days"), Duration.fixed("4 days")
    assert stays == {("young", "f"): two, ("young", "m"): two, ("old", "f"): four, ("old", "m"): two}
    assert state.for_group({"age": "old", "sex": "f"}).priority == 5


def test_shares_take_the_place_of_a_race_and_a_race_that_of_shares():
    race = {"won": {"rate": "2 per year"}}
    of = pathway(
        variants=[{"of": {"age": "old"}, "race": race}],
        searching=[{"of": {"age": "old"}, "stay": "10 days", "to": "advice"}],
    )
    search, advice = (of.state(name).for_group({"age": "old", "sex": "f"}) for name in ("search", "advice"))
    assert (search.race, dict(search.to.values[0])) == ((), {"advice": 1.0})
    assert (advice.to, advice.stay, [way.to for way in advice.race]) == (None, None, ["won"])
    kernel, simpy = (digest(of, engine) for engine in ("kernel", "simpy"))
    assert kernel == simpy != digest(pathway())


def test_categories_come_by_their_shares_independently_and_a_door_has_its_own():
    door = {"rate": "40 per day", "to": "gone"}
    entries = {"door": door, "other": door | {"attributes": {"age": {"old": 0.1, "young": 0.9}}}}
    raw = BASE | {"states": {"gone": {"final": True}}, "stations": {}, "entries": entries}
    visits = run(Pathway.from_dict(raw), replications=1, seed=5, keep_traces=True).visits(0)
    for entry, young in (("door", 0.3), ("other", 0.9)):
        own = visits[visits["entry"] == entry]
        for age, share in (("young", young), ("old", 1 - young)):
            for sex in "fm":
                count, expected = ((own["age"] == age) & (own["sex"] == sex)).sum(), len(own) * share / 2
                assert abs(count - expected) < 4.5 * (expected * (1 - share / 2)) ** 0.5


def classes(variant, capacity=1):
    """Two kinds at one server, 0.4 and 0.3 a day of them: 20,000 days."""
    return Pathway.from_dict(
        {
            "name": "classes",
            "start": "2000-01-01",
            "end": "2054-10-04",
            "attributes": {"kind": {"shares": {"a": 4 / 7, "b": 3 / 7}}},
            "stations": {"desk": {"capacity": capacity}},
            "states": {
                "stay": {
                    "station": "desk",
                    "stay": {"law": "exponential", "mean": "1 day"},
                    "to": "gone",
                    "variants": [{"of": {"kind": "b"}} | variant],
                },
                "gone": {"final": True},
            },
            "entries": {"door": {"rate": "0.7 per day", "to": "stay"}},
        }
    )


def mean_waits(results, kind=None):
    out = []
    for replication in results.replications:
        visits = results.visits(replication)
        visits = visits[(visits["state"] == "stay") & visits["started"].notna()]
        visits = visits if kind is None else visits[visits["kind"] == kind]
        out.append(((visits["started"] - visits["joined"]).dt.total_seconds() / 86400).mean())
    return np.array(out)


def close(values, theory):
    error = values.std(ddof=1) / len(values) ** 0.5
    assert error < 0.05 * theory
    assert abs(values.mean() - theory) < 4.5 * error


def test_a_mixture_of_kinds_waits_as_pollaczek_and_khinchine_say():
    """M/G/1 with a hyperexponential service: the arrival rate times its second moment over 2 (1 - load)."""
    results = run(
        classes({"stay": {"law": "exponential", "mean": "0.5 days"}}), replications=24, seed=7, keep_traces=True
    )
    second, load = 4 / 7 * 2 * 1 + 3 / 7 * 2 * 0.25, 0.4 + 0.15
    close(mean_waits(results), 0.7 * second / (2 * (1 - load)))


def test_kinds_of_other_priority_wait_as_cobham_says():
    """Without preemption: W0 / (1 - load of the first) for them, and over (1 - load of all) besides for the others."""
    results = run(classes({"priority": 1}), replications=24, seed=8, keep_traces=True)
    left = 0.7 * 2 / 2  # the mean work left of whoever is served: arrivals times the second moment over 2
    close(mean_waits(results, "a"), left / (1 - 0.4))
    close(mean_waits(results, "b"), left / (1 - 0.4) / (1 - 0.7))


def test_measures_by_category_are_those_of_the_visits():
    of = pathway(variants=[{"of": {"age": "old"}} | OLD])
    results = run(of, replications=1, seed=2, keep_traces=True)
    visits = results.visits(0)

    def value(measure, period="2025"):
        return results.select(measure, period).values[0]

    own = visits[visits["age"] == "old"]
    year = (own["joined"] >= "2025-01-01") & (own["joined"] < "2026-01-01")
    assert value("entries_of.door.age.old") == (year & (own["step"] == 0) & (own["entry"] == "door")).sum() > 0
    assert value("awards_of.won.age.old") == (year & (own["state"] == "won")).sum() > 0
    started = own[(own["station"] == "desk") & (own["started"] >= "2025-01-01") & (own["started"] < "2026-01-01")]
    weeks = (started["started"] - started["joined"]).dt.total_seconds() / 86400 / 7
    assert value("wait_of.desk.age.old") == pytest.approx(weeks.mean())
    there = (own["benefit"] == "search") & (own["ended"].isna())
    assert value("stock_of.search.age.old") == there.sum() > 0
    for whole in ("awards.won", "entries.door"):
        name, rest = whole.split(".")
        assert value(whole) == value(f"{name}_of.{rest}.sex.f") + value(f"{name}_of.{rest}.sex.m")


def test_before_a_run_flows_are_those_of_the_mixture():
    """By hand: of those who come 0.3 stay a day and half win, 0.7 stay three days and a fifth wins."""
    raw = {
        **{key: BASE[key] for key in ("name", "start", "end", "attributes")},
        "stations": {"desk": {"capacity": 4}},
        "states": {
            "advice": {
                "station": "desk",
                "stay": "1 day",
                "to": {"won": 0.5, "gone": 0.5},
                "variants": [{"of": {"age": "old"}, "stay": "3 days", "to": {"won": 0.2, "gone": 0.8}}],
            },
            "gone": {"final": True},
            "won": {"final": True},
        },
        "entries": {"door": {"rate": "1 per day", "to": "advice"}},
    }
    load = workload(Pathway.from_dict(raw))
    assert load.stations[0].places_a_week == pytest.approx(7 * 4 / 2.4, rel=1e-3)
    assert load.prospects[0].outcomes == pytest.approx({"won": 0.29, "gone": 0.71})
    assert load.prospects[0].weeks == pytest.approx(2.4 / 7)
    assert list(load.prospects[0].visits) == ["advice"]


@pytest.mark.parametrize(
    ("variant", "message"),
    [
        ({"of": {"aeg": "old"}, "stay": "1 day"}, "there is no attribute 'aeg'; did you mean 'age'?"),
        ({"of": {"age": "odl"}, "stay": "1 day"}, "there is no category of age 'odl'; did you mean 'old'?"),
        ({"of": {"age": "old"}}, "nothing is otherwise: give one of priority"),
        ({"of": {}, "stay": "1 day"}, "`of` names for whom it is"),
        ({"of": {"age": "old"}, "to": "nowhere"}, "there is no state 'nowhere'"),
        ({"of": {"age": "old"}, "to": {"won": 0.5}}, "the shares add to 0.5"),
        ({"of": {"age": "old"}, "to": "search", "stay": "0 days"}, "there is no way out from here"),
    ],
)
def test_variants_that_mean_nothing_are_refused(variant, message):
    searching = [{"of": {"age": "old"}, "race": {"advice": {"rate": "1 per day"}}}]
    with pytest.raises(InputError, match=message):
        pathway(variants=[variant | ({"reneges_to": "search", "refused_to": "search"} if "stay" in variant else {})],
                searching=searching)  # fmt: skip


def test_a_way_round_in_no_time_is_found_in_one_group_alone():
    with pytest.raises(InputError, match=r"states\.a: citizens can go round from here to here in no time"):
        Pathway.from_dict(
            BASE
            | {
                "stations": {},
                "states": {
                    "a": {"stay": "1 day", "to": "b", "variants": [{"of": {"age": "old"}, "stay": "0 days"}]},
                    "b": {"stay": "0 days", "to": {"a": 0.5, "gone": 0.5}},
                    "gone": {"final": True},
                },
                "entries": {"door": {"rate": "1 per day", "to": "a"}},
            }
        )


def test_a_scenario_changes_stays_and_shares_of_all_kinds(tmp_path):
    lines = [
        'name = "town"\nstart = 2024-01-01\nend = 2026-01-01',
        'attributes.age.shares = { young = 0.3, old = "rest" }',
        'states.plan = { stay = "10 days", to = { won = 0.5, gone = 0.5 }, '
        'variants = [{ of = { age = "old" }, stay = "30 days", to = { won = 0.2, gone = 0.8 } }] }',
        'states.gone.final = true\nstates.won.final = true\nentries.door = { rate = "1 per day", to = "plan" }',
    ]
    (tmp_path / "town.toml").write_text("\n".join(lines))
    edits = {
        "stays": [{"state": "plan", "stay": "-50 %"}],
        "shares": [{"state": "plan", "to": {"won": "+10 %"}}],
    }
    plan = (
        Scenario.from_dict({"name": "plan", "base": "town.toml"} | edits, "plan.toml", tmp_path).pathway().state("plan")
    )
    young, old = (plan.for_group({"age": age}) for age in ("young", "old"))
    assert [state.stay.values[0].mean_minutes / 1440 for state in (young, old)] == [5, 15]
    assert [dict(state.to.values[0])["won"] for state in (young, old)] == pytest.approx([0.55, 0.22])
