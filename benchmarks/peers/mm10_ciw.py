"""M/M/10 in Ciw, as in its first tutorial."""

import ciw

from benchmarks.cases import ARRIVALS, DESKS, SERVICE, horizon


def simulate(citizens, seed):
    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(rate=ARRIVALS)],
        service_distributions=[ciw.dists.Exponential(rate=1 / SERVICE)],
        number_of_servers=[DESKS],
    )
    ciw.seed(seed)
    simulation = ciw.Simulation(network)
    simulation.simulate_until_max_time(horizon(citizens))
    return simulation


def waits(simulation):
    return {"desk": [record.waiting_time for record in simulation.get_all_records(only=["service"])]}
