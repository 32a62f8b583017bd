"""Histories that stand at a fork, kept so that later runs go on from there."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Any

from flowsim.core.errors import require_positive
from flowsim.model.differences import same_until
from flowsim.model.pathway import Pathway
from flowsim.simulation.engine.trace import Trace
from flowsim.simulation.fork import Fork, Forked

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
        require_positive(megabytes=float(megabytes))
        self.megabytes = float(megabytes)
        self.resumed = 0
        """How many replications went on from a kept history."""
        self._states: dict[tuple[Any, ...], tuple[Compiled, KeptState]] = {}
        self._last: dict[tuple[Any, ...], Compiled] = {}  # of those that went on, whose tables share those of `_states`
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
        """The bytes that the kept histories take."""
        return self._bytes

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

    def simulate(self, compiled: Compiled, seed: int, fork: Fork, replication: int) -> Trace:
        """Run a replication on the kernel, from its history's state at the fork where that is kept."""
        from flowsim.simulation.engine import fast

        pathway, model = compiled.pathway, compiled.model
        luck = fork.luck(pathway, seed, replication)
        *earlier, (tick, future) = luck.forks
        key = self._key(luck, fork)
        first, state = self._states.get(key, (None, None))
        own = False
        if first is None and self._bytes < self.megabytes * 2**20:
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
        if state is None:
            return fast.simulate(model, *luck)
        return fast.go_on(state, model, future)


def _empty(megabytes: float) -> KeptHistories:
    return KeptHistories(megabytes=megabytes)
