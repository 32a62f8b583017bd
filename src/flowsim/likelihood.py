"""Words for probabilities, each with the range that it stands for.

Those of Mastrandrea et al., Guidance Note for Lead Authors of the IPCC Fifth Assessment Report on Consistent Treatment
of Uncertainties (2010), table 1.
"""

from __future__ import annotations

from flowsim.language import Language

__all__ = ["LIKELY", "likely", "told_likely", "words_and_ranges"]

LIKELY = (
    (0.99, "likely.certain"),
    (0.9, "likely.very"),
    (0.66, "likely.likely"),
    (0.33, "likely.even"),
    (0.1, "likely.unlikely"),
    (0.01, "likely.very-unlikely"),
    (0.0, "likely.hardly"),
)
"""The least probability of each word, by its key in the table of terms."""


def likely(share: float) -> str:
    """Return the key of the word for a probability."""
    return next(key for least, key in LIKELY if share >= least)


def told_likely(low: float, high: float, language: Language) -> str:
    """Say how likely something is whose probability lies between two ends: one word, or the words of both ends."""
    least, most = (language.words[likely(share)] for share in (low, high))
    return least if least == most else language.say("likely.between", low=least, high=most)


def words_and_ranges(language: Language) -> tuple[str, ...]:
    """Return each word with the range that it stands for, the most likely first."""
    edges = [1.0, *(least for least, _ in LIKELY)]
    out = []
    for number, (least, key) in enumerate(LIKELY):
        low, high = language.percent(least, 0), language.percent(edges[number], 0)
        out.append(f"{language.words[key]}: {language.say('range', low=low, high=high)}")
    return tuple(out)
