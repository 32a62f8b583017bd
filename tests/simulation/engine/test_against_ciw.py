"""Random networks told to Ciw too: the same citizens, stays and patience, and the same visits to the second.

Nothing is drawn in either engine: each citizen has her arrival, her way, and how long each stay lasts and her patience.
What both can say is in: batches, servers, rooms with refusal at the door and blocking (type I) further on, priorities,
who came first or last, baulking by how many wait, reneging, meetings (Ciw's slots), ways that come back, and classes
that change in the queue: in flowsim a state of the other class at the same station, to which patience leads.

Where two things fall on one instant the engines may differ. Seconds are drawn from so many that this does not happen by
chance; that it happens by itself, where somebody goes from a station back into its own queue, is told below by hand.
Those of a batch are alike, so that several may end at one instant. They have one step, after which they meet nobody, at
a station that nobody is blocked from: in Ciw one of those would come in between two of them who leave.
"""

import random
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest

from flowsim import Pathway
from flowsim.simulation.engine import fast, reference
from flowsim.simulation.engine.compiler import compile_pathway
from flowsim.simulation.engine.trace import NEVER

ciw = pytest.importorskip("ciw")

START = datetime(2024, 1, 1)
WEEK = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAY = 86_400
LONG = 200  # days, in which all who come have left
FOREVER = float("inf")


@dataclass(frozen=True)
class Node:
    """Servers, or meetings of so many places at the same seconds of each day."""

    servers: int
    room: int | None = None
    order: str = "first"
    meetings: tuple[int, ...] = ()


@dataclass(frozen=True)
class Step:
    node: int
    stay: int
    patience: int | None = None
    baulks: int | None = None  # from so many who wait on; at the first step alone
    changes: int | None = None  # the time in the queue after which she is of her other class


@dataclass(frozen=True)
class Citizen:
    arrival: int
    steps: tuple[Step, ...]
    priority: int = 0
    batch: int = 1  # so many alike who come together
    other: int = 0  # her priority from the change of her class on


def network(seed):
    """Draw nodes and citizens; ways lead to a node with a room from nodes of smaller numbers alone.

    So no circle of stations can block itself for ever, which flowsim refuses and Ciw stops at.
    """
    rng = random.Random(seed)
    nodes = []
    for _ in range(rng.randint(1, 5)):
        if rng.random() < 0.2:
            meetings = tuple(sorted(rng.sample(range(1, DAY), rng.randint(1, 3))))
            nodes.append(Node(rng.randint(2, 8), None, rng.choice(["first", "last"]), meetings))
        else:
            room = rng.choice([None, None, 0, 1, 2, 4])
            nodes.append(Node(rng.randint(1, 4), room, rng.choice(["first", "first", "last"])))
    ways = [_way(rng, nodes) for _ in range(rng.randint(30, 80))]
    visits = [sum(way.count(number) for way in ways) for number in range(len(nodes))]
    blocking = {number for way in ways for number in way[1:] if nodes[number].room is not None}
    loads = [rng.uniform(0.3, 1.5) for _ in nodes]
    arrivals = rng.sample(range(1, 10 * DAY), len(ways))
    citizens = []
    for way, arrival in zip(ways, arrivals, strict=True):
        steps = []
        for place, number in enumerate(way):
            node = nodes[number]
            stay = 1 + int(rng.expovariate(visits[number] / (loads[number] * 10 * DAY * node.servers)))
            patience = rng.randint(60, 2 * DAY) if rng.random() < 0.3 else None
            baulks = rng.randint(0, 5) if place == 0 and not node.meetings and rng.random() < 0.3 else None
            # Before patience ends: Ciw 3.2.7 goes on to change the class of who has left, and fails.
            last = 2 * DAY if patience is None else patience - 1
            changes = rng.randint(30, last) if rng.random() < 0.3 else None
            steps.append(Step(number, stay, patience, baulks, changes))
        batch = rng.choice([1, 2, 4]) if len(way) == 1 and way[0] not in blocking else 1
        if batch > 1:  # Ciw does not say who of them asks when her class changes
            steps = [replace(step, changes=None) for step in steps]
        priority, other = rng.sample(range(3), 2)
        citizens.append(Citizen(arrival, tuple(steps), priority, batch, other))
    return tuple(nodes), tuple(citizens)


