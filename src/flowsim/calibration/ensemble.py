"""The posterior ensemble: parameter sets that fit the documents about alike; each replication draws one.

So the spread of a run's results holds what is not known of the parameters and the luck of one history together.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, partial
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from flowsim.calibration.checkpoints import table_text, whole
from flowsim.calibration.histories.kept import Histories, histories_csv, histories_of, sets_digest
from flowsim.calibration.histories.walking import Walk
from flowsim.calibration.study import Prior, Study, prior_of
from flowsim.core.arrays import Floats
from flowsim.core.display import Displayed
from flowsim.core.errors import InputError, require_type, whole_number
from flowsim.core.extras import require_extra
from flowsim.core.files import check_file, content_of, data_folder, read_toml, write_files
from flowsim.model.base import Base
from flowsim.model.changes import Draft
from flowsim.model.library import cities, city_file
from flowsim.model.pathway import Pathway
from flowsim.model.scenario import CarriedOn, Scenario
from flowsim.simulation.fork import Fork
from flowsim.simulation.opening import FromToday
from flowsim.simulation.runner import checked_seed

if TYPE_CHECKING:
    import xarray as xr

__all__ = [
    "CHECKSUMS",
    "STAMP",
    "Ensemble",
    "OverEnsemble",
    "Parameters",
    "ensemble_csv",
    "fitted",
    "mode_toml",
    "read_ensemble",
    "study_of",
    "write_histories",
]

STAMP = "study.json"
"""What tells, in the folder of a calibration, which study and seed it belongs to."""
CHECKSUMS = "checksums.json"
"""Beside the files of a finished calibration: the hash of each."""
_MOST_DRAFTS = 128  # each some 200 KB; a page runs 100 replications


class _Drafts:
    """The drafts of some replications over one base: those of the last base and seed that were asked for."""

    def __init__(self) -> None:
        self.clear()

    def __reduce__(self) -> tuple[Any, ...]:
        return _Drafts, ()  # another process makes its own: to send them would take longer

    def clear(self) -> None:
        self._kept: tuple[Any, dict[int, Draft]] = (None, {})

    def of(self, what: Any, replication: int, make: Callable[[], Draft]) -> Draft:
        kept = self._kept  # by one reading, for threads draft at once
        if kept[0] != what:
            kept = self._kept = (what, {})
        draft = kept[1].get(replication)
        if draft is None:
            draft = make()
            if len(kept[1]) < _MOST_DRAFTS:
                kept[1][replication] = draft
        return draft


@dataclass(frozen=True, kw_only=True, eq=False)
class Ensemble(Displayed):
    """Equally likely positions of a base's factors, and histories that hold its documented state, where it has some.

    Attributes:
        prior: the factors, and the base whose parameters they move.
        z: the positions, shape (sets, factors).
        mode: the values of the base's parameters at the mode, by name.
        provenance: what made them: the study's digest, seeds, draws, versions.
        histories: pairs of a set and a replication, of which each replication of a run draws one; None where each draws
            a set alone.
        walk: how factors that walked go on doing so after the last document; None where they keep their last values.
    """

    prior: Prior
    z: Floats
    mode: Mapping[str, Any]
    provenance: Mapping[str, Any]
    histories: Histories | None = None
    walk: Walk | None = None
    _drafts: _Drafts = field(default_factory=lambda: _Drafts(), init=False)

    def __repr__(self) -> str:
        lived = f", {len(self.histories):,} histories" if self.histories else ""
        return f"<Ensemble of '{self.prior.base.name}': {len(self):,} sets of {len(self.names)} factors{lived}>"

    @classmethod
    def of(cls, base: Base) -> Ensemble | None:
        """Return the ensemble that ships with a base, or that its files name; None for a base without one.

        Raises:
            InputError: where its calibration is of other figures.
        """
        require_type("base", base, Base, "a base: read_base('copenhagen') reads one")
        own = base.files.get("calibrated")
        if own is not None:
            return cls.read(str(own)) if (own / "ensemble.csv").is_file() else None
        if base.name not in cities():
            return None
        shipped = _shipped(base.name)
        if shipped is None or shipped.prior.base.sha256 != base.sha256:
            return None
        return shipped

    @classmethod
    def read(cls, folder: str | Path) -> Ensemble:
        """Read the ensemble that `flowsim calibrate` wrote to a folder.

        Raises:
            InputError: where there is none, or where its facts, factors or targets have changed since.
        """
        require_type("calibrated", folder, (str, Path), "the path of a folder")
        study = study_of(Path(folder))
        return read_ensemble(study.prior, study.source, Path(folder))

    def drawing(self, *, sets: bool = False, hold: bool = False) -> Ensemble:
        """Return the ensemble of which replications draw something else than histories whose factors walk on.

        Args:
            sets: they draw sets alone, each with a luck of its own from the start on.
            hold: factors keep their last values after the last document.
        """
        if not (sets or hold):
            return self
        return replace(self, histories=None if sets else self.histories, walk=None if hold else self.walk)

    def __len__(self) -> int:
        return len(self.z)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the factors."""
        return self.prior.names

    def number(self, seed: int, replication: int) -> int:
        """Return which set a replication draws: a function of the two alone.

        Consecutive replications draw different sets until all are used, or different histories, each with its set.

        Raises:
            InputError: for a seed, or a number of a replication, that is none.
        """
        seed, replication = checked_seed(seed), whole_number("replication", replication)
        if self.histories is not None:
            return self.histories.set_of(seed, replication)
        first = int.from_bytes(hashlib.blake2b(f"ensemble {seed}".encode(), digest_size=8).digest(), "little")
        return (first + replication) % len(self.z)

    def parameters(self, seed: int, replication: int) -> dict[str, Any]:
        """Return the values of the base's parameters in a replication, by name."""
        return self.prior.parameters(self.z[self.number(seed, replication)])

    def carried_on(self, seed: int, replication: int) -> CarriedOn | None:
        """Return how the base goes on in a replication after its last document; None where its last values hold."""
        return None if self.walk is None else partial(self.walk.continue_in, seed=seed, replication=replication)

    def draft(self, scenario: Scenario, seed: int, replication: int) -> Draft:
        """Return the base of a scenario with the parameters of a replication, to which its changes are made.

        Those of the first replications are kept, for the next scenario that is compared with this one.
        """
        require_type("scenario", scenario, Scenario, "a Scenario: Scenario.of reads one")
        seed, replication = checked_seed(seed), whole_number("replication", replication)

        def make() -> Draft:
            return scenario.draft(self.parameters(seed, replication), self.carried_on(seed, replication))

        return self._drafts.of((scenario.frame, seed), replication, make)

    def forget(self) -> None:
        """Let go of the drafts that are kept."""
        self._drafts.clear()

    def fork(self, seed: int) -> Fork | None:
        """Return the fork from which on replications have futures of their own; None without histories."""
        return None if self.histories is None else self.histories.fork(checked_seed(seed))

    def to_xarray(self, seed: int = 1) -> xr.DataTree:
        """Return the positions of the factors as a tree that ArviZ reads: `posterior`, and `prior` beside it.

        Both have a variable a factor (the logarithm of what it multiplies), of dimensions chain, of which there is one
        (the sets are independent draws), and draw: as many from the prior as there are sets.

        Args:
            seed: of the draws from the prior.

        Raises:
            InputError: where xarray is not installed.
        """
        require_extra("xarray", "a labelled array")
        import xarray as xr

        prior = np.array([self.prior.draw(seed, number) for number in range(len(self))])
        groups = {
            group: xr.Dataset(
                {
                    factor.name: (("chain", "draw"), z[None, :, number], {"long_name": factor.title})
                    for number, factor in enumerate(self.prior.factors)
                },
                coords={"chain": [0], "draw": np.arange(len(self))},
                attrs={"inference_library": "flowsim"},
            )
            for group, z in (("posterior", self.z), ("prior", prior))
        }
        made_by = {"base": self.prior.base.name, "provenance": json.dumps(dict(self.provenance), default=str)}
        return xr.DataTree.from_dict(groups | {"/": xr.Dataset(attrs=made_by)})

    def over(self, scenario: Scenario) -> OverEnsemble:
        """Return a model for `run` that makes a scenario's changes to a set of its own in every replication.

        Raises:
            InputError: for a scenario over another base, and where its changes do not fit the first set.
        """
        require_type("scenario", scenario, Scenario, "a Scenario: Scenario.of reads one")
        if scenario.base.sha256 != self.prior.base.sha256:
            raise InputError(
                f"{scenario.source}: its base is not the '{self.prior.base.name}' that the parameter sets belong to"
            )
        return OverEnsemble(ensemble=self, scenario=scenario)


