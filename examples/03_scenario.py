"""A scenario over Copenhagen: what two more cases at each team meeting of 2019 would have changed.

A scenario is plain data, the same that stands in a TOML file. Five replications show the way; they are too few
to rely on, and all run the fitted parameters: `Ensemble.of(scenario.base).over(scenario)` would draw others too.
"""

from flowsim import Scenario, run

two_more = {"station": "rehabilitation_team", "from": "2019-01-01", "until": "2020-01-01", "places": "+2"}
base = {"name": "as-it-was", "base": "copenhagen", "until": "2020-04-01"}
more = base | {"name": "more-places", "stations": [two_more | {"party": "municipal"}, two_more | {"party": "region"}]}

found = {}
for told in (base, more):
    scenario = Scenario.from_dict(told)
    found[scenario.name] = run(scenario, replications=5, seed=1)

print(f"{'medians of five replications':<40}{'as it was':>11}{'two more':>11}")
for measure, period in [
    ("queue.rehabilitation_team", "2019-12"),
    ("wait.rehabilitation_team.served", "2019-12"),
    ("clock.plan_til_afgoerelse.within", "2019Q4"),
    ("awards.fleksjob_tilkendt", "2019"),
    ("awards.foertidspension", "2019"),
]:
    medians = [float(results.select(measure, period).quantiles()["p50"].iloc[0]) for results in found.values()]
    print(f"{measure:<40}" + "".join(f"{median:11.2f}" for median in medians))
