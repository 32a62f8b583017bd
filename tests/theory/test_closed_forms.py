"""What holds of every closed form: its tails and quantiles, and what it refuses."""

import math
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowsim.core.errors import InputError
from flowsim.theory.fixed_times import MDc, Meeting
from flowsim.theory.general_laws import MG1, GIMc, MPHc
from flowsim.theory.networks import AbsorbingChain, Jackson, expected_visits
from flowsim.theory.priority import MG1Priority, MMcPriority
from flowsim.theory.queues import ErlangA, MMc, MMcK, erlang_b, poisson, quantile
from flowsim.theory.rules.bulk import BulkServer, RandomMeeting
from flowsim.theory.transient import MtGInf, MtMc
from helpers.models.chains import EXAMPLES, close
from helpers.models.queues import DESKS, FIXED, IMPATIENT, MEETINGS, exact_erlang_b

WAITS = [
    *DESKS,
    MMcK(rate=5.0, mean_service=1.3, servers=4, room=6),
    *IMPATIENT,
    GIMc(interarrival=lambda s: math.exp(-s), mean_interarrival=1.0, mean_service=1.5, servers=2),
    *MEETINGS,
    *FIXED,
    MPHc(rate=1.0, initial=(0.3, 0.7), generator=((-0.4, 0.0), (0.0, -2.5)), servers=2),
    RandomMeeting(rate=1.3, mean_interval=2.0, places=4),
    BulkServer(rate=1.3, mean_service=2.0, least=3, most=4),
]


@pytest.mark.parametrize("model", WAITS)
@given(st.floats(0, 0.999))
@EXAMPLES
def test_quantile_inverts_the_tail(model, share):
    pairs = [(model.wait_quantile, model.wait_tail)]
    pairs += [(model.sojourn_quantile, model.sojourn_tail)] if hasattr(model, "sojourn_tail") else []
    for inverse, tail in pairs:
        time = inverse(share)
        if tail(0.0) <= 1 - share:
            assert time == 0.0
        else:
            close(tail(time), 1 - share, 1e-10)


@pytest.mark.parametrize("model", [*DESKS, *MEETINGS, *FIXED, *IMPATIENT])
def test_tails_fall(model):
    tails = [model.wait_tail(t) for t in np.linspace(0, 20, 30)]
    assert all(a >= b - 1e-15 for a, b in pairwise(tails))
    assert 0 <= tails[-1] <= tails[0] <= 1 + 1e-12


def test_quantile_at_any_scale():
    close(quantile(lambda t: math.exp(-t * 1e9), 0.9, 1.0), math.log(10) / 1e9, 1e-5)
    close(quantile(lambda t: math.exp(-t * 1e-9), 0.9, 1.0), math.log(10) * 1e9, 1e-12)


@given(st.integers(1, 40), st.floats(0.05, 0.99))
@EXAMPLES
def test_waiting_follows_from_losing(servers, load):
    offered = load * servers
    lost = exact_erlang_b(offered, servers)
    waiting = servers * lost / (servers - Fraction(offered) * (1 - lost))
    desk = MMc(rate=offered, mean_service=1.0, servers=servers)
    close(desk.wait_probability, float(waiting), 1e-11)


@given(st.integers(1, 30), st.floats(0.05, 0.99), st.floats(0.1, 50.0))
@EXAMPLES
def test_one_server_more_makes_wait_less(servers, load, patience):
    rate = load * servers
    for fewer, more in (
        [MMc(rate=rate, mean_service=1.0, servers=servers + k).means.wait for k in (0, 1)],
        [MDc(rate=rate, service=1.0, servers=servers + k).wait_probability for k in (0, 1)],
        [Meeting(rate=rate, interval=1.0, places=servers + k).wait_tail(1.0) for k in (0, 1)],
        [
            ErlangA(rate=rate, mean_service=1.0, servers=servers + k, mean_patience=patience).abandonment_probability
            for k in (0, 1)
        ],
    ):
        # Below a float's rounding nothing can be told apart.
        assert more < fewer + 1e-14
    assert erlang_b(rate, servers + 1) < erlang_b(rate, servers)


@given(st.floats(0, 500))
@EXAMPLES
def test_poisson_adds_to_one(mean):
    probabilities = poisson(mean)
    close([probabilities.sum(), probabilities @ np.arange(len(probabilities))], [1.0, mean], 1e-11)


