"""What is calibrated to what: a base, the prior of its factors, and the targets that documents give."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Any

from flowsim import evidence
from flowsim.errors import InputError, nearest, unknown_name
from flowsim.evidence import Evidence
from flowsim.parameters import BUILT_IN, Base, read_base, read_toml
from flowsim.pathway import Pathway
from flowsim.prior import Prior
from flowsim.results import Results
from flowsim.targets import Target, observer, read_targets, targets
from flowsim.trace import Floats

__all__ = ["FromPrior", "Study"]

_KEYS = {"base", "end", "facts", "targets", "factors"}


@dataclass(frozen=True, kw_only=True)
class Study:
    """A base whose factors are calibrated to targets.

    Attributes:
        name: the base's name.
        prior: the factors, their spreads and reasons.
        targets: the documented figures, those that are not fitted included.
        facts: what is documented, with the words of its sources.
        source: the file that tells it, or the name of a built-in base.
    """

    name: str
    prior: Prior
    targets: tuple[Target, ...]
    facts: Evidence
    source: str

    @classmethod
    def read(cls, name_or_path: str | Path) -> Study:
        """Read the study of a built-in base by its name, or a calibration file of one's own.

        Such a file names its `base` (a pathway file), its `facts` and its `targets` (files beside it), the `end`
        of what is simulated, and the `factors`.

        Raises:
            InputError: one line with the file, the key path, the value and what is allowed.
        """
        if str(name_or_path) in BUILT_IN:
            source = str(name_or_path)
            content, folder = (resources.files("flowsim") / "data" / f"{source}-prior.toml").read_bytes(), None
        else:
            path = Path(name_or_path)
            if not path.is_file():
                hint = nearest(str(name_or_path), BUILT_IN)
                known = ", ".join(f"'{name}'" for name in BUILT_IN)
                raise InputError(f"there is no file '{path}'{hint} (allowed: {known}, or a calibration file)")
            source, content, folder = str(path), path.read_bytes(), path.parent
        raw = read_toml(content, source)
        for key in raw:
            if key not in _KEYS:
                raise InputError(f"{source}: {unknown_name('key', key, _KEYS)}")
        if not isinstance(raw.get("base"), str):
            raise InputError(f"{source}: base: name the pathway file, or a built-in base ({', '.join(BUILT_IN)})")
        base = _until(read_base(raw["base"], folder), raw.get("end"), f"{source}: end")
        prior = Prior.of(base, raw.get("factors", {}), source)
        facts, chosen = _documents(raw, folder, source)
        return cls(name=base.name, prior=prior, targets=chosen, facts=facts, source=source)

    @property
    def base(self) -> Base:
        """The base, with its horizon cut where the study ends."""
        return self.prior.base

    @cached_property
    def fitted(self) -> tuple[Target, ...]:
        """The targets that the factors are fitted to."""
        return tuple(target for target in self.targets if target.fitted)

    @property
    def digest(self) -> str:
        """The SHA-256 over all that a result of this study depends on; words of explanation are no part of it."""
        told = {
            "base": self.base.raw,
            "first": {name: parameter.first for name, parameter in self.base.parameters.items()},
            "factors": [_without(asdict(factor), "title", "why") for factor in self.prior.factors],
            "targets": [_without(asdict(target), "why") for target in self.targets],
        }
        text = json.dumps(told, sort_keys=True, ensure_ascii=False, default=str)
        return hashlib.sha256(text.encode()).hexdigest()

    def model(self, z: Floats) -> Pathway:
        """Return the pathway at a position of the factors."""
        return self.base.pathway(self.prior.parameters(z))

    def observe(self, results: Results, among: tuple[Target, ...] | None = None) -> Floats:
        """Return what each replication says of each target, shape (replications, targets); NaN where undefined."""
        chosen = self.targets if among is None else among
        return observer(chosen, results.index).observe(results.values)


@dataclass(frozen=True, kw_only=True)
class FromPrior:
    """A model whose parameters are drawn from the prior for every replication anew."""

    study: Study

    def draw(self, seed: int, number: int) -> Floats:
        """Return the position of one draw."""
        return self.study.prior.draw(seed, number)

    def pathway(self, seed: int, replication: int) -> Pathway:
        """Return the pathway of a replication."""
        return self.study.model(self.draw(seed, replication))


def _without(told: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in told.items() if key not in keys}


def _until(base: Base, end: Any, where: str) -> Base:
    if end is None:
        return base
    if not isinstance(end, date):
        raise InputError(f"{where}: {end!r} is not allowed: it should be a date such as 2021-02-01")
    pathway = base.pathway()
    moment = end if isinstance(end, datetime) else datetime(end.year, end.month, end.day)
    if not pathway.start < moment <= pathway.end:
        raise InputError(f"{where}: {end} is not allowed: from {pathway.start:%Y-%m-%d} to {pathway.end:%Y-%m-%d}")
    return replace(base, raw={**base.raw, "end": end})


def _documents(raw: Mapping[str, Any], folder: Path | None, source: str) -> tuple[Evidence, tuple[Target, ...]]:
    if folder is None:
        return evidence.load(), targets(raw["base"])
    for key in ("facts", "targets"):
        if not isinstance(raw.get(key), str):
            raise InputError(f"{source}: {key}: name the file that tells them")
        if not (folder / raw[key]).is_file():
            raise InputError(f"{source}: {key}: there is no file '{folder / raw[key]}'")
    facts = evidence.load(folder / raw["facts"])
    return facts, read_targets(folder / raw["targets"], facts)
