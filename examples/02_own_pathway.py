"""A pathway of one's own: what there is, told as data, and measured without another line.

Citizens on a cash benefit find a job, or their case is opened: a race. A case waits for the Tuesday meeting,
which takes three; it ends in a course or in a pension. A clock watches the way from the opening to the
decision, and a followup asks what became of those who left the course.
"""

from flowsim import Clock, Duration, Entry, Exit, Followup, Pathway, State, Station, run

town = Pathway(
    name="town",
    start="2020-01-01",
    end="2026-01-01",
    stations=[Station.sessions("team", weekdays=["tue"], places=3)],
    states=[
        State(
            name="cash",
            race=[Exit(to="job", rate="0.4 per year"), Exit(to="plan", rate="0.3 per year")],
        ),
        # The plan and the wait for the team are steps of the process; she still lives on the cash benefit.
        State(name="plan", benefit="cash", stay=Duration.gamma("8 weeks", cv=0.5), to="team"),
        State(name="team", benefit="cash", station="team", to={"course": 0.6, "pension": 0.4}),
        State(
            name="course",
            stay=Duration.gamma("1 year", cv=0.4),
            to={"job": 0.3, "cash": 0.2, "pension": 0.5},
            outcome=True,
        ),
        State(name="pension", final=True, outcome=True),
        State(name="job", final=True),
    ],
    entries=[
        Entry(name="new", rate="300 per year", to="cash"),
        Entry(name="there", count=400, elapsed=Duration.exponential("1 year"), to="cash"),
    ],
    clocks=[Clock(name="decision", begins=["plan"], ends=["course", "pension"], limit="23 weeks")],
    followups=[Followup(name="course", benefit="course", after=["3 months"])],
)

results = run(town, replications=50, seed=1)

for measure, period, meaning in [
    ("stock.cash", "2025", "live on the cash benefit at the end of 2025"),
    ("queue.team", "2025-12", "of them wait for the team"),
    ("wait.team.served", "2025-12", "weeks waited those whose case was met in December"),
    ("clock.decision.within", "2025Q4", "is the share decided within 23 weeks of the opening"),
    ("awards.course", "2025", "courses were awarded in 2025"),
    ("status.course.3_months.job", "2024", "per cent have a job three months after their course"),
]:
    low, median, high = results.select(measure, period).quantiles()[["p05", "p50", "p95"]].iloc[0]
    print(f"{median:7.2f} ({low:.2f} to {high:.2f}) {meaning}")
