"""How often an acute stroke unit is full, against what was published; run from the folder of the examples."""

from pathlib import Path

from flowsim import Scenario, run
from flowsim.theory.queues import erlang_b

PUBLISHED = {10: 7, 14: 50}  # beds: one in so many admissions is delayed

pathway = Scenario.of(Path(__file__).with_name("stroke.toml")).pathway()
results = run(pathway, replications=100, seed=1, keep_traces=True)
shares = results.occupancy("acute_unit")["share"]
# Beds for all: the number present is Poisson, whatever the law of stays; cut off at the beds, it is Erlang's loss.
offered = (0.24 * 7.4 + 0.13 * 4.6 + 0.63 * 7.0) / 1.2 + 1.8 / 9.3 + 4.0 / 3.6 + 3.8 / 3.2
print("beds  delayed  one in  theory  published")
for beds in range(9, 15):
    # Of the time in which no more than the beds are taken, that in which all are.
    delayed = shares[beds] / shares[: beds + 1].sum()
    theory = 1 / erlang_b(offered, beds)
    print(f"{beds:4}  {delayed:7.3f}  {1 / delayed:6.1f}  {theory:6.1f}  {PUBLISHED.get(beds, '-'):>9}")