@dataclass(frozen=True, kw_only=True, eq=False)
class OverEnsemble:
    """A scenario in which every replication draws its parameters from an ensemble, or a history of its own."""

    ensemble: Ensemble
    scenario: Scenario

    def fork(self, seed: int) -> Fork | None:
        """Return where replications leave their histories; None where they have none, or begin with a list."""
        return None if self.scenario.begins_today else self.ensemble.fork(seed)

    def pathway(self, seed: int, replication: int) -> Pathway:
        """Return the pathway of a replication: the scenario's changes over its parameter set."""
        if self.scenario.begins_today:
            return self.opening.pathway(seed, replication)
        return self.scenario.changed(self.ensemble.draft(self.scenario, seed, replication))

    @property
    def opening(self) -> FromToday:
        """How a scenario that begins with a list begins: with the parameters and the stock of each history."""
        return FromToday(
            scenario=self.scenario,
            draw=self.ensemble.parameters,
            past=self.ensemble.fork,
            future=self.ensemble.carried_on,
        )


Parameters = Ensemble | Mapping[str, Any] | None
"""An ensemble of which each replication draws a set, fixed values of the base's parameters, or the base's own."""


@cache
def _shipped(base: str) -> Ensemble | None:
    if not city_file(base, "ensemble.csv").is_file():
        return None
    return read_ensemble(prior_of(base), base, data_folder(base))


