"""What the draws of a replication depend on besides the citizen: the seed, and a word that may change at dates."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

__all__ = ["MOST_FORKS", "MOST_WORD", "Luck", "luck_of", "side_stream"]

MOST_FORKS = 2**7 - 1
MOST_WORD = 2**56 - 1
"""The greatest number of a history or a future, where there are forks: above it stands how many have passed."""


class Luck(NamedTuple):
    """The words of a replication: `words[p]` from `forks[p - 1]` until before `forks[p]`, ticks in rising order."""

    seed: Any
    words: Any  # uint64, one more than forks
    forks: Any  # int64


def side_stream(seed: int, purpose: str, *address: int) -> np.random.Generator:
    """Return the random numbers of one purpose beside the engine's, such as a bootstrap or draws from a prior.

    By a hash of all that is given: neighbouring seeds, and two purposes of one seed, share nothing.

    Args:
        seed: a whole number.
        purpose: what the numbers are for.
        address: whole numbers, such as that of a draw.
    """
    content = f"{int(seed)} {purpose} {' '.join(str(int(number)) for number in address)}"
    return np.random.default_rng(int.from_bytes(hashlib.blake2b(content.encode(), digest_size=32).digest(), "little"))


def luck_of(seed: int, replication: int, forks: Sequence[tuple[int, int]] = ()) -> Luck:
    """Return the luck of a replication: its own number, and from the tick of each fork on that of a future.

    Periods between forks never share a word, though a future may bear the number of a history.

    Args:
        seed: a whole number of 64 bits.
        replication: the number of the replication, or of the history.
        forks: ticks in rising order, each with the number of the future that begins there.
    """
    words = [np.uint64(replication)]
    for period, (_, future) in enumerate(forks, start=1):
        words.append(np.uint64(period << 56 | future))
    return Luck(np.uint64(seed), np.array(words, np.uint64), np.array([tick for tick, _ in forks], np.int64))
