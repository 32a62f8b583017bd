"""Formulas refuse by its name what is no number, or more than can be computed; Python's own errors never show."""

import contextlib
import inspect
import math
from functools import cached_property

import numpy as np
import pytest

from flowsim.core.errors import InputError
from flowsim.model.duration import Duration
from flowsim.theory import (
    MG1,
    AbsorbingChain,
    BlockingTandem,
    BulkServer,
    ErlangA,
    FiniteSource,
    GIMc,
    Jackson,
    MDc,
    Meeting,
    MG1Priority,
    MG1Shared,
    MMc,
    MMcBatch,
    MMcBaulking,
    MMcK,
    MMcOrdered,
    MMcPriority,
    MPHc,
    MtGInf,
    MtMc,
    RandomMeeting,
    erlang_b,
    expected_visits,
    exponential_quantile,
    exponential_sojourn_tail,
    flow,
    poisson,
    workload,
)

DESK = {"rate": 1.0, "mean_service": 0.5, "servers": 2}
MOMENTS = (1.0, 2.0, 6.0)
MODELS = {
    MMc: DESK,
    MMcK: DESK | {"room": 4},
    ErlangA: DESK | {"mean_patience": 1.0},
    MDc: {"rate": 1.0, "service": 0.5, "servers": 2},
    MG1: {"rate": 0.5, "moments": MOMENTS, "survival": lambda x: math.exp(-x)},
    MPHc: {"rate": 0.5, "initial": [1.0], "generator": [[-1.0]], "servers": 1},
    GIMc: {"interarrival": lambda s: 1 / (1 + s), "mean_interarrival": 1.0, "mean_service": 0.5, "servers": 2},
    MMcPriority: {"rates": (0.5, 0.5), "mean_service": 0.5, "servers": 2},
    MMcOrdered: DESK | {"order": "last"},
    MMcBatch: DESK | {"rate": 0.5, "sizes": {1: 0.5, 2: 0.5}},
    MMcBaulking: DESK | {"baulks": {3: 1.0}},
    FiniteSource: {"population": 5, "mean_away": 1.0, "mean_service": 0.5, "servers": 2, "room": 4},
    MG1Priority: {"rates": (0.2, 0.2), "moments": ((1.0, 2.0), (1.0, 2.0)), "preempts": "resume"},
    MG1Shared: {"rate": 0.5, "mean_service": 1.0},
    BulkServer: {"rate": 0.5, "mean_service": 1.0, "least": 1, "most": 4},
    RandomMeeting: {"rate": 0.5, "mean_interval": 1.0, "places": 3},
    BlockingTandem: {"rate": 0.5, "mean_service": (1.0, 1.0), "room": 2},
    Jackson: {"rates": (0.5, 0.1), "shares": ((0, 0.5), (0, 0)), "mean_service": (1.0, 1.0), "servers": (1, 1)},
    Meeting: {"rate": 0.5, "interval": 1.0, "places": 3},
    MtGInf: {"starts": (0.0, 1.0), "rates": (1.0, 2.0), "survival": lambda x: math.exp(-x)},
    MtMc: {"starts": (0.0, 1.0), "rates": (1.0, 2.0), "servers": (2, 3), "mean_service": 0.5, "busy": 1, "waiting": 0},
    AbsorbingChain: {"shares": [[0, 0.5], [0, 0]], "exits": [[0.5], [1.0]], "means": [1.0] * 2, "variances": [1.0] * 2},
}
OPTIONAL = {(MG1, "survival"), (FiniteSource, "room"), (MG1Priority, "preempts"), (AbsorbingChain, "variances")}
FUNCTIONS = {
    erlang_b: {"offered": 1.0, "servers": 2.0},
    expected_visits: {"shares": [[0, 0.5], [0, 0]]},
    exponential_quantile: {"waiting": 0.5, "decay": 1.0, "share": 0.9},
    exponential_sojourn_tail: {"waiting": 0.5, "decay": 1.0, "service": 1.0, "time": 1.0},
    poisson: {"mean": 3.0},
    flow: {"pathway": None},
    workload: {"pathway": None},
}
NEVER = [None, "x", b"x", object(), True, math.nan, {"x": 1}, ["x"], [None], Duration.fixed("1 week")]
AT_TIMES = [-1, 2.5, math.inf, 0, (1, 2), [], {}, np.array([1, 2]), np.array(1), 10**30, 1e30]


def all_of(model):
    """Ask a model all that it tells without being asked for a time or a share."""
    for name, member in inspect.getmembers(type(model)):
        if not name.startswith("_") and isinstance(member, property | cached_property):
            getattr(model, name)


@pytest.mark.parametrize(
    ("made", "right", "name"),
    [(made, right, name) for made, right in (MODELS | FUNCTIONS).items() for name in right],
    ids=lambda value: getattr(value, "__name__", value if isinstance(value, str) else ""),
)
def test_what_is_no_number_is_refused_by_its_name(made, right, name):
    for odd in NEVER:
        if odd is None and (made, name) in OPTIONAL:
            continue
        with pytest.raises(InputError, match=rf"^{name}[^ ]*( and exits)?: ") as refused:
            made(**right | {name: odd})
        assert "\n" not in str(refused.value)
    for odd in AT_TIMES:
        with contextlib.suppress(InputError):
            all_of(made(**right | {name: odd}))


def asked():
    """Return each function of each model that is asked for a time or a share."""
    for made, right in MODELS.items():
        for name, member in inspect.getmembers(made, inspect.isfunction):
            wanted = list(inspect.signature(member).parameters)[1:]
            if not name.startswith("_") and wanted in (["time"], ["share"]):
                yield pytest.param(getattr(made(**right), name), wanted[0], id=f"{made.__name__}.{name}")


ASKED = list(asked())


@pytest.mark.parametrize(("ask", "wanted"), ASKED)
def test_what_is_no_time_and_no_share_is_refused(ask, wanted):
    for odd in [*NEVER, -1, math.inf, np.array([1, 2])]:
        with pytest.raises(InputError, match=rf"^{wanted}: "):
            ask(odd)


@pytest.mark.parametrize(("ask", "wanted"), [each for each in ASKED if each.values[1] == "time"])
def test_nobody_waits_for_ever(ask, wanted):
    """At a time so late that its square is no float; what is followed through all arrivals until then is refused."""
    if ask.__qualname__ == "MtMc.at":
        with pytest.raises(InputError, match="time: 1e\\+200 is not allowed: one by which 1,048,576 come at most"):
            ask(1e200)
    else:
        assert ask.__qualname__.startswith("MtGInf") or ask(1e200) == 0


def test_who_is_admitted_is_known_where_nearly_all_baulk():
    desk = MMcBaulking(rate=1e30, mean_service=0.5, servers=2, baulks={0: 1.0})
    assert desk.means.rate == pytest.approx(4.0)
    assert desk.means.wait == 0


def test_more_than_can_be_computed_is_refused():
    for make in (
        lambda: MMc(**DESK | {"servers": 2**20 + 1}),
        lambda: MMcK(**DESK, room=2**20 + 1),
        lambda: BlockingTandem(rate=0.1, mean_service=(1.0, 1.0), room=2_001),
        lambda: MtMc(**MODELS[MtMc]).at(1e6),
    ):
        with pytest.raises(InputError, match=r"1,048,576|2,000 at most, which can be computed"):
            make()
    assert 0 < MMc(rate=2.0**19, mean_service=1.0, servers=2**20).load < 1
