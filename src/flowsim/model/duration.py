"""The law of how long something lasts: by its mean and coefficient of variation, over one uniform."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal, SupportsIndex

from pydantic import field_validator, model_serializer, model_validator

from flowsim.core.civil_time import MINUTES, Span, parse_span, span_text
from flowsim.core.errors import InputError, Record
from flowsim.core.numbers import plain_number

if TYPE_CHECKING:
    from flowsim.core.written import RealLike, SpanLike

__all__ = ["Duration", "weibull_inverse_shape"]

Law = Literal["fixed", "exponential", "gamma", "weibull", "lognormal", "empirical"]
_LONGEST = 200 * MINUTES["year"]


class Duration(Record):
    """A law of durations, such as a stay, a patience, or the time between two arrivals.

    Written in a file as a span (`"12 weeks"`, fixed) or a table
    (`{ law = "gamma", mean = "12 weeks", cv = 0.5 }`); made in Python by the class methods, which take spans as such
    texts or as `timedelta`. A `timedelta` alone is a fixed duration wherever one is asked for.

    Attributes:
        law: fixed, exponential, gamma (Erlang is gamma with `cv = phases ** -0.5`), weibull, lognormal, empirical.
        mean: the mean, in minutes inside, written with its unit; not given for an empirical law.
        cv: the coefficient of variation (standard deviation over mean), for gamma, weibull and lognormal.
        values: the observed durations of an empirical law.
        weights: how often each of `values` was observed; equally often where left out.
    """

    law: Law
    mean: Span | None = None
    cv: float | None = None
    values: tuple[Span, ...] = ()
    weights: tuple[float, ...] = ()

    if TYPE_CHECKING:

        def __init__(
            self,
            *,
            law: Law,
            mean: SpanLike | None = None,
            cv: RealLike | None = None,
            values: Iterable[SpanLike] = (),
            weights: Iterable[RealLike] = (),
        ) -> None: ...

    @classmethod
    def fixed(cls, length: SpanLike) -> Duration:
        """Make a duration that is always the same."""
        return cls(law="fixed", mean=length)

    @classmethod
    def exponential(cls, mean: SpanLike) -> Duration:
        """Make a memoryless duration."""
        return cls(law="exponential", mean=mean)

    @classmethod
    def erlang(cls, mean: SpanLike, phases: SupportsIndex) -> Duration:
        """Make the sum of a number of equal exponential phases: 1 or more."""
        number = phases.__index__()
        if number < 1:
            raise InputError(f"phases = {number}: an Erlang law has 1 phase or more")
        return cls(law="gamma", mean=mean, cv=number**-0.5)

    @classmethod
    def gamma(cls, mean: SpanLike, cv: RealLike) -> Duration:
        """Make a gamma duration."""
        return cls(law="gamma", mean=mean, cv=cv)

    @classmethod
    def weibull(cls, mean: SpanLike, cv: RealLike) -> Duration:
        """Make a Weibull duration."""
        return cls(law="weibull", mean=mean, cv=cv)

    @classmethod
    def lognormal(cls, mean: SpanLike, cv: RealLike) -> Duration:
        """Make a lognormal duration."""
        return cls(law="lognormal", mean=mean, cv=cv)

    @classmethod
    def empirical(cls, values: Iterable[SpanLike], weights: Iterable[RealLike] | None = None) -> Duration:
        """Make a duration that is one of the observed ones, with weights where given."""
        return cls(law="empirical", values=values, weights=() if weights is None else weights)

    @field_validator("values", "weights", mode="before")
    @classmethod
    def _listed(cls, raw: Any) -> Any:
        return tuple(raw) if isinstance(raw, Iterable) and not isinstance(raw, str) else raw

    @field_validator("cv", mode="before")
    @classmethod
    def _plain(cls, raw: Any) -> Any:
        return plain_number(raw)

    @model_validator(mode="before")
    @classmethod
    def _from_span(cls, raw: Any) -> Any:
        if isinstance(raw, str | timedelta):
            return {"law": "fixed", "mean": raw}
        if isinstance(raw, int | float):
            raise ValueError(f"{raw!r} is no duration: write a number with its unit, such as '12 weeks'")
        return raw

    @field_validator("cv")
    @classmethod
    def _sane_cv(cls, cv: float | None) -> float | None:
        if cv is not None and not 0.01 <= cv <= 20:
            raise ValueError(f"a coefficient of variation of {cv} is absurd: it lies between 0.01 and 20")
        return cv

    @model_validator(mode="after")
    def _complete(self) -> Duration:
        empirical = self.law == "empirical"
        if empirical and (not self.values or self.mean is not None):
            raise ValueError("an empirical law is given by its `values` alone, at least one")
        if not empirical and (self.mean is None or self.values or self.weights):
            raise ValueError(f"a law '{self.law}' is given by its `mean`, without `values` or `weights`")
        shaped = self.law in ("gamma", "weibull", "lognormal")
        if shaped and (self.cv is None or self.mean == 0):
            raise ValueError(f"a law '{self.law}' needs a positive `mean` and its `cv`")
        if not shaped and self.cv is not None:
            raise ValueError(f"a law '{self.law}' takes no `cv`")
        if self.law == "exponential" and self.mean == 0:
            raise ValueError("an exponential law needs a positive `mean`; write '0 minutes' for no time at all")
        if self.weights and (len(self.weights) != len(self.values) or min(self.weights) < 0 or sum(self.weights) <= 0):
            raise ValueError("`weights` are as many as `values`, none negative, not all zero")
        if self.longest_mean > _LONGEST:
            raise ValueError(f"a mean of {self.longest_mean / MINUTES['year']:.0f} years is absurd: at most 200 years")
        return self

    @model_serializer
    def _write(self) -> Any:
        if self.law == "fixed":
            return span_text(self.mean or 0.0)
        if self.law == "empirical":
            plain: dict[str, Any] = {"law": self.law, "values": [span_text(v) for v in self.values]}
            return plain | ({"weights": list(self.weights)} if self.weights else {})
        plain = {"law": self.law, "mean": span_text(self.mean or 0.0)}
        return plain | ({"cv": self.cv} if self.cv is not None else {})

    @property
    def longest_mean(self) -> float:
        """The mean, and for an empirical law the longest value, in minutes: what must stay below 200 years."""
        return max(self.values) if self.law == "empirical" else self.mean or 0.0

    @property
    def mean_minutes(self) -> float:
        """The mean of the law in minutes."""
        if self.law != "empirical":
            return self.mean or 0.0
        weights = self.weights or (1.0,) * len(self.values)
        return math.fsum(v * w for v, w in zip(self.values, weights, strict=True)) / math.fsum(weights)

    @property
    def is_zero(self) -> bool:
        """Whether the duration is no time at all, for certain."""
        return self.longest_mean == 0.0

    def scaled(self, factor: float) -> Duration:
        """Return the same law, `factor` times as long.

        Raises:
            InputError: for a negative factor.
        """
        if factor < 0:
            raise InputError(f"a duration cannot become {factor} times as long")
        if self.law == "empirical":
            longer = [span_text(v * factor) for v in self.values]
            return Duration.empirical(longer, list(self.weights))
        return self.model_copy(update={"mean": parse_span(span_text((self.mean or 0.0) * factor))})


def weibull_inverse_shape(cv: float) -> float:
    """Solve gamma(1 + 2/k) / gamma(1 + 1/k)^2 = 1 + cv^2 for 1/k."""
    from scipy import optimize, special

    def excess(inverse: float) -> float:
        return float(special.gammaln(1 + 2 * inverse) - 2 * special.gammaln(1 + inverse)) - math.log1p(cv**2)

    return float(optimize.brentq(excess, 1e-3, 60.0, xtol=1e-14))
