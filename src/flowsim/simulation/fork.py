"""The date at which the luck of a replication parts into a history and a future."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from flowsim.core.civil_time import parse_moment
from flowsim.core.errors import InputError, whole_number
from flowsim.model.pathway import Pathway
from flowsim.simulation.engine.luck import MOST_WORD

if TYPE_CHECKING:
    from flowsim.core.written import MomentLike, WholeLike

__all__ = ["Fork"]


@dataclass(frozen=True, kw_only=True)
class Fork:
    """Replications share histories until before a date, and have a future of their own from it on.

    Replication r takes the draws, and of a varying model the numbers, of history `histories[r % len(histories)]`, and
    from the date on the draws of future r. A change of the model that is dated before it gives the counterfactual of
    the same history.

    Attributes:
        at: the date, within the horizon and after its start.
        histories: numbers of replications; where there are none, replication r is its own history.

    Raises:
        InputError: for what is no date, and for numbers that are no replication's.
    """

    at: datetime
    histories: tuple[int, ...] = ()

    if TYPE_CHECKING:

        def __init__(self, *, at: MomentLike, histories: Iterable[WholeLike] = ()) -> None: ...

    def __post_init__(self) -> None:
        try:
            self._set("at", parse_moment(self.at))
        except ValueError as error:
            raise InputError(f"fork.at: {error}") from None
        if not isinstance(self.histories, Iterable):
            raise InputError(f"fork.histories: {self.histories!r} is not allowed: give numbers, such as range(500)")
        numbers = tuple(whole_number("fork.histories", number, 0, MOST_WORD) for number in self.histories)
        self._set("histories", numbers)

    def _set(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)

    def history(self, replication: int) -> int:
        """Return the number of the history that a replication takes."""
        return self.histories[replication % len(self.histories)] if self.histories else replication

    def tick(self, pathway: Pathway) -> int:
        """Return the tick of the date."""
        from flowsim.simulation.engine.compiler import moment_tick

        return moment_tick(pathway, self.at)

    def check(self, pathway: Pathway, replications: Iterable[int]) -> None:
        """Refuse a fork outside the horizon, and replications whose numbers leave no room for it.

        Raises:
            InputError: with what is allowed.
        """
        if not pathway.start < self.at < pathway.end or self.tick(pathway) < 1:
            raise InputError(
                f"fork.at: {self.at:%Y-%m-%d} is not allowed: it lies within the horizon, after "
                f"{pathway.start:%Y-%m-%d} and before {pathway.end:%Y-%m-%d}"
            )
        for number in replications:
            whole_number("replications", number, 0, MOST_WORD)
