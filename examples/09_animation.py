"""Animate a replication with vidigi: citizens queue at two desks, from the event log that a run leaves behind.

Needs vidigi (`pip install vidigi`). The animation is a web page, `animation.html`.
"""

import pandas as pd
from vidigi.animation import animate_activity_log

from flowsim import Duration, Entry, Pathway, State, Station, run

DESKS = 2
TYPES = {"schedule": "queue", "start": "resource_use", "complete": "resource_use_end"}

pathway = Pathway(
    name="two_desks",
    start="2024-01-01",
    end="2024-01-08",
    stations=[Station.servers("desk", DESKS)],
    states=[
        State(name="advice", station="desk", stay=Duration.exponential("3 hours"), to="home"),
        State(name="home", final=True),
    ],
    entries=[Entry(name="door", rate="14 per day", to="advice")],
)
log = run(pathway, replications=1, seed=2, keep_traces=True).event_log(0)

events = pd.DataFrame(
    {
        "entity_id": log["case:concept:name"].astype(int),
        "pathway": pathway.name,
        "event_type": log["lifecycle:transition"].map(TYPES),
        "event": log["concept:name"],
        "time": (log["time:timestamp"] - pathway.start) / pd.Timedelta(minutes=1),
        # "desk 2" is the second server of the desk.
        "resource_id": pd.to_numeric(log["org:resource"].str.extract(r" (\d+)$")[0]),
    }
)
queues = events["event_type"] == "queue"
events.loc[queues, "event"] += " queue"
first = events[queues].groupby("entity_id", as_index=False).first().assign(event="arrival")
events = events[events["event"] != "home"]
last = events[events["event_type"] == "resource_use_end"].assign(event="depart")
doors = pd.concat([first, last]).assign(event_type="arrival_departure", resource_id=float("nan"))
# A stable order: who arrives does so before she queues, who leaves does so after she was served.
order = {"arrival": 0, "advice queue": 1, "advice": 2, "depart": 3}
events = pd.concat([events, doors]).sort_values(
    ["time", "entity_id", "event"], key=lambda column: column.replace(order) if column.name == "event" else column
)

positions = pd.DataFrame(
    [
        {"event": "arrival", "x": 40, "y": 350, "label": "Arrival"},
        {"event": "advice queue", "x": 300, "y": 250, "label": "Waiting"},
        {"event": "advice", "x": 300, "y": 120, "label": "At a desk", "resource": "desks"},
        {"event": "depart", "x": 420, "y": 40, "label": "Home"},
    ]
)
animation = animate_activity_log(
    events.reset_index(drop=True),
    positions,
    scenario={"desks": DESKS},
    every_x_time_units=120,
    limit_duration=3 * 24 * 60,
    start_date="2024-01-01",
    time_display_units="dhm",
    plotly_height=500,
)
animation.write_html("animation.html", include_plotlyjs="directory", full_html=True)

waiting = log[log["lifecycle:transition"] == "schedule"]
frames: tuple[object, ...] = tuple(animation.frames)
print(f"{len(waiting)} citizens; {len(frames)} frames of two hours written to animation.html")
print(f"desks in the log: {', '.join(sorted(set(log['org:resource']) - {''}))}")