MMC = {"rate": 2.0, "mean_service": 1.2, "servers": 3}
CHAIN = {"shares": ((0.5,),), "exits": ((0.5,),), "means": (1.0,)}
PHASES = {"rate": 1.0, "initial": (1.0, 0.0), "generator": ((-2.0, 2.0), (0.0, -4.0)), "servers": 1}
NETWORK = {"rates": (1.0, 0.0), "shares": ((0.0, 0.5), (0.0, 0.0)), "mean_service": (0.5, 0.5), "servers": (1, 1)}
STATION = {"starts": (0.0, 1.0), "rates": (1.0, 2.0), "servers": (1, 0), "mean_service": 1.0}
RENEWAL = {"interarrival": lambda s: math.exp(-s), "mean_interarrival": 1.0, "mean_service": 0.5, "servers": 1}


@pytest.mark.parametrize("wrong", [0.0, -1.0, math.nan, math.inf])
@pytest.mark.parametrize(
    ("model", "right", "name"),
    [
        *((MMc, MMC, name) for name in ("rate", "mean_service")),
        *((MMcK, MMC | {"room": 1}, name) for name in ("rate", "mean_service")),
        *((ErlangA, MMC | {"mean_patience": 1.0}, name) for name in ("rate", "mean_service", "mean_patience")),
        (MG1, {"rate": 0.5, "moments": (1.0, 1.0, 1.0)}, "rate"),
        *((GIMc, RENEWAL, name) for name in ("mean_interarrival", "mean_service")),
        *((Meeting, {"rate": 0.5, "interval": 1.0, "places": 1}, name) for name in ("rate", "interval")),
        *((MDc, {"rate": 0.5, "service": 1.0, "servers": 1}, name) for name in ("rate", "service")),
        (MPHc, PHASES, "rate"),
        (MtMc, STATION, "mean_service"),
    ],
)
def test_refuses_what_is_not_positive(model, right, name, wrong):
    model(**right)
    with pytest.raises(InputError, match=rf"^{name}: {wrong} is not allowed: above 0 and finite$"):
        model(**right | {name: wrong})


@pytest.mark.parametrize("wrong", [0, -1, 1.5, 2.0, math.nan, math.inf])
@pytest.mark.parametrize(
    ("model", "right", "name"),
    [
        (MMc, MMC, "servers"),
        (MMcK, MMC | {"room": 1}, "servers"),
        (ErlangA, MMC | {"mean_patience": 1.0}, "servers"),
        (MMcPriority, {"rates": (0.5,), "mean_service": 1.0, "servers": 1}, "servers"),
        (GIMc, RENEWAL, "servers"),
        (Meeting, {"rate": 0.5, "interval": 1.0, "places": 1}, "places"),
        (MDc, {"rate": 0.5, "service": 1.0, "servers": 1}, "servers"),
        (MPHc, PHASES, "servers"),
    ],
)
def test_refuses_what_is_no_count(model, right, name, wrong):
    with pytest.raises(InputError, match=rf"^{name}: {wrong} is not allowed: a whole number, 1 or more$"):
        model(**right | {name: wrong})


