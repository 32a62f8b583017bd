"""The two tables that a replication leaves behind, and a measure of one's own computed from them.

A visit is one stay of one citizen in one state; a session is one meeting. All of flowsim's own measures are
computed from these two and nothing else, so whatever is missing can be computed in the same way.
"""

import pandas as pd

from flowsim import Duration, Entry, Pathway, State, Station, run

town = Pathway(
    name="town",
    start="2024-01-01",
    end="2025-01-01",
    stations=[Station.sessions("team", weekdays=["tue"], places=2)],
    states=[
        State(name="plan", benefit="cash", stay=Duration.gamma("8 weeks", cv=0.5), to="team"),
        State(name="team", benefit="cash", station="team", to={"course": 0.6, "pension": 0.4}),
        State(name="course", final=True),
        State(name="pension", final=True),
    ],
    entries=[Entry(name="opened", rate="110 per year", to="plan")],
)
results = run(town, replications=1, seed=1, keep_traces=True)
visits, sessions = results.visits(0), results.sessions(0)

with pd.option_context("display.width", 120):
    print(visits.loc[:4, ["citizen", "state", "benefit", "joined", "started", "ended", "next"]].to_string(index=False))
    print()
    print(sessions.tail(3).to_string(index=False))

# How many had to let a meeting pass: a measure that flowsim does not have.
met = visits[(visits["state"] == "team") & visits["started"].notna()]
meetings = sessions["time"].to_numpy()
passed = meetings.searchsorted(met["started"]) - meetings.searchsorted(met["joined"])
share = (passed > 0).mean()
print(f"\n{len(met)} cases were met; {share:.0%} of them had to let a meeting pass, one of them {passed.max()}")
