"""Histories that stand at a fork, kept so that later runs go on from there."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

from flowsim.core.errors import require_positive
from flowsim.model.differences import same_until
from flowsim.model.pathway import Pathway
from flowsim.simulation.engine.trace import Trace
from flowsim.simulation.fork import Fork, Forked
from flowsim.simulation.measures.catalogue import Catalogue, Frame
from flowsim.simulation.measures.timeline import DatedTrace

if TYPE_CHECKING:
    from flowsim.core.written import RealLike
    from flowsim.simulation.engine.fast import KeptState
    from flowsim.simulation.engine.slots import Compiled

__all__ = ["KeptHistories"]


class KeptHistories:
    """How histories stand at their fork, so that runs that share one need not run the time before it again.

    Given to `run` as `kept`, it gives the same bytes as without. A model that differs before the fork takes the long
    way, as does a run on SimPy or in another process. It is filled as replications are run, by several threads at once.

    Args:
        megabytes: how much may be kept; further histories take the long way.

    Raises:
        InputError: where that is no number above 0.
    """

    def __init__(self, *, megabytes: RealLike = 1000.0) -> None:
        require_positive(megabytes=megabytes)
        self.megabytes = float(megabytes)
        self.resumed = 0
        """How many replications went on from a kept history."""
        self._states: dict[tuple[Any, ...], tuple[Compiled, KeptState]] = {}
        self._last: dict[tuple[Any, ...], Compiled] = {}  # of those that went on, whose tables share those of `_states`
        self._gone: dict[tuple[Any, ...], _Gone] = {}
        self._making: dict[tuple[Any, ...], Lock] = {}
        self._bytes = 0
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._states)

    def __repr__(self) -> str:
        return f"<KeptHistories: {len(self):,}, {self.nbytes / 2**20:.1f} MB>"

    def __reduce__(self) -> tuple[Any, ...]:
        # Another process has nothing kept: to send it would take longer than to run.
        return _empty, (self.megabytes,)

    @property
    def nbytes(self) -> int:
        """The bytes that the kept histories take, with what was read of those who had gone."""
        return self._bytes + sum(gone.nbytes for gone in list(self._gone.values()))

    def compiled(self, pathway: Pathway, seed: int, fork: Fork, replication: int) -> Compiled:
        """Compile the pathway of a replication: of a kept history, by what differs from one that went on from it.

        Changes have dates of their own, which the run that made the history lacks; the last one to go on from it had
        them where the value of a control is moved on.
        """
        from flowsim.simulation.engine.slots import compiled_like

        key = self._key(fork.luck(pathway, seed, replication), fork)
        made, last = self._states.get(key), self._last.get(key)
        compiled = compiled_like(pathway, *([last] if last else []), *([made[0]] if made else []))
        if made:
            self._last[key] = compiled
        return compiled

    def _key(self, luck: Forked, fork: Fork) -> tuple[Any, ...]:
        return luck.seed, luck.history, luck.forks[:-1], fork.at

    def simulate(
        self, compiled: Compiled, seed: int, fork: Fork, replication: int, frame: Frame | None = None
    ) -> tuple[Trace, DatedTrace | None]:
        """Run a replication on the kernel, from its history's state at the fork where that is kept.

        Returns:
            Its trace, and None. With the `frame` of its pathway, for measures alone, the trace lacks those who had left
            for good before the fork where their visits are kept: these come second, the same for all that go on, so
            that what is remembered of them is read once.
        """
        from flowsim.simulation.engine import fast

        pathway, model = compiled.pathway, compiled.model
        luck = fork.luck(pathway, seed, replication)
        *earlier, (tick, future) = luck.forks
        key = self._key(luck, fork)
        first, state = self._states.get(key, (None, None))
        own = False
        if first is None and self.nbytes < self.megabytes * 2**20:
            # Who needs a history that another thread lives through waits for it: to do so too would take as long.
            with self._making.setdefault(key, Lock()):
                first, state = self._states.get(key, (None, None))
                own = first is None
                if own:
                    first, state = compiled, fast.run_until(model, luck.seed, luck.history, tick, tuple(earlier))
                    with self._lock:
                        self._states[key] = compiled, state
                        self._bytes += state.nbytes
        if first is not None and not own:
            if same_until(first.pathway, pathway, fork.at):
                with self._lock:
                    self.resumed += 1
            else:
                state = None
        if first is None or state is None:
            return fast.simulate(model, *luck), None
        gone = self._those_gone(key, first, state, frame) if frame else None
        if gone is None or not gone.adds_up(len(state.visits), model.horizon):
            return fast.go_on(state, model, future), None
        trace = fast.go_on(state, model, future, whole=False)
        if not gone.adds_up(len(trace.visits), model.horizon):
            return fast.go_on(state, model, future), None
        return trace, gone.dated

    def _those_gone(self, key: tuple[Any, ...], first: Compiled, state: KeptState, frame: Frame) -> _Gone | None:
        """Return those who had gone by the fork.

        None for a pathway of another frame than the history's, and where no more is to be kept.
        """
        if key not in self._gone:
            if self.nbytes >= self.megabytes * 2**20:
                return None
            pathway, own = first.pathway, Frame.of(first.pathway)
            trace = state.trace_of_gone(first.model)
            dated = DatedTrace(trace, pathway, Catalogue.of(pathway, own).calendar)
            copied = 0 if trace.visits is state.gone else trace.visits.nbytes + trace.groups.nbytes
            self._gone[key] = _Gone(own, dated, state.earliest, copied)
        gone = self._gone[key]
        return gone if gone.frame == frame else None


class _Gone(NamedTuple):
    """Those who had left for good before the fork of a history."""

    frame: Frame
    dated: DatedTrace
    earliest: int  # the first tick that any visit of the history tells of
    copied: int  # bytes of their visits that are not the history's own

    @property
    def nbytes(self) -> int:
        """The bytes that it takes beside the history."""
        return self.copied + self.dated.nbytes

    def adds_up(self, others: int, horizon: int) -> bool:
        """Return whether spans of their visits and so many others add up to whole numbers of a float, in any order."""
        return (len(self.dated.trace.visits) + others) * (horizon - self.earliest) <= 2**53


def _empty(megabytes: float) -> KeptHistories:
    return KeptHistories(megabytes=megabytes)
