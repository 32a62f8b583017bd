"""The date at which the luck of a replication parts into a history and a future."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from flowsim.core.civil_time import parse_moment
from flowsim.core.errors import InputError, whole_number
from flowsim.model.pathway import Pathway
from flowsim.simulation.engine.luck import MOST_WORD

if TYPE_CHECKING:
    from flowsim.core.written import MomentLike, WholeLike

__all__ = ["Fork", "Forked", "own_fork"]


class Forked(NamedTuple):
    """The luck of a replication: of a history, and from the tick of each fork on that of a future."""

    seed: int
    history: int
    forks: tuple[tuple[int, int], ...]


@dataclass(frozen=True, kw_only=True)
class Fork:
    """Replications share histories until before a date, and have a future of their own from it on.

    Replication r takes the draws, and of a varying model the numbers, of history `histories[r % len(histories)]`, and
    from the date on the draws of future r. A change of the model that is dated before it gives the counterfactual of
    the same history.

    Attributes:
        at: the date, within the horizon and after its start.
        histories: numbers of replications; where there are none, replication r is its own history.
        seed: of the run whose replications the histories are; that of the run itself where left out.
        before: the fork of that run, where it had one: its replications are histories of their own.

    Raises:
        InputError: for what is no date, and for numbers that are no replication's.
    """

    at: datetime
    histories: tuple[int, ...] = ()
    seed: int | None = None
    before: Fork | None = None

    if TYPE_CHECKING:

        def __init__(
            self,
            *,
            at: MomentLike,
            histories: Iterable[WholeLike] = (),
            seed: int | None = None,
            before: Fork | None = None,
        ) -> None: ...

    def __post_init__(self) -> None:
        try:
            self._set("at", parse_moment(self.at))
        except ValueError as error:
            raise InputError(f"fork.at: {error}") from None
        if not isinstance(self.histories, Iterable):
            raise InputError(f"fork.histories: {self.histories!r} is not allowed: give numbers, such as range(500)")
        numbers = tuple(whole_number("fork.histories", number, 0, MOST_WORD) for number in self.histories)
        self._set("histories", numbers)
        if self.seed is not None:
            self._set("seed", whole_number("fork.seed", self.seed, 0, 2**64 - 1))
        if self.before is not None and not self.before.at < self.at:
            raise InputError(f"fork.before: {self.before.at:%Y-%m-%d} is not before {self.at:%Y-%m-%d}")

    def _set(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)

    def history(self, replication: int) -> int:
        """Return the number of the history that a replication takes."""
        return self.histories[replication % len(self.histories)] if self.histories else replication

    def luck(self, pathway: Pathway, seed: int, replication: int) -> Forked:
        """Return the luck of a replication of a run.

        Histories of another seed keep that one's luck; the futures of a run then follow from its own seed by hash.
        """
        number, own = self.history(replication), seed if self.seed is None else self.seed
        past = self.before.luck(pathway, own, number) if self.before else Forked(own, number, ())
        future = replication if seed == past.seed else _word(seed, replication)
        return Forked(past.seed, past.history, (*past.forks, (self.tick(pathway), future)))

    def tick(self, pathway: Pathway) -> int:
        """Return the tick of the date."""
        from flowsim.simulation.engine.compiler import moment_tick

        return moment_tick(pathway, self.at)

    def check(self, pathway: Pathway, replications: Iterable[int], *, ends_before: bool = False) -> None:
        """Refuse a fork outside the horizon, and replications whose numbers leave no room for it.

        Args:
            pathway: what is run.
            replications: their numbers.
            ends_before: whether the horizon may end before the fork.

        Raises:
            InputError: with what is allowed.
        """
        beyond = self.at >= pathway.end and not ends_before
        if self.at <= pathway.start or beyond or self.tick(pathway) < 1:
            raise InputError(
                f"fork.at: {self.at:%Y-%m-%d} is not allowed: it lies within the horizon, after "
                f"{pathway.start:%Y-%m-%d} and before {pathway.end:%Y-%m-%d}"
            )
        for number in replications:
            whole_number("replications", number, 0, MOST_WORD)


def own_fork(model: object, seed: int) -> Fork | None:
    """Return the fork of a varying model that draws histories, through the models that are made from it."""
    while model is not None:
        fork = getattr(model, "fork", None)
        if callable(fork):
            found = fork(seed)
            return found if isinstance(found, Fork) else None
        model = getattr(model, "model", None)
    return None


def _word(seed: int, replication: int) -> int:
    return int.from_bytes(hashlib.blake2b(f"future {seed} {replication}".encode(), digest_size=7).digest(), "little")