def read_ensemble(prior: Prior, source: str, folder: Traversable) -> Ensemble:
    """Read the ensemble of a study, whose factors stand in a source, from a folder.

    Raises:
        InputError: where there is none, or it has other factors.
    """
    sets, mode = folder / "ensemble.csv", folder / "mode.toml"
    for file in (sets, mode):
        if not file.is_file():
            raise InputError(f"there is no file '{file}': the calibration is not finished; run `flowsim calibrate`")
    with whole(sets):
        head, *rows = csv.reader(io.StringIO(table_text(sets)))
        if tuple(head) != prior.names:
            raise InputError(f"{sets}: its factors are not those of {source}: calibrate again")
        z = np.array(rows, np.float64)
        if z.ndim != 2 or not np.isfinite(z).all():
            raise ValueError(sets)
    histories = _read_histories(z, folder / "histories.csv")
    with whole(mode):
        content = read_toml(content_of(mode), str(mode))
        return Ensemble(
            prior=prior,
            z=z,
            mode=content["values"],
            provenance=content["provenance"],
            histories=histories,
            walk=Walk.after_documents(prior),
        )


def _read_histories(z: Floats, file: Traversable) -> Histories | None:
    if not file.is_file():
        return None
    with whole(file):
        histories = histories_of(table_text(file), str(file))
    if histories.provenance.get("sets") != sets_digest(z) or histories.sets.max(initial=0) >= len(z):
        raise InputError(f"{file}: its histories are of other parameter sets: make them again with `flowsim weigh`")
    return histories


def study_of(folder: str | Path) -> Study:
    """Return the study whose calibration a folder holds.

    Raises:
        InputError: where it holds none, or the study has changed since.
    """
    require_type("folder", folder, (str, Path), "the path of a folder")
    folder = Path(folder)
    stamp = folder / STAMP
    if not stamp.is_file():
        raise InputError(f"'{folder}' holds no calibration: name a folder that `flowsim calibrate` wrote")
    with whole(stamp):
        stamped = json.loads(table_text(stamp))
        source, digest = str(stamped["source"]), stamped["study"]
    check_files(folder)
    study = Study.read(source if source in cities() else folder / source)
    if study.digest != digest:
        raise InputError(
            f"'{folder}': {study.source}, or a file that it names, has changed since this calibration: calibrate again"
        )
    return study


def checksums(texts: Mapping[str, str]) -> dict[str, str]:
    """Return the hash of each file of a calibration, by its name."""
    return {name: hashlib.sha256(text.encode()).hexdigest() for name, text in texts.items()}


def check_files(folder: Path) -> None:
    """Hold the files of a finished calibration against the hashes that were written with them.

    Raises:
        InputError: with the file that is missing or differs.
    """
    file = folder / CHECKSUMS
    if not file.is_file():
        return  # not finished, or of an earlier version: whoever reads the files says what is wrong with them
    with whole(file):
        hashes = dict(json.loads(table_text(file)))
    for name, checksum in hashes.items():
        with whole(folder / name):
            text = table_text(folder / name)
            if checksums({name: text})[name] != checksum:
                raise ValueError(name)


def write_histories(folder: str | Path, histories: Histories, overwrite: bool = False) -> Path:
    """Write `histories.csv` to a folder, and its hash beside those of a finished calibration there.

    Raises:
        InputError: where it exists and may not be overwritten.
    """
    folder = Path(folder)
    text, file = histories_csv(histories), folder / "histories.csv"
    written, sums = {file: text.encode()}, folder / CHECKSUMS
    if sums.is_file():
        check_file(file, overwrite)
        with whole(sums):
            hashes = dict(json.loads(table_text(sums))) | checksums({file.name: text})
        written[sums] = (json.dumps(hashes, indent=1) + "\n").encode()
    write_files(written, overwrite=overwrite or sums.is_file())
    return file


def ensemble_csv(names: tuple[str, ...], z: Floats) -> str:
    """Write positions as CSV, one set a row, to the fourth decimal."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([f"{value:.4f}" for value in row] for row in z.tolist())
    return out.getvalue()


def mode_toml(values: Mapping[str, Any], provenance: Mapping[str, Any]) -> str:
    """Write fitted values of a base's parameters, and what made them, as TOML."""
    lines = ["# Made by `flowsim calibrate`: the values at the mode, and what made them. Not to be edited.", ""]
    lines += ["[provenance]", *(f"{key} = {_toml(value)}" for key, value in provenance.items()), ""]
    lines += ["[values]", *(f"{name} = {_toml(value)}" for name, value in values.items())]
    return "\n".join(lines) + "\n"


def fitted(prior: Prior, z: Floats) -> dict[str, Any]:
    """Return the parameters at a position in the order of the base, to four digits, as they ship."""
    values = prior.parameters(z)
    return {name: _rounded(values[name]) for name in prior.base.parameters if name in values}


def _rounded(value: Any) -> Any:
    if isinstance(value, str):
        number, _, unit = value.partition(" ")
        return f"{float(number):.4g} {unit}"
    return value if isinstance(value, int) else float(f"{value:.4g}")


def _toml(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