def _way(rng, nodes):
    way = [rng.randrange(len(nodes))]
    while len(way) < 6 and rng.random() < 0.6:
        onward = [n for n, node in enumerate(nodes) if n != way[-1] and (node.room is None or n > way[-1])]
        if not onward:
            break
        way.append(rng.choice(onward))
    return way


def pathway_of(nodes, citizens):
    states = {"gone": {"final": True}}
    stations = {}
    for number, node in enumerate(nodes):
        hours = [(START + timedelta(seconds=second)).time() for second in node.meetings]
        meeting = {"weekdays": WEEK, "at": hours, "places": float(node.servers)}
        stations[f"n{number}"] = {"order": node.order} | (meeting if hours else {"capacity": node.servers})
        if node.room is not None:
            stations[f"n{number}"]["room"] = node.room
    for number, citizen in enumerate(citizens):
        for place, step in enumerate(citizen.steps):
            # Of her first class, of the other from before, and of the other since she waits here.
            for kind in ("", "o") if step.changes is None else ("", "o", "n"):
                states[f"c{number}s{place}{kind}"] = state_of(nodes, citizen, number, place, kind)
        reached = {f"c{number}s0"}
        for name in [name for name in states if name.startswith(f"c{number}s")]:
            if name in reached:
                reached |= {states[name]["to"], states[name].get("reneges_to")}
            else:
                del states[name]
    for final in ("away", "left"):
        if any(final in state.values() for state in states.values()):
            states[final] = {"final": True}
    used = {state["station"] for state in states.values() if "station" in state}
    return Pathway.from_dict(
        {
            "name": "both",
            "start": START,
            "end": START + timedelta(days=LONG),
            "tick": "1 second",
            "stations": {name: station for name, station in stations.items() if name in used},
            "states": states,
            "entries": {
                f"door{number}": {
                    "to": f"c{number}s0",
                    "at": START + timedelta(seconds=citizen.arrival),
                    "batch": citizen.batch,
                }
                for number, citizen in enumerate(citizens)
            },
        }
    )


def state_of(nodes, citizen, number, place, kind):
    step = citizen.steps[place]
    onward = f"c{number}s{place + 1}{'o' if kind else ''}" if place + 1 < len(citizen.steps) else "gone"
    state = {"station": f"n{step.node}", "stay": f"{step.stay} seconds", "to": onward}
    state["priority"] = citizen.other if kind else citizen.priority
    patience = step.patience
    if kind == "n" and patience is not None:
        patience -= step.changes  # it began when she joined
    if not kind and step.changes is not None:
        state |= {"patience": f"{step.changes} seconds", "reneges_to": f"c{number}s{place}n"}
    elif patience is not None:
        state |= {"patience": f"{patience} seconds", "reneges_to": "left"}
    if step.baulks is not None and not kind:
        state |= {"baulks": {str(step.baulks): 1.0}, "baulks_to": "away"}
    if nodes[step.node].room is not None:
        # Who changes class has her place in the room.
        state |= {"admitted": True} if kind == "n" else {"blocks": True} if place else {"refused_to": "away"}
    return state


def by_flowsim(nodes, citizens, engine=fast):
    """Return all visits: (citizen, step) and, of each in a batch, (node, joined, started, left, what became of her)."""
    pathway = pathway_of(nodes, citizens)
    names = [state.name for state in pathway.states]
    out = {}
    for visit in engine.simulate(compile_pathway(pathway), 1, 0).visits:
        if not pathway.states[visit["state"]].final:
            name, onward = names[visit["state"]], names[visit["next"]]
            number, place = map(int, name.rstrip("on")[1:].split("s"))
            fate = onward if onward in ("away", "left") else "changed" if onward.endswith("n") else "served"
            started = int(visit["started"]) if visit["started"] != NEVER else None
            joined = out[number, place][0][1] if name.endswith("n") else int(visit["joined"])
            node = citizens[number].steps[place].node
            alike = [] if name.endswith("n") else out.get((number, place), [])
            out[number, place] = [*alike, (node, joined, started, int(visit["ended"]), fate)]
    return in_order(out)


