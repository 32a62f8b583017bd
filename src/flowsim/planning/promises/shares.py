"""The intervals of `explain` in many repetitions, on straight lines whose shares are known."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np

from flowsim.core.arrays import Bools
from flowsim.planning.influence import decompose
from flowsim.planning.shapley import ALL_SUBSETS, orders_of, shapley_shares
from flowsim.theory.verification.promises import Promise, PutToTheTest, counted_together

__all__ = ["share_promises", "share_tests"]


def share_promises(factors: int, repetitions: int, seed: int = 1) -> list[Promise]:
    """Put the intervals of `explain` to the test on straight lines of correlated factors, half of which do nothing."""
    root = np.linalg.cholesky(0.7 * np.eye(factors) + 0.3)
    slopes = 0.6 ** np.arange(factors) * (1 - 2 * (np.arange(factors) % 2)) * (np.arange(factors) < factors // 2)
    generator = np.random.Generator(np.random.Philox(key=[seed, 37]))
    many = generator.standard_normal((200_000, factors)) @ root.T
    noise, luck = 0.15 * float((many @ slopes).var()), 0.5 * float((many @ slopes).var())
    middle = many @ slopes + math.sqrt(noise) * generator.standard_normal(len(many))
    orders = orders_of(factors) if factors > ALL_SUBSETS else None
    truth = shapley_shares(many, middle, orders) * middle.var() / (middle.var() + luck)
    held, moved = [], []
    for number in range(repetitions):
        x = generator.standard_normal((200, factors)) @ root.T
        base = x @ slopes + math.sqrt(noise) * generator.standard_normal(200)
        parts = decompose(x, base[:, None] + math.sqrt(luck) * generator.standard_normal((200, 2)), seed=number)
        held.append([share.low <= true <= share.high for share, true in zip(parts.shares, truth.tolist(), strict=True)])
        ends = zip(
            [*parts.effect_low, *parts.effect_high], [*(slopes * parts.low), *(slopes * parts.high)], strict=True
        )
        moved.append([bool(effect.low <= true <= effect.high) for effect, true in ends])
    shares, effects = np.array(held), np.array(moved)
    named: dict[str, Any] = {"model": f"straight lines, {factors} factors", "least": 0.92}

    def counts(rows: Bools) -> dict[str, Any]:
        return counted_together(rows, np.ones_like(rows)) | named

    return [
        Promise(promise="explain: a share's interval, some effect", most=0.98, **counts(shares[:, slopes != 0])),
        # A share can't be below none, where its interval ends: it holds more often than it says.
        Promise(promise="explain: a share's interval, no effect", **counts(shares[:, slopes == 0])),
        Promise(promise="explain: an effect's interval holds", most=0.98, **counts(effects)),
    ]


def share_tests(repetitions: int, seed: int = 1) -> list[PutToTheTest]:
    """Return the tests of the intervals of `explain`.

    Args:
        repetitions: a quarter to a twentieth as many, of the more factors the fewer: each has two intervals or three.
        seed: of all draws.
    """
    return [
        partial(share_promises, factors, max(repetitions // part, 10), seed)
        for factors, part in ((5, 4), (10, 10), (33, 20))
    ]
