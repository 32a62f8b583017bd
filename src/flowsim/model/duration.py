"""The law of how long something lasts, by what is known of it, over one uniform."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal, SupportsIndex

from pydantic import WithJsonSchema, field_validator, model_serializer, model_validator

from flowsim.core.civil_time import MINUTES, Span, in_python, parse_span, span_text
from flowsim.core.errors import InputError, Record, is_real, whole_number
from flowsim.core.numbers import plain_number
from flowsim.core.quantities import TypedNumber, parse_share

if TYPE_CHECKING:
    from flowsim.core.laws import Distribution, PhaseType
    from flowsim.core.written import RealLike, SpanLike

__all__ = ["Duration"]

LawName = Literal[
    "fixed",
    "exponential",
    "gamma",
    "weibull",
    "lognormal",
    "loglogistic",
    "normal",
    "uniform",
    "triangular",
    "pert",
    "phase_type",
    "mixture",
    "empirical",
]
_KEYS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "fixed": (("mean",), ()),
    "exponential": (("mean",), ("shift",)),
    **dict.fromkeys(("gamma", "weibull", "lognormal", "loglogistic"), (("mean", "cv"), ("quantiles", "shift"))),
    "normal": (("mean", "cv"), ("shift",)),
    "uniform": (("least", "most"), ()),
    **dict.fromkeys(("triangular", "pert"), (("least", "mode", "most"), ())),
    "phase_type": (("phases",), ("start", "next", "shift")),
    "mixture": (("of",), ("weights",)),
    "empirical": (("values",), ("weights",)),
}
"""The keys that each law is given by, and those that it may have."""
_BY_SHARE = {"type": "object", "additionalProperties": {"type": "string"}, "minProperties": 2, "maxProperties": 2}
_LAWS = {"type": "array", "items": {"type": ["string", "object"]}}  # a schema that refers to itself fits in no other
_OPTIONAL = tuple(dict.fromkeys(key for keys in _KEYS.values() for group in keys for key in group))
_LONGEST = 200 * MINUTES["year"]
_LEAST_CV, _MOST_CV = 0.01, 20.0
_MOST_NORMAL_CV = 0.9  # a normal law that is cut at 0 comes near an exponential one, whose cv is 1
_MOST_PHASES = 20
_HEAVIEST = 1e15  # so that sums of weights are exact enough, and finite


class Duration(Record):
    """A law of durations, such as a stay, a patience, or the time between two arrivals.

    Written in a file as a span (`"12 weeks"`, fixed) or a table
    (`{ law = "gamma", mean = "12 weeks", cv = 0.5 }`); made in Python by the class methods, which take spans as such
    texts or as `timedelta`. A `timedelta` alone is a fixed duration wherever one is asked for.

    What gives a law:

    - fixed, exponential: `mean`
    - gamma, weibull, lognormal, loglogistic: `mean` and `cv`, or two `quantiles`
    - normal: `mean` and `cv` of the law as it is, cut at 0; a `cv` of at most 0.9
    - uniform: `least` and `most`
    - triangular, pert: `least`, `mode` and `most`
    - phase_type: the mean of each of its `phases`, with `start` and `next` where they are no plain chain
    - mixture: the laws it is made `of`, with their `weights`
    - empirical: the observed `values`, with their `weights`

    Attributes:
        law: one of the names above. Erlang is gamma with `cv = phases ** -0.5`.
        mean: the mean, without `shift`, in minutes inside, written with its unit.
        cv: the coefficient of variation (standard deviation over mean), without `shift`.
        shift: added to each duration: the law then says how much longer it lasts.
        least: the shortest duration.
        mode: the likeliest duration.
        most: the longest duration.
        quantiles: two durations, each with the probability of a shorter one: `{ "50 %" = "9 weeks", "90 %" = "23
            weeks" }`; `mean` and `cv` are computed from them.
        phases: the mean of each exponential phase.
        start: the probability to start in each phase; the first one where left out.
        next: the probability to go on from each phase (row) to each other; each to the next one where left out. What
            a row lacks to 1 ends the duration.
        of: the laws of a mixture.
        values: the observed durations of an empirical law.
        weights: how often each of `values` was observed, or each law of a mixture applies; equally often where left
            out.
    """

    law: LawName
    mean: Span | None = None
    cv: TypedNumber | None = None
    shift: Span | None = None
    least: Span | None = None
    mode: Span | None = None
    most: Span | None = None
    quantiles: Annotated[tuple[tuple[float, Span], ...], WithJsonSchema(_BY_SHARE)] = ()
    phases: tuple[Span, ...] = ()
    start: tuple[TypedNumber, ...] = ()
    next: tuple[tuple[TypedNumber, ...], ...] = ()
    of: Annotated[tuple[Duration, ...], WithJsonSchema(_LAWS)] = ()
    values: tuple[Span, ...] = ()
    weights: tuple[TypedNumber, ...] = ()

    if TYPE_CHECKING:

        def __init__(
            self,
            *,
            law: LawName,
            mean: SpanLike | None = None,
            cv: RealLike | None = None,
            shift: SpanLike | None = None,
            least: SpanLike | None = None,
            mode: SpanLike | None = None,
            most: SpanLike | None = None,
            quantiles: Mapping[Any, SpanLike] | Iterable[tuple[float, SpanLike]] = (),
            phases: Iterable[SpanLike] = (),
            start: Iterable[RealLike] = (),
            next: Iterable[Iterable[RealLike]] = (),
            of: Iterable[Duration | SpanLike | Mapping[str, Any]] = (),
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
        number = whole_number("phases", phases, -(2**63))
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
    def loglogistic(cls, mean: SpanLike, cv: RealLike) -> Duration:
        """Make a log-logistic duration."""
        return cls(law="loglogistic", mean=mean, cv=cv)

    @classmethod
    def normal(cls, mean: SpanLike, cv: RealLike) -> Duration:
        """Make a normal duration, cut at 0; its mean and cv are those after the cut."""
        return cls(law="normal", mean=mean, cv=cv)

    @classmethod
    def uniform(cls, least: SpanLike, most: SpanLike) -> Duration:
        """Make a duration that is anything between two bounds, equally likely."""
        return cls(law="uniform", least=least, most=most)

    @classmethod
    def triangular(cls, least: SpanLike, mode: SpanLike, most: SpanLike) -> Duration:
        """Make a triangular duration, of its shortest, likeliest and longest."""
        return cls(law="triangular", least=least, mode=mode, most=most)

    @classmethod
    def pert(cls, least: SpanLike, mode: SpanLike, most: SpanLike) -> Duration:
        """Make a beta duration of mean (least + 4 mode + most) / 6, of its shortest, likeliest and longest."""
        return cls(law="pert", least=least, mode=mode, most=most)

    @classmethod
    def from_quantiles(cls, law: LawName, quantiles: Mapping[float, SpanLike]) -> Duration:
        """Make a gamma, weibull, lognormal or loglogistic duration, as by `{0.5: "9 weeks", 0.9: "23 weeks"}`."""
        return cls(law=law, quantiles=quantiles)

    @classmethod
    def phase_type(
        cls, phases: Iterable[SpanLike], start: Iterable[RealLike] = (), next: Iterable[Iterable[RealLike]] = ()
    ) -> Duration:
        """Make the time through exponential phases, such as a Coxian or hyperexponential law."""
        return cls(law="phase_type", phases=phases, start=start, next=next)

    @classmethod
    def mixture(
        cls, of: Iterable[Duration | SpanLike | Mapping[str, Any]], weights: Iterable[RealLike] = ()
    ) -> Duration:
        """Make a duration that follows one of several laws, each with its weight."""
        return cls(law="mixture", of=of, weights=weights)

    @classmethod
    def empirical(cls, values: Iterable[SpanLike], weights: Iterable[RealLike] | None = None) -> Duration:
        """Make a duration that is one of the observed ones, with weights where given."""
        return cls(law="empirical", values=values, weights=() if weights is None else weights)

    @field_validator("phases", "start", "of", "values", "weights", mode="before")
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
        raw = in_python(raw)
        if isinstance(raw, str | timedelta):
            return {"law": "fixed", "mean": raw}
        if isinstance(raw, int | float):
            raise ValueError(f"{raw!r} is no duration: write a number with its unit, such as '12 weeks'")
        return raw

    @field_validator("quantiles", mode="before")
    @classmethod
    def _as_pairs(cls, raw: Any) -> Any:
        if not isinstance(raw, Mapping):
            return raw
        return tuple((parse_share(str(share), "quantiles"), span) for share, span in raw.items())

    @field_validator("quantiles")
    @classmethod
    def _sane_quantiles(cls, quantiles: tuple[tuple[float, float], ...]) -> tuple[tuple[float, float], ...]:
        rising = sorted(quantiles)
        (low, short), (high, long) = rising if len(rising) == 2 else ((0.0, 0.0), (0.0, 0.0))
        if not (0 < low < high < 1 and 0 < short < long):
            raise ValueError(
                'two shares and two spans are needed, both rising: { "50 %" = "9 weeks", "90 %" = "23 weeks" }'
            )
        return tuple(rising)

    @field_validator("cv")
    @classmethod
    def _sane_cv(cls, cv: float | None) -> float | None:
        if cv is not None and not _LEAST_CV <= cv <= _MOST_CV:
            raise ValueError(
                f"a coefficient of variation of {cv} is absurd: it lies between {_LEAST_CV} and {_MOST_CV:g}"
            )
        return cv

    @model_validator(mode="after")
    def _complete(self) -> Duration:
        needed, optional = _KEYS[self.law]
        having = [key for key in _OPTIONAL if getattr(self, key) not in (None, ())]
        if self.quantiles and "quantiles" in optional:
            having += self._complete_by_quantiles()
        given_by = " and ".join(f"`{key}`" for key in needed)
        missing = [key for key in needed if key not in having]
        if missing:
            raise ValueError(f"a law '{self.law}' is given by {given_by}: `{missing[0]}` is missing")
        strange = [key for key in having if key not in needed + optional]
        if strange:
            raise ValueError(f"a law '{self.law}' takes no `{strange[0]}`: it is given by {given_by}")
        if self.law != "fixed" and self.mean == 0:
            raise ValueError(f"a law '{self.law}' needs a positive `mean`; write '0 minutes' for no time at all")
        if self.law == "normal" and self.cv is not None and self.cv > _MOST_NORMAL_CV:
            raise ValueError(f"a normal law that is cut at 0 has a `cv` of at most {_MOST_NORMAL_CV}, not {self.cv}")
        if self.most is not None:
            self._check_bounds()
        if self.phases:
            self._check_phases()
        count = len(self.values or self.of)
        if self.weights and (len(self.weights) != count or min(self.weights) < 0 or sum(self.weights) <= 0):
            raise ValueError(f"`weights` are as many as `{needed[0]}`, none negative, not all zero")
        if max(self.weights, default=0.0) > _HEAVIEST:
            raise ValueError(f"a weight of {max(self.weights):g} is absurd: at most {_HEAVIEST:g}")
        if self.longest_mean > _LONGEST:
            raise ValueError(f"a mean of {self.longest_mean / MINUTES['year']:.0f} years is absurd: at most 200 years")
        return self

    def _complete_by_quantiles(self) -> tuple[str, str]:
        """Fill in mean and cv; a law that is checked again has them already."""
        from flowsim.core.laws import moments_of_quantiles

        mean, cv = moments_of_quantiles(self.law, self.quantiles)
        given = (mean if self.mean is None else self.mean, cv if self.cv is None else self.cv)
        if not all(map(math.isclose, given, (mean, cv))):
            raise ValueError(f"a law '{self.law}' is given by `mean` and `cv` or by `quantiles`, not by both")
        object.__setattr__(self, "mean", given[0])
        object.__setattr__(self, "cv", given[1])
        return "mean", "cv"

    def _check_bounds(self) -> None:
        least, most = self.least or 0.0, self.most or 0.0
        mode = most if self.mode is None else self.mode
        if not least <= mode <= most or least == most:
            order = "`least`, `mode` and `most` rise" if self.mode is not None else "`least` is below `most`"
            raise ValueError(f"a law '{self.law}' needs bounds in their order: {order}")

    def _check_phases(self) -> None:
        count = len(self.phases)
        if count > _MOST_PHASES or min(self.phases) <= 0:
            raise ValueError(f"`phases` are the positive means of at most {_MOST_PHASES} phases")
        if self.start and (len(self.start) != count or min(self.start) < 0 or abs(sum(self.start) - 1) > 1e-9):
            raise ValueError("`start` has one probability for each phase, and they sum to 1")
        for row in self.next:
            if len(row) != count or min(row) < 0 or sum(row) > 1 + 1e-9:
                raise ValueError("each row of `next` has one probability for each phase, and sums to at most 1")
        if self.next and len(self.next) != count:
            raise ValueError("`next` has one row for each phase")
        if not self._phase_type().ends:
            raise ValueError("by `start` and `next` a duration goes on for ever: no way leads out of some phase")

    def __repr__(self) -> str:
        """Return the call that makes it."""
        return f"Duration.fixed({self.model_dump()!r})" if self.law == "fixed" else super().__repr__()

    @model_serializer
    def _write(self) -> Any:
        if self.law == "fixed":
            return span_text(self.mean or 0.0)
        plain: dict[str, Any] = {"law": self.law}
        if self.quantiles:
            plain["quantiles"] = {f"{100 * share:.12g} %": span_text(span) for share, span in self.quantiles}
        for key in ("values", "phases"):
            if getattr(self, key):
                plain[key] = [span_text(span) for span in getattr(self, key)]
        if self.of:
            plain["of"] = [law.model_dump(mode="json") for law in self.of]
        for key in ("start", "weights"):
            if getattr(self, key):
                plain[key] = list(getattr(self, key))
        if self.next:
            plain["next"] = [list(row) for row in self.next]
        if self.mean is not None and not self.quantiles:
            plain["mean"] = span_text(self.mean)
            plain |= {"cv": self.cv} if self.cv is not None else {}
        return plain | {
            key: span_text(getattr(self, key))
            for key in ("shift", "least", "mode", "most")
            if getattr(self, key) is not None
        }

    @property
    def longest_mean(self) -> float:
        """The mean, and for an empirical law the longest value, in minutes: what must stay below 200 years."""
        return max(self.values) if self.law == "empirical" else self.mean_minutes

    @property
    def mean_minutes(self) -> float:
        """The mean of the law in minutes."""
        return self._moments[0]

    @property
    def squared_cv(self) -> float:
        """The variance over the square of the mean; 0 for a law that is always 0."""
        mean, square = self._moments
        return max(square / mean**2 - 1, 0.0) if mean > 0 else 0.0

    @property
    def _moments(self) -> tuple[float, float]:
        """The mean, and the mean of the square, in minutes."""
        shift = self.shift or 0.0
        if self.mean is not None:
            cv = {"fixed": 0.0, "exponential": 1.0}.get(self.law, self.cv or 0.0)
            mean, square = self.mean, (1 + cv**2) * self.mean**2
        elif self.most is not None:
            mean, square = self._moments_of_bounds(self.least or 0.0, self.most)
        elif self.phases:
            mean, square = self._phase_type().moments
        else:
            parts = [law._moments for law in self.of] or [(value, value**2) for value in self.values]
            total = math.fsum(self._weights)
            mean, square = (
                math.fsum(w * part[power] for w, part in zip(self._weights, parts, strict=True)) / total
                for power in (0, 1)
            )
        return mean + shift, square + 2 * shift * mean + shift**2

    def _moments_of_bounds(self, least: float, most: float) -> tuple[float, float]:
        mode = self.mode or 0.0
        if self.law == "uniform":
            mean, variance = (least + most) / 2, (most - least) ** 2 / 12
        elif self.law == "triangular":
            mean = (least + mode + most) / 3
            variance = ((most - least) ** 2 - (most - mode) * (mode - least)) / 18
        else:
            mean = (least + 4 * mode + most) / 6
            variance = (mean - least) * (most - mean) / 7
        return mean, variance + mean**2

    @property
    def _weights(self) -> tuple[float, ...]:
        return self.weights or (1.0,) * len(self.values or self.of)

    def _phase_type(self) -> PhaseType:
        import numpy as np

        from flowsim.core.laws import PhaseType

        count = len(self.phases)
        start = np.array(self.start) if self.start else np.eye(count)[0]
        following = np.array(self.next) if self.next else np.eye(count, k=1)
        return PhaseType(means=np.array(self.phases), start=start, next=following)

    def pieces(self) -> list[tuple[float, Distribution]]:
        """Return the distributions, in minutes and without `shift`, that make up the law, and their shares.

        One for most laws; two for a triangular one, whose density has an edge; none for a law of atoms or a mixture.
        """
        from flowsim.core.laws import of_bounds, of_moments

        if self.phases:
            return [(1.0, self._phase_type().distribution())]
        if self.most is not None:
            return of_bounds(self.law, self.least or 0.0, self.mode or 0.0, self.most)
        if self.law in ("fixed", "empirical", "mixture"):
            return []
        return [(1.0, of_moments(self.law, self.mean or 0.0, self.cv or 1.0))]

    def shares(self) -> tuple[float, ...]:
        """Return the probability of each value of an empirical law, or of each law of a mixture."""
        total = math.fsum(self._weights)
        return tuple(weight / total for weight in self._weights)

    def atoms(self) -> Iterator[float]:
        """Yield the durations, in minutes, that have a probability of their own."""
        if self.law == "fixed":
            yield self.mean or 0.0
        yield from self.values
        for law in self.of:
            yield from law.atoms()

    @property
    def is_zero(self) -> bool:
        """Whether the duration is no time at all, for certain."""
        return self.longest_mean == 0.0

    def scaled(self, factor: float) -> Duration:
        """Return the same law, `factor` times as long.

        Raises:
            InputError: for a factor that is negative, or not finite.
        """
        if not is_real(factor) or not 0 <= factor < math.inf:
            raise InputError(f"a duration cannot become {factor} times as long")
        if factor == 0 and self.law not in ("fixed", "empirical"):
            return Duration.fixed("0 minutes")

        def longer(span: float) -> float:
            return parse_span(span_text(span * factor))

        update: dict[str, Any] = {}
        for key in ("mean", "shift", "least", "mode", "most"):
            if getattr(self, key) is not None:
                update[key] = longer(getattr(self, key))
        for key in ("phases", "values"):
            update[key] = tuple(map(longer, getattr(self, key)))
        update["quantiles"] = tuple((share, longer(span)) for share, span in self.quantiles)
        update["of"] = tuple(law.scaled(factor) for law in self.of)
        return self.model_copy(update=update)
