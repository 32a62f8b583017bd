"""The four stations in Ciw; the meeting is what Ciw calls slotted services."""

import ciw

from benchmarks.cases import (
    ARRIVALS,
    DECIDERS,
    DECISION,
    DESKS,
    DOCTOR_SHARE,
    DOCTORS,
    EXAMINATION,
    MEETING,
    MEETINGS,
    NETWORK,
    PLACES,
    SERVICE,
    WEEK,
    horizon,
)


def simulate(citizens, seed):
    # The cycle of slots ends with the last one, so Monday to Friday begins at Friday's meeting of the week before.
    offset = MEETINGS[-1] - WEEK
    slots = [hour - offset for hour in MEETINGS]
    team = ciw.Slotted(slots=slots, slot_sizes=[PLACES] * len(slots), offset=0.0)
    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(rate=ARRIVALS), None, None, None],
        service_distributions=[
            ciw.dists.Exponential(rate=1 / SERVICE),
            ciw.dists.Exponential(rate=1 / EXAMINATION),
            ciw.dists.Deterministic(value=MEETING),
            ciw.dists.Exponential(rate=1 / DECISION),
        ],
        number_of_servers=[DESKS, DOCTORS, team, DECIDERS],
        routing=[
            [0.0, DOCTOR_SHARE, 1 - DOCTOR_SHARE, 0.0],
            [0.0, 0.0, 1.0, 0.0],
            [0.0, 0.0, 0.0, 1.0],
            [0.0, 0.0, 0.0, 0.0],
        ],
    )
    ciw.seed(seed)
    simulation = ciw.Simulation(network)
    simulation.simulate_until_max_time(horizon(citizens))
    return simulation


def waits(simulation):
    out = {name: [] for name in NETWORK}
    for record in simulation.get_all_records(only=["service"]):
        out[NETWORK[record.node - 1]].append(record.waiting_time)
    return out