def in_order(visits):
    return {key: sorted(alike, key=str) for key, alike in visits.items()}


class Told(ciw.dists.Distribution):
    """How long something lasts at each step of a way: by how many records one has already."""

    def __init__(self, values):
        self.values = [FOREVER if value is None else float(value) for value in values]

    def sample(self, t=None, ind=None):
        return self.values[len(ind.data_records)]


class InTurn(ciw.dists.Distribution):
    """The same of the time until a class changes, for which Ciw does not say whose it is: by how often one asked."""

    def __init__(self, values):
        self.values = iter([FOREVER if value is None else float(value) for value in values])

    def sample(self, t=None, ind=None):
        return next(self.values)


def by_ciw(nodes, citizens):
    """Return the same by Ciw, of which a baulk and a rejection are one here."""
    names = [f"c{number}" for number in range(len(citizens))]

    def of_all(make):
        both = {name: make(citizen) for name, citizen in zip(names, citizens, strict=True)}
        return both | {f"{name}o": made for name, made in both.items()}

    def at_first(citizen, what):
        return [what if number == citizen.steps[0].node else None for number in range(len(nodes))]

    def everywhere(citizen, key):
        return [Told([getattr(step, key) for step in citizen.steps])] * len(nodes)

    def baulking(citizen):
        first = citizen.steps[0]
        if first.baulks is None:
            return [None] * len(nodes)
        # Ciw tells how many are there, those who are served too.
        return at_first(citizen, lambda there, **_: float(there >= nodes[first.node].servers + first.baulks))

    def servers(node):
        slots = [float(day * DAY + second) for day in range(LONG) for second in node.meetings]
        return ciw.Slotted(slots=slots, slot_sizes=[node.servers] * len(slots)) if slots else node.servers

    def onward(citizen):
        return ciw.routing.ProcessBased(lambda ind, simulation: [step.node + 1 for step in citizen.steps[1:]])

    levels = sorted({level for citizen in citizens for level in (citizen.priority, citizen.other)})  # without a gap
    classes = {name: levels.index(citizen.priority) for name, citizen in zip(names, citizens, strict=True)}
    classes |= {f"{name}o": levels.index(citizen.other) for name, citizen in zip(names, citizens, strict=True)}
    arrivals = of_all(lambda c: at_first(c, ciw.dists.Sequential([float(c.arrival), FOREVER])))
    arrivals |= {f"{name}o": [None] * len(nodes) for name in names}
    changing = {
        name: {f"{name}o": InTurn([step.changes for step in citizen.steps])}
        for name, citizen in zip(names, citizens, strict=True)
        if any(step.changes is not None for step in citizen.steps)
    }
    made = ciw.create_network(
        arrival_distributions=arrivals,
        service_distributions=of_all(lambda c: everywhere(c, "stay")),
        batching_distributions=of_all(lambda c: at_first(c, ciw.dists.Deterministic(c.batch))),
        reneging_time_distributions=of_all(lambda c: everywhere(c, "patience")),
        baulking_functions=of_all(baulking),
        routing=of_all(onward),
        priority_classes=classes,
        **({"class_change_time_distributions": changing} if changing else {}),
        number_of_servers=[servers(node) for node in nodes],
        queue_capacities=[FOREVER if node.room is None else node.room for node in nodes],
        service_disciplines=[ciw.disciplines.LIFO if node.order == "last" else ciw.disciplines.FIFO for node in nodes],
    )
    simulation = ciw.Simulation(made)
    for node in simulation.transitive_nodes:
        node.next_class_change_ind = None  # Ciw 3.2.7 lacks it where a slot comes before anybody does
    simulation.simulate_until_max_time(float(LONG * DAY))
    fates = {"service": "served", "renege": "left", "baulk": "away", "rejection": "away"}
    out = {}
    for individual in simulation.get_all_individuals():
        for place, record in enumerate(individual.data_records):
            fate, joined = fates[record.record_type], int(record.arrival_date)
            started = int(record.service_start_date) if fate == "served" else None
            left = joined if fate == "away" else int(record.exit_date)
            visit = (record.node - 1, joined, started, left, fate)
            out.setdefault((names.index(individual.customer_class.rstrip("o")), place), []).append(visit)
    return in_order(out)


