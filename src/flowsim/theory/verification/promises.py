"""A promise of chance, and how often it was kept when it was repeated on a model whose answer is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from flowsim.core.arrays import Bools
from flowsim.core.progress import Progress
from flowsim.simulation.intervals import Interval, share_interval

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Promise", "Promises", "PutToTheTest", "counted_together", "put_to_the_test"]


@dataclass(frozen=True, kw_only=True)
class Promise:
    """One promise on one model, and how often it was kept or broken.

    Attributes:
        promise: in words.
        model: on which it was put to the test.
        repetitions: how many there were.
        count: in how many of them what is counted happened.
        independent: how many independent ones tell as much, where several figures of one repetition are counted; as
            many as there are repetitions where left out.
        least: the share that it shall have at least, of what shall hold; None where there is no such bound.
        most: the share that it shall have at most: of what may go wrong, or of an interval that is wider than it says.
        price: what it costs, in words; empty where nothing is to be said.
    """

    promise: str
    model: str
    repetitions: int
    count: int
    independent: int | None = None
    least: float | None = None
    most: float | None = None
    price: str = ""

    def __post_init__(self) -> None:
        if self.least is None and self.most is None:
            raise ValueError(f"{self.promise}: a promise has a bound")

    @property
    def rate(self) -> Interval:
        """The share of the repetitions, with the binomial interval at 95 % of as many independent ones."""
        count, alone = self.count, self.independent
        if alone is None:
            return share_interval(count, self.repetitions, 0.05)
        interval = share_interval(round(count * alone / self.repetitions), alone, 0.05)
        return replace(interval, estimate=count / self.repetitions)

    @property
    def holds(self) -> bool:
        """Return whether the repetitions leave it possible that the promise is kept as often as it shall be."""
        kept = self.least is None or self.rate.high >= self.least
        return kept and (self.most is None or self.rate.low <= self.most)


def counted_together(held: Bools, known: Bools) -> dict[str, int]:
    """Return what is counted of several figures a repetition: `count`, `repetitions` and `independent` of a promise.

    Figures of one repetition hold or miss together. So many independent ones have the variance that the repetitions
    show (the design effect of Kish 1965, Survey Sampling, section 5.4), of the ratio of two sums.

    Args:
        held: whether a figure held, shape (repetitions, figures).
        known: whether it was known at all.
    """
    total, of_each = int(known.sum()), known.sum(axis=1)
    count = int((held & known).sum())
    share = count / total
    variance = float((((held & known).sum(axis=1) - share * of_each) ** 2).sum()) / total**2
    # All alike they show no variance: then a repetition counts once.
    independent = int((of_each > 0).sum()) if variance == 0 else round(share * (1 - share) / variance)
    return {"count": count, "repetitions": total, "independent": max(1, min(independent, total))}


@dataclass(frozen=True, kw_only=True, eq=False)
class Promises:
    """All promises, as often as they were kept.

    Attributes:
        seed: of all draws.
        promises: model by model.
    """

    seed: int
    promises: tuple[Promise, ...]

    def __repr__(self) -> str:
        broken = sum(not promise.holds for promise in self.promises)
        return f"<Promises: {len(self.promises)} put to the test, {broken} broken, seed {self.seed}>"

    @property
    def passed(self) -> bool:
        """Return whether every promise holds."""
        return all(promise.holds for promise in self.promises)

    def frame(self) -> pd.DataFrame:
        """Return a row a promise: what was counted, its rate with the binomial interval, its bounds and its price."""
        import pandas as pd

        return pd.DataFrame(self.as_json()["promises"])

    def as_json(self) -> dict[str, Any]:
        """Return the promises as plain data."""
        return {
            "seed": self.seed,
            "promises": [
                {"promise": promise.promise, "model": promise.model, "repetitions": promise.repetitions}
                | {"count": promise.count, "rate": promise.rate.estimate}
                | {"low": promise.rate.low, "high": promise.rate.high}
                | {"least": promise.least, "most": promise.most, "holds": promise.holds, "price": promise.price}
                for promise in self.promises
            ],
        }


PutToTheTest = Callable[[], Sequence[Promise]]
"""Repeats what some promises are about, and counts."""


def put_to_the_test(tests: Sequence[PutToTheTest], seed: int, progress: Progress | None = None) -> Promises:
    """Do all tests, one after the other.

    Args:
        tests: each gives its promises.
        seed: that they were given.
        progress: called with (tests done, tests in all).
    """
    promises: list[Promise] = []
    for done, test in enumerate(tests):
        promises += test()
        if progress is not None:
            progress(done + 1, len(tests))
    return Promises(seed=seed, promises=tuple(promises))