@pytest.mark.parametrize(
    "make",
    [
        lambda: MMc(rate=2.5, mean_service=1.2, servers=3),
        lambda: MG1(rate=1.0, moments=(1.0, 1.0, 1.0)),
        lambda: GIMc(**RENEWAL | {"mean_service": 1.0}),
        lambda: MMcPriority(rates=(1.0, 1.5), mean_service=1.2, servers=3),
        lambda: MG1Priority(rates=(0.5, 0.5), moments=((1.0, 1.0), (1.0, 2.0))),
        lambda: Meeting(rate=5.0, interval=2.0, places=10),
        lambda: MDc(rate=5.0, service=2.0, servers=10),
        lambda: MPHc(**PHASES | {"rate": 4 / 3}),
        lambda: Jackson(**NETWORK | {"rates": (2.0, 0.0)}),
    ],
)
def test_refuses_a_queue_that_grows_without_bound(make):
    with pytest.raises(InputError, match="a load of 1 is not allowed: below 1, or the queue grows without bound"):
        make()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: erlang_b(-1.0, 3), "offered: -1.0"),
        (lambda: erlang_b(1.0, math.nan), "servers: nan"),
        (lambda: MMcK(**MMC, room=-1), "room: -1 is not allowed: a whole number, 0 or more"),
        (lambda: DESKS[0].wait_tail(-1.0), "time: -1.0 is not allowed: 0 or more, and finite"),
        (lambda: MEETINGS[0].wait_tail(math.inf), "time: inf"),
        (lambda: DESKS[0].wait_quantile(1.0), "share: 1.0 is not allowed: from 0 to below 1"),
        (lambda: DESKS[0].sojourn_quantile(-0.1), "share: -0.1"),
        (lambda: ErlangA(**MMC | {"rate": 9.0}, mean_patience=1e9).means, "mean_patience: 1000000000.0"),
        (lambda: MG1(rate=0.5, moments=(1.0, 0.9, 1.0)), "a second moment of 1 or more"),
        (lambda: MG1(rate=0.5, moments=(1.0, 2.0, 3.9)), "a third moment of 4 or more"),
        (lambda: MG1(rate=0.5, moments=(-1.0, 2.0, 3.9)), "a first moment above 0"),
        (lambda: GIMc(**RENEWAL | {"interarrival": lambda s: 2 / (1 + s)}), "a transform that is 1 at 0"),
        (lambda: MMcPriority(rates=(), mean_service=1.0, servers=1), "rates: .* one or more"),
        (lambda: MG1Priority(rates=(0.1, -0.1), moments=((1.0, 1.0),) * 2), r"rates\[1\]: -0.1"),
        (lambda: MG1Priority(rates=(0.1, 0.1), moments=((1.0, 1.0),)), "as many pairs as `rates`"),
        (lambda: MG1Priority(rates=(0.1,), moments=((1.0, 0.5),)), "a second moment of 1 or more"),
        (lambda: MPHc(**PHASES | {"initial": (0.5, 0.4)}), "probabilities that add to 1"),
        (lambda: MPHc(**PHASES | {"initial": (1.5, -0.5)}), "probabilities that add to 1"),
        (lambda: MPHc(**PHASES | {"generator": ((-2.0, 2.0),)}), "2 rows of 2"),
        (lambda: MPHc(**PHASES | {"generator": ((-2.0, -1.0), (0.0, -4.0))}), "negative on the diagonal"),
        (lambda: MPHc(**PHASES | {"generator": ((-2.0, 3.0), (0.0, -4.0))}), "rows that add to 0 or less"),
        (lambda: MPHc(**PHASES | {"generator": ((-2.0, 2.0), (4.0, -4.0))}), r"a way to the end.* from \[0, 1\]"),
        (lambda: MPHc(**PHASES | {"servers": 2_001}), "2,000 counts at most, not 2002"),
        (lambda: expected_visits(()), "shares: .* 0 rows"),
        (lambda: expected_visits(((0.5, 0.5), (0.5, 0.5))), r"a way out from each place, also from \[0, 1\]"),
        (lambda: expected_visits(((0.5, 0.5), (0.0, 1.0))), r"also from \[0, 1\]"),
        (lambda: expected_visits(((0.0, 0.5), (0.0, 1.0))), r"also from \[1\]"),
        (lambda: expected_visits(((0.9, 0.2), (0.0, 0.0))), "rows that add to 1 or less"),
        (lambda: expected_visits(((-0.1, 0.2), (0.0, 0.0))), "each from 0 to 1"),
        (lambda: expected_visits(((0.1, 0.2),)), "1 rows of 1"),
        (lambda: AbsorbingChain(**CHAIN | {"exits": ((0.4,),)}), "rows that add to 1 together"),
        (lambda: AbsorbingChain(**CHAIN | {"exits": ()}), "exits: .* 1 rows of equal length"),
        (lambda: AbsorbingChain(**CHAIN | {"means": (-1.0,)}), "means: .* 1 values, each 0 or more"),
        (lambda: AbsorbingChain(**CHAIN, variances=(1.0, 2.0)), "variances: .* 1 values"),
        (lambda: AbsorbingChain(**CHAIN).time_variance, "variances: None"),
        (lambda: AbsorbingChain(shares=((1.0,),), exits=((0.0,),), means=(1.0,)), "a way out"),
        (lambda: Jackson(**NETWORK | {"servers": (1,)}), "servers: .* as many as `rates`, 2"),
        (lambda: Jackson(**NETWORK | {"rates": (0.0, 1.0)}), "some that lead to station 0"),
        (lambda: Jackson(**NETWORK | {"rates": (1.0, -1.0)}), "each 0 or more"),
        (lambda: MtMc(**STATION | {"starts": (1.0, 1.0)}), "starts: .* moments that rise"),
        (lambda: MtMc(**STATION | {"rates": (1.0,)}), "rates: .* as many as `starts`"),
        (lambda: MtMc(**STATION | {"rates": (1.0, -1.0)}), "each 0 or more"),
        (lambda: MtMc(**STATION | {"servers": (1,)}), "servers: .* as many as `starts`"),
        (lambda: MtMc(**STATION | {"servers": (1, -1)}), r"servers\[1\]: -1"),
        (lambda: MtMc(**STATION, busy=-1), "busy: -1"),
        (lambda: MtMc(**STATION, waiting=0.5), "waiting: 0.5"),
        (lambda: MtMc(**STATION).at(-0.1), "time: -0.1 is not allowed: 0.0 or later"),
        (lambda: MtGInf(starts=(), rates=(), survival=math.exp), "starts: .* one or more"),
    ],
)
def test_refuses(make, said):
    with pytest.raises(InputError, match=said):
        make()