def compared(seeds, engine=fast):
    """Return the visits of some networks by both, of which those that differ first."""
    ours, theirs = {}, {}
    for seed in seeds:
        subject = network(seed)
        for into, visits in ((ours, by_flowsim(*subject, engine)), (theirs, by_ciw(*subject))):
            into |= {(seed, *key): visit for key, visit in visits.items()}
    return ours, theirs


def test_random_networks_agree_to_the_second():
    ours, theirs = compared(range(20))
    assert ours == theirs
    fates = [fate for alike in ours.values() for *_, fate in alike]
    assert len(fates) > 1500
    assert min(fates.count(fate) for fate in ("served", "left", "away")) > 30


@pytest.mark.slow
def test_many_random_networks_agree_to_the_second():
    ours, theirs = compared(range(1000, 1300))
    assert ours == theirs


@pytest.mark.slow
def test_the_reference_engine_agrees_too():
    ours, theirs = compared(range(2000, 2030), reference)
    assert ours == theirs


def test_what_the_networks_have_to_tell():
    """Each feature changes visits: without it those of some network are others."""
    subjects = [network(seed) for seed in range(20)]
    plain = [by_ciw(*subject) for subject in subjects]

    def without(**changes):
        return [
            by_ciw(
                [
                    replace(node, **{key: value for key, value in changes.items() if hasattr(node, key)})
                    for node in nodes
                ],
                [
                    replace(
                        citizen,
                        steps=tuple(
                            replace(step, **{key: value for key, value in changes.items() if hasattr(step, key)})
                            for step in citizen.steps
                        ),
                        **{key: value for key, value in changes.items() if hasattr(citizen, key)},
                    )
                    for citizen in citizens
                ],
            )
            for nodes, citizens in subjects
        ]

    features = [{"priority": 0, "changes": None}, {"room": None}, {"order": "first"}, {"patience": None}]
    for changes in (*features, {"baulks": None}, {"batch": 1}, {"changes": None}):
        assert without(**changes) != plain, changes


def test_who_goes_round_to_the_station_that_she_left_may_be_served_before_who_waits_there():
    """A tie: at 10 the desk is free, and she who was served there comes back to it, more urgent than who waits.

    In flowsim all who move at an instant have moved before a station takes anybody; in Ciw a server is taken before
    she who leaves it has come anywhere.
    """
    nodes = (Node(1),)
    citizens = (Citizen(1, (Step(0, 9), Step(0, 9)), priority=0), Citizen(2, (Step(0, 5),), priority=1))
    ours, theirs = by_flowsim(nodes, citizens), by_ciw(nodes, citizens)
    assert ours[0, 1] == [(0, 10, 10, 19, "served")]
    assert theirs[0, 1] == [(0, 10, 15, 24, "served")]
    assert theirs[1, 0] == [(0, 2, 10, 15, "served")]


def test_who_gives_up_makes_room_for_who_is_blocked():
    """The second desk is taken until 100, and its one chair until 20, when patience ends; who is blocked sits down."""
    nodes = (Node(1), Node(1, room=1))
    citizens = (
        Citizen(1, (Step(0, 1), Step(1, 98))),
        Citizen(3, (Step(0, 1), Step(1, 9, patience=16))),
        Citizen(5, (Step(0, 1), Step(1, 9))),
    )
    assert by_ciw(nodes, citizens)[2, 0] == [(0, 5, 5, 20, "served")]
    assert by_flowsim(nodes, citizens)[2, 0] == [(0, 5, 5, 20, "served")]


def test_who_changes_to_a_class_of_the_same_priority_goes_to_the_end_here_and_keeps_her_place_in_ciw():
    """Two wait for a desk that is taken until 100, and the first of them changes class at 12."""
    nodes = (Node(1),)
    citizens = (
        Citizen(1, (Step(0, 99),)),
        Citizen(2, (Step(0, 9, changes=10),)),
        Citizen(3, (Step(0, 9),)),
    )
    ours, theirs = by_flowsim(nodes, citizens), by_ciw(nodes, citizens)
    assert (ours[1, 0], ours[2, 0]) == ([(0, 2, 109, 118, "served")], [(0, 3, 100, 109, "served")])
    assert (theirs[1, 0], theirs[2, 0]) == ([(0, 2, 100, 109, "served")], [(0, 3, 109, 118, "served")])


def test_who_changes_class_in_a_full_room_keeps_her_place_before_who_is_blocked():
    """The second desk is taken until 99,999; she on its one chair changes class, when she leaves it and comes again.

    31,663 seconds are no whole number in minutes, and may not become a little more in the engine than they are.
    """
    nodes = (Node(1), Node(1, room=1))
    citizens = (
        Citizen(1, (Step(0, 1), Step(1, 99_997))),
        Citizen(3, (Step(0, 1), Step(1, 9, changes=31_663)), other=1),
        Citizen(5, (Step(0, 1), Step(1, 9))),
    )
    for engine in (fast, reference):
        assert by_flowsim(nodes, citizens, engine)[2, 0] == [(0, 5, 5, 99_999, "served")]
    assert by_ciw(nodes, citizens)[2, 0] == [(0, 5, 5, 99_999, "served")]


@dataclass(frozen=True)
class Broken:
    """A desk whose stays are broken off: how many serve, why, and what then becomes of the stay."""

    servers: int
    cause: str  # "preempts", or "on_cut": each day at noon, until midnight
    kind: str
    citizens: tuple[tuple[int, int, tuple[int, ...]], ...]  # arrival, priority, and how long a stay of each day lasts


DAYS_THAT_DIFFER = 12


def broken(seed, cause, kind):
    """Draw one; how long a stay lasts differs by day, so that it tells which beginning it is of."""
    rng = random.Random(seed)
    servers = rng.randint(1, 3)
    mean = servers * 10 * DAY * rng.uniform(0.2, 0.5) / 60
    arrivals = rng.sample(range(1, 10 * DAY), 60)
    citizens = []
    for arrival in arrivals:
        stays = tuple(1 + int(min(rng.expovariate(1 / mean), DAY / 3)) for _ in range(DAYS_THAT_DIFFER))
        citizens.append((arrival, rng.randrange(3) if cause == "preempts" else 0, stays))
    return Broken(servers, cause, kind, tuple(citizens))


def broken_by_flowsim(desk, engine=fast):
    """Return of each citizen the times at which her stay began, or went on, and broke off, or ended."""
    station = {"capacity": desk.servers, desk.cause: desk.kind}
    station |= {"open": "mon-sun 00:00-12:00"} if desk.cause == "on_cut" else {}
    states = {
        f"c{number}": {
            "station": "desk",
            "priority": priority,
            "stay": {START + timedelta(days=day): f"{stay} seconds" for day, stay in enumerate(stays)},
            "to": "gone",
        }
        for number, (_, priority, stays) in enumerate(desk.citizens)
    }
    pathway = Pathway.from_dict(
        {
            "name": "broken",
            "start": START,
            "end": START + timedelta(days=LONG),
            "tick": "1 second",
            "stations": {"desk": station},
            "states": states | {"gone": {"final": True}},
            "entries": {
                f"door{number}": {"to": f"c{number}", "at": START + timedelta(seconds=arrival)}
                for number, (arrival, *_) in enumerate(desk.citizens)
            },
        }
    )
    out = {}
    for visit in engine.simulate(compile_pathway(pathway), 1, 0).visits:
        if not pathway.states[visit["state"]].final:
            out.setdefault(int(visit["citizen"]), []).append((int(visit["started"]), int(visit["ended"])))
    return out


class ByDay(ciw.dists.Distribution):
    """How long a stay lasts that begins on each day, from the last one on for ever."""

    def __init__(self, values):
        self.values = values

    def sample(self, t=None, ind=None):
        return float(self.values[min(int(t // DAY), len(self.values) - 1)])


def broken_by_ciw(desk):
    names = [f"c{number}" for number in range(len(desk.citizens))]
    levels = sorted({priority for _, priority, _ in desk.citizens})
    classes = {name: levels.index(priority) for name, (_, priority, _) in zip(names, desk.citizens, strict=True)}
    preempts = desk.cause == "preempts"
    half_days = ciw.Schedule(
        numbers_of_servers=[desk.servers, 0], shift_end_dates=[DAY / 2.0, float(DAY)], preemption=desk.kind
    )
    made = ciw.create_network(
        arrival_distributions={
            name: [ciw.dists.Sequential([float(arrival), FOREVER])]
            for name, (arrival, *_) in zip(names, desk.citizens, strict=True)
        },
        service_distributions={name: [ByDay(stays)] for name, (*_, stays) in zip(names, desk.citizens, strict=True)},
        routing={name: [[0.0]] for name in names},
        priority_classes=(classes, [desk.kind]) if preempts else classes,
        number_of_servers=[desk.servers if preempts else half_days],
    )
    simulation = ciw.Simulation(made)
    simulation.simulate_until_max_time(float(LONG * DAY))
    out = {}
    for individual in simulation.get_all_individuals():
        for record in individual.data_records:
            part = int(record.service_start_date), int(record.exit_date)
            out.setdefault(names.index(individual.customer_class), []).append(part)
    return out


@pytest.mark.parametrize("kind", ["resume", "restart", "resample"])
@pytest.mark.parametrize("cause", ["preempts", "on_cut"])
def test_stays_that_are_broken_off_agree_to_the_second(cause, kind):
    desks = [broken(seed, cause, kind) for seed in range(10)]
    ours = [broken_by_flowsim(desk) for desk in desks]
    assert ours == [broken_by_ciw(desk) for desk in desks]
    assert [len(parts) for parts in ours] == [len(desk.citizens) for desk in desks]
    assert sum(len(parts) - 1 for desk in ours for parts in desk.values()) > 50
    for other in {"resume", "restart", "resample"} - {kind}:
        assert [broken_by_flowsim(replace(desk, kind=other)) for desk in desks] != ours
    assert broken_by_flowsim(desks[0], reference) == ours[0]


def test_where_a_shift_changes_ciw_breaks_off_all_stays_and_here_those_without_a_server():
    """Two are served since 1 and 2 when at 10 one of two servers leaves."""
    pathway = Pathway.from_dict(
        {
            "name": "shift",
            "start": START,
            "end": START + timedelta(days=1),
            "tick": "1 second",
            "stations": {"desk": {"capacity": {START: 2, START + timedelta(seconds=10): 1}, "on_cut": "resample"}},
            "states": {"served": {"station": "desk", "stay": "20 seconds", "to": "gone"}, "gone": {"final": True}},
            "entries": {"door": {"to": "served", "at": [START + timedelta(seconds=second) for second in (1, 2)]}},
        }
    )
    visits = fast.simulate(compile_pathway(pathway), 1, 0).visits
    ours = [(int(visit["started"]), int(visit["ended"])) for visit in visits if visit["state"] == 0]
    assert ours == [(1, 21), (2, 10), (21, 41)]
    made = ciw.create_network(
        arrival_distributions=[ciw.dists.Sequential([1.0, 1.0, FOREVER])],
        service_distributions=[ciw.dists.Deterministic(20.0)],
        number_of_servers=[
            ciw.Schedule(numbers_of_servers=[2, 1], shift_end_dates=[10.0, 1000.0], preemption="resample")
        ],
    )
    simulation = ciw.Simulation(made)
    simulation.simulate_until_max_time(100.0)
    theirs = [(record.service_start_date, record.exit_date) for record in simulation.get_all_records()]
    assert sorted(theirs) == [(1, 10), (2, 10), (10, 30), (30, 50)]
