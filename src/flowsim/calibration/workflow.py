"""A calibration from beginning to end: tables of draws, known truths, mode, posterior ensemble, hold-outs."""

from __future__ import annotations

import json
import logging
import math
import re
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import asdict, dataclass, field
from functools import partial
from importlib import metadata
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from flowsim.calibration.checkpoints import keep, kept, table_text, tell_damaged, whole
from flowsim.calibration.draws import Around, AtPositions, FromPrior
from flowsim.calibration.ensemble import (
    CHECKSUMS,
    STAMP,
    Ensemble,
    checksums,
    ensemble_csv,
    fitted,
    mode_toml,
    read_ensemble,
    study_of,
)
from flowsim.calibration.histories.drawn import PairCounts, dated, weigh
from flowsim.calibration.histories.kept import Histories, histories_csv
from flowsim.calibration.histories.walking import Walk
from flowsim.calibration.inference.checks import INTERVALS, Coverage, coverage_of, hold_out, hold_outs
from flowsim.calibration.inference.posterior import Conditioned, Posterior, blurred, conditioned, documented_figures
from flowsim.calibration.inference.ranks import ranks_of
from flowsim.calibration.inference.sharpening import sharpened, stiffest
from flowsim.calibration.inference.table import ReferenceTable, simulate_draws
from flowsim.calibration.mode import Fit, fit
from flowsim.calibration.retrospect import Retrospect, look_back, origins, retrospects_csv, retrospects_of
from flowsim.calibration.study import Study
from flowsim.calibration.targets import Target
from flowsim.core.arrays import Floats, defined_quantiles, plain
from flowsim.core.errors import InputError, require_type, whole_number
from flowsim.core.extras import require_extra
from flowsim.core.files import check_file, data_folder, write_files, write_text
from flowsim.core.progress import shows_progress
from flowsim.core.writing.atomic import path_from, remove_strays, reserved, under_way
from flowsim.model.library import cities
from flowsim.simulation.runner import checked_seed, run

if TYPE_CHECKING:
    import pandas as pd

    from flowsim.core.written import Seed

__all__ = [
    "Calibration",
    "Effort",
    "Prepared",
    "Stage",
    "Stopwatch",
    "calibrate",
    "check_place",
    "fingerprint",
    "prepared",
]

_LOG = logging.getLogger("flowsim.calibrate")
_FEWEST = 500  # draws of a table
_HARDLY_EVER = 0.001
_TRUTHS_NEAR = 200
Stage = Callable[[str, int, int], object]


@dataclass(frozen=True, kw_only=True)
class Effort:
    """How much work a calibration is.

    Attributes:
        draws: rows of the reference table; each one nearer to the posterior has a third of them, 500 at the least.
        truths: known truths of which the uncertainty is checked.
        sets: parameter sets of the ensemble.
        replications: of each evaluation of the fit.
        steps: of the fit, at the most.
        rounds: tables that are drawn around the posterior that the one before has taught, after one around the mode.
        pairs: run for the histories, of which there are as many as sets; where a target tells the state at a date.
    """

    draws: int = 30_000
    truths: int = 1_000
    sets: int = 500
    replications: int = 40
    steps: int = 8
    rounds: int = 2
    pairs: int = 8_000

    def __post_init__(self) -> None:
        least_of = {"draws": _FEWEST, "truths": 20, "sets": 20, "replications": 40, "steps": 1, "rounds": 1}
        for name, least in least_of.items():
            number = whole_number(name, getattr(self, name))
            if number < least:
                raise InputError(f"{name}: {number} is not allowed: at least {least:,}")
            object.__setattr__(self, name, number)  # a Python number, as what is found is written with
        object.__setattr__(self, "pairs", PairCounts(pairs=self.pairs, histories=self.sets).pairs)
        if self.truths > self.draws // 4:
            raise InputError(f"truths: {self.truths:,} is not allowed: at most a quarter of the {self.draws:,} draws")


@dataclass(frozen=True, kw_only=True, eq=False)
class Calibration:
    """What a calibration found.

    Attributes:
        study: what was calibrated.
        sets: the posterior ensemble, shape (sets, factors).
        retrospects: what would have been said in the past, where something is documented quarter by quarter.
        record: all else that ships, as plain data: provenance, factors, mode, coverage, hold-outs, times.
        histories: pairs of a set and a replication that hold the documented state; None where no target tells one.
    """

    study: Study
    sets: Floats = field(repr=False)
    retrospects: tuple[Retrospect, ...] = field(repr=False)
    record: Mapping[str, Any] = field(repr=False)
    histories: Histories | None = field(default=None, repr=False)

    @classmethod
    def read(cls, name_or_folder: str | Path) -> Calibration:
        """Read the calibration that ships with a built-in base, by its name, or the one that a folder holds.

        Raises:
            InputError: where there is none, or where its facts, factors or targets have changed since.
        """
        require_type("calibrated", name_or_folder, (str, Path), "the name of one that ships, or the path of a folder")
        folder: Traversable
        if str(name_or_folder) in cities():
            study, folder = Study.read(name_or_folder), data_folder(str(name_or_folder))
        else:
            folder = Path(name_or_folder)
            study = study_of(folder)
        ensemble = read_ensemble(study.prior, study.source, folder)
        with whole(folder / "record.json"):
            record = _undefined(json.loads(table_text(folder / "record.json")))
        with whole(folder / "retrospect.csv"):
            past = retrospects_of(table_text(folder / "retrospect.csv"))
        return cls(study=study, sets=ensemble.z, retrospects=past, record=record, histories=ensemble.histories)

    @property
    def ensemble(self) -> Ensemble:
        """The parameter sets, and histories where there are some, to be drawn by replications."""
        prior, mode = self.study.prior, np.array(self.record["fit"]["mode"])
        return Ensemble(
            prior=prior,
            z=self.sets,
            mode=fitted(prior, mode),
            provenance=self.record["provenance"],
            histories=self.histories,
            walk=Walk.after_documents(prior),
        )

    def frame(self) -> pd.DataFrame:
        """Return a row a parameter set, with a column a factor: its position, the logarithm of what it multiplies."""
        import pandas as pd

        return pd.DataFrame(self.sets, columns=list(self.study.prior.names))

    def write(self, folder: str | Path, overwrite: bool = False) -> tuple[Path, ...]:
        """Write the files of a calibration.

        They are `ensemble.csv`, `mode.toml`, `retrospect.csv`, `record.json`, and `histories.csv` where there are any;
        where there are none, an earlier one is removed.

        All of them or none, with the hash of each in `checksums.json`; their paths, but for its own, are returned.

        Raises:
            InputError: where one exists and may not be overwritten.
        """
        folder, prior = Path(folder), self.study.prior
        texts = {
            "ensemble.csv": ensemble_csv(prior.names, self.sets),
            "mode.toml": mode_toml(self.ensemble.mode, self.record["provenance"]),
            "retrospect.csv": retrospects_csv(self.retrospects),
            "record.json": _json(self.record),
        }
        earlier = folder / "histories.csv"
        if self.histories is not None:
            texts[earlier.name] = histories_csv(self.histories)
        else:
            check_file(earlier, overwrite)
        written = texts | {CHECKSUMS: json.dumps(checksums(texts), indent=1) + "\n"}
        write_files({folder / file: text.encode() for file, text in written.items()}, overwrite=overwrite)
        if self.histories is None:
            earlier.unlink(missing_ok=True)  # a run would draw them
        return tuple(folder / file for file in texts)


def _json(record: Mapping[str, Any]) -> str:
    """Write plain data with one key a line, and each list of numbers on one."""
    text = json.dumps(plain(record), indent=1, ensure_ascii=False, allow_nan=False)
    return re.sub(r"\[\s+(-?\d[^\[\]{}]*?)\s+\]", lambda found: f"[{' '.join(found[1].split())}]", text) + "\n"


def _undefined(value: Any) -> Any:
    """Return plain data with NaN where JSON has no number, as `_json` wrote it."""
    if isinstance(value, dict):
        return {key: _undefined(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_undefined(each) for each in value]
    return math.nan if value is None else value


def check_place(study: Study, folder: str | Path, seed: int) -> None:
    """Make the folder where parts of the work are kept, and refuse one that holds another study's, or anything else.

    Its stamp is made again where it is empty or cut; what is written over can only be the rest of it.

    Raises:
        InputError: where it does, or it can't be made.
    """
    require_type("folder", folder, (str, Path), "the path of a folder")
    folder = Path(folder)
    source = study.source if study.source in cities() else path_from(study.source, folder)
    content = {"source": Path(source).as_posix(), "study": study.digest, "seed": seed}
    text = json.dumps(content) + "\n"
    stamp = folder / STAMP
    remove_strays(folder)
    try:
        if folder.is_dir() and not stamp.is_file() and any(not under_way(path) for path in folder.iterdir()):
            raise InputError(f"--out: '{folder}' holds something else: name another folder")
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"--out: nothing can be written to '{folder}': {error.strerror}") from None
    if not stamp.is_file():
        write_text(stamp, text)
        return
    try:
        written = table_text(stamp)
        is_cut = text.startswith(written) and written.rstrip() != text.rstrip()
        stamped = content if is_cut else json.loads(written)
    except (OSError, ValueError, RecursionError):
        raise InputError(f"--out: '{folder}' holds something else: name another folder") from None
    if is_cut:
        tell_damaged(stamp)
        write_text(stamp, text, overwrite=True)
    if stamped != content:
        raise InputError(
            f"--out: '{folder}' holds a calibration of other facts, factors, targets or another seed: "
            "name another folder"
        )


@shows_progress("calibrate")
def calibrate(
    study: Study,
    *,
    effort: Effort | None = None,
    folder: str | Path | None = None,
    seed: Seed = 1,
    executor: Executor | None = None,
    progress: Stage | None = None,
) -> Calibration:
    """Calibrate a base to its targets.

    Args:
        study: the base, its factors and targets.
        effort: how much work it may be.
        folder: where finished parts are kept and found again (see `check_place`).
        seed: of the whole; the same study, seed and effort give the same sets.
        executor: where replications run.
        progress: called with (stage, done, all); what it raises stops the work.

    Raises:
        InputError: before anything runs.
    """
    require_type("study", study, Study, "a study: Study.read(...) reads one")
    require_extra("calibrate", "a calibration")
    seed = checked_seed(seed)
    effort = Effort() if effort is None else effort
    require_type("effort", effort, Effort, "an Effort, such as Effort(draws=10_000)")
    if len(study.fitted) == 0:
        raise InputError(f"{study.source}: targets: none is fitted")
    if folder is None:
        return _calibrated(study, effort, seed, None, executor, progress)
    check_place(study, folder, seed)
    folder = Path(folder)
    with reserved(folder / "calibration", f"'{folder}' is in use by another process that calibrates: wait for it"):
        return _calibrated(study, effort, seed, folder, executor, progress)


def _calibrated(
    study: Study,
    effort: Effort,
    seed: int,
    folder: Path | None,
    executor: Executor | None,
    progress: Stage | None,
) -> Calibration:
    clock = Stopwatch(progress)
    owner = f"{study.digest} {seed}"
    ready = prepared(study, effort, seed, folder, executor, clock)
    table, mode, tables, around = ready.table, ready.mode, ready.tables, ready.around
    coverage = coverage_of(ready.among, effort.truths, clock.stage("known truths"))
    learning = clock.stage("last learning")
    sharp = sharpened(study, tables, around, seed=seed)
    posterior = sharp.posterior(study)
    learning(1, 1)
    truths = min(effort.truths, _TRUTHS_NEAR)
    coverage_near = ranks_of(study, tables, around, truths, seed=seed, progress=clock.stage("nearer truths"))
    past, held = _looked_at_the_past(study, table, effort, seed, folder, executor, clock)
    sets = np.round(posterior.draw(effort.sets, seed), 4)  # as they are written
    histories = None
    if dated(study):
        histories = weigh(
            study,
            sets,
            counts=PairCounts(pairs=effort.pairs, histories=effort.sets),
            seed=seed,
            folder=folder and folder / "pairs",
            executor=executor,
            progress=clock.stage("histories"),
        )
    looked_at = clock.stage("what is watched") if study.watched else None
    watched = _watched(study, table, sets, histories, seed, executor) if looked_at else {}
    clock.stop()
    # These may have been made before this command was given again.
    clock.at_least({"reference table": table.seconds, "fit": mode.seconds, "second table": tables[0].seconds})
    if folder is not None:
        path = folder / "seconds.json"
        clock.at_least(json.loads(kept(path, owner) or b"{}"))
        keep(path, json.dumps(clock.seconds).encode(), owner)
    record = {
        "provenance": {
            "study": study.digest,
            "engine": fingerprint(study),
            "seed": seed,
            "draws": effort.draws,
            "flowsim": metadata.version("flowsim"),
            "scikit-learn": metadata.version("scikit-learn"),
            "numpy": metadata.version("numpy"),
        },
        "factors": _factors(study, posterior, mode),
        "out_of_reach": _out_of_reach(study, table, seed),
        "coverage": _coverage(coverage),
        "coverage_near": _coverage(coverage_near) | {"names": list(coverage_near.names)},
        "sampler": {
            "draws": [len(table) for table in tables],
            "particles": len(sharp.sample.x),
            "powers": _listed(sharp.sample.powers),
            "accepted": _listed(sharp.sample.accepted),
            "apart": round(sharp.apart, 4),
            "spreads": _listed(sharp.spreads),
            "over_laplace": _listed(stiffest(study, mode.slope, sharp.sample.x)),
        },
        "fit": _fit(study, mode),
        "hold_outs": held,
        "watched": watched,
        "seconds": clock.seconds,
    }
    return Calibration(study=study, sets=sets, retrospects=tuple(past), record=record, histories=histories)


@dataclass(frozen=True, kw_only=True, eq=False)
class Prepared:
    """What a posterior is sampled from: the tables of draws, and what they were drawn around.

    Attributes:
        table: of the prior.
        among: what it learned of the targets.
        mode: the best single fit.
        tables: ever nearer to the posterior, the first around the mode.
        around: what drew the last of them.
    """

    table: ReferenceTable = field(repr=False)
    among: Conditioned = field(repr=False)
    mode: Fit = field(repr=False)
    tables: Sequence[ReferenceTable] = field(repr=False)
    around: Around


def prepared(
    study: Study, effort: Effort, seed: int, folder: Path | None, executor: Executor | None, clock: Stopwatch
) -> Prepared:
    """Make the tables of a calibration, or find them in its folder."""
    table = simulate_draws(
        FromPrior(study=study),
        effort.draws,
        seed=seed,
        folder=folder and folder / "prior",
        executor=executor,
        progress=clock.stage("reference table"),
    )
    learning = clock.stage("learning")
    among = conditioned(study, table, seed=seed)
    learning(1, 1)
    mode = _fitted(study, among, effort, seed, folder, executor, clock.stage("fit"))
    tables, around = _nearer(study, Around.of(study, mode), effort, seed, folder, executor, clock)
    return Prepared(table=table, among=among, mode=mode, tables=tables, around=around)


def _nearer(
    study: Study,
    around: Around,
    effort: Effort,
    seed: int,
    folder: Path | None,
    executor: Executor | None,
    clock: Stopwatch,
) -> tuple[list[ReferenceTable], Around]:
    """Return tables ever nearer to the posterior, the first around the mode, and what the last is drawn around."""
    second = simulate_draws(
        around,
        max(effort.draws // 3, _FEWEST),
        seed=seed,
        folder=folder and folder / f"mode-{around.digest[:12]}",
        executor=executor,
        progress=clock.stage("second table"),
    )
    tables = [second]
    for number in range(effort.rounds):
        learning = clock.stage(f"learning {number + 2}")
        around = Around.of_sample(study, sharpened(study, tables, around, seed=seed).sample.x)
        learning(1, 1)
        nearer = simulate_draws(
            around,
            len(tables[0]),
            seed=seed,
            folder=folder and folder / f"round-{around.digest[:12]}",
            executor=executor,
            progress=clock.stage(f"table {number + 3}"),
        )
        tables.append(nearer)
    return tables, around


def _looked_at_the_past(
    study: Study,
    table: ReferenceTable,
    effort: Effort,
    seed: int,
    folder: Path | None,
    executor: Executor | None,
    clock: Stopwatch,
) -> tuple[list[Retrospect], list[Any]]:
    """Return what would have been said from quarters of the past, and what of figures that were held out."""
    owner = f"{study.digest} {seed}"
    past: list[Retrospect] = []
    advance = clock.stage("looking back")
    for origin in (since := origins(study)):
        path = folder and folder / f"retrospect-{effort.draws}-{origin}.csv"
        past += retrospects_of(_once(path, owner, partial(_looked_back, study, table, origin, seed, executor)))
        advance(len(past), len(since))
    groups = list(hold_outs(study))
    held, advance = [], clock.stage("hold-outs")
    for done, (name, of) in enumerate(groups, start=1):
        path = folder and folder / f"hold-out-{effort.draws}-{done}.json"
        held.append(json.loads(_once(path, owner, partial(_held_out, study, table, name, of, seed, executor))))
        advance(done, len(groups))
    return past, held


def _fitted(
    study: Study,
    among: Conditioned,
    effort: Effort,
    seed: int,
    folder: Path | None,
    executor: Executor | None,
    progress: Callable[[int, int], object],
) -> Fit:
    path = folder and folder / f"fit-{effort.draws}-{effort.replications}-{effort.steps}.npz"
    owner = f"{study.digest} {seed}"
    if earlier := Fit.read(path, owner):
        return earlier
    fitted_mode = fit(
        study,
        start=among.posterior().mean,
        replications=effort.replications,
        seed=seed,
        steps=effort.steps,
        folder=folder and folder / "fit",
        executor=executor,
        progress=progress,
    )
    if path:
        fitted_mode.write(path, owner)
    return fitted_mode


def _looked_back(study: Study, table: ReferenceTable, origin: str, seed: int, executor: Executor | None) -> str:
    return retrospects_csv([look_back(study, table, origin, seed=seed, executor=executor)])


def _held_out(
    study: Study,
    table: ReferenceTable,
    name: str,
    of: Callable[[Target], bool],
    seed: int,
    executor: Executor | None,
) -> str:
    return json.dumps(asdict(hold_out(study, table, name, of, seed=seed, executor=executor)))


def _watched(
    study: Study, table: ReferenceTable, sets: Floats, histories: Histories | None, seed: int, executor: Executor | None
) -> dict[str, dict[str, list[float]]]:
    """Return 5, 50 and 95 % of each watched figure: in the prior, in the sets, and in any histories.

    A set has a luck of its own; a history has the one that it was weighed with.
    """
    model = AtPositions(study=study, z=sets)
    figures = {
        "prior": table.watched,
        "sets": study.watch(run(model, replications=len(sets), seed=seed, executor=executor)),
    }
    if histories is not None:
        numbers, where = np.unique(histories.replications, return_inverse=True)
        lived = run(model, replications=numbers.tolist(), seed=histories.seed, executor=executor)
        figures["histories"] = study.watch(lived)[where]
    quantiles = {kind: defined_quantiles(values, (0.05, 0.5, 0.95)).T for kind, values in figures.items()}
    return {
        name: {kind: _listed(rows[number]) for kind, rows in quantiles.items()}
        for number, name in enumerate(study.watched)
    }


def _once(path: Path | None, owner: str, make: Callable[[], str]) -> str:
    """Return what a file keeps of earlier work, or do the work and keep it."""
    content = kept(path, owner)
    if content is None:
        content = make().encode()
        if path is not None:
            keep(path, content, owner)
    return content.decode()


def fingerprint(study: Study) -> str:
    """Return the hash of one replication at the first values: another one means an engine of other rules."""
    return run(study.model(np.zeros(len(study.prior.factors))), replications=1, seed=1).visits_sha256


class Stopwatch:
    """How far each stage of the work is, and how long it took."""

    def __init__(self, progress: Stage | None) -> None:
        self.progress = progress
        self.seconds: dict[str, float] = {}
        self.name = ""
        self.begun = time.perf_counter()

    def stage(self, name: str) -> Callable[[int, int], object]:
        """Begin a stage, and return what is called with (done, all)."""
        self.stop()
        self.name = name
        progress = self.progress
        return (lambda done, total: progress(name, done, total)) if progress else (lambda done, total: None)

    def at_least(self, seconds: Mapping[str, float]) -> None:
        """Count what a stage took at an earlier time, where that was longer."""
        self.seconds = {name: max(spent, round(seconds.get(name, 0.0), 1)) for name, spent in self.seconds.items()}

    def stop(self) -> None:
        """End the stage that is under way."""
        now = time.perf_counter()
        if self.name:
            self.seconds[self.name] = round(now - self.begun, 1)
            _LOG.info("%s: %.1f s", self.name, now - self.begun)
        self.name, self.begun = "", now


def _factors(study: Study, posterior: Posterior, mode: Fit) -> list[dict[str, Any]]:
    before, after = np.sqrt(np.diag(study.prior.covariance)), np.sqrt(np.diag(posterior.covariance))
    return [
        {
            "name": factor.name,
            "title": factor.title,
            "prior_sd": round(float(before[n]), 4),
            "posterior_mean": round(float(posterior.mean[n]), 4),
            "posterior_sd": round(float(after[n]), 4),
            "mode": round(float(mode.mode.z[n]), 4),
        }
        for n, factor in enumerate(study.prior.factors)
    ]


def _out_of_reach(study: Study, table: ReferenceTable, seed: int) -> list[str]:
    """Name the fitted targets that the prior hardly ever gives, even with their tolerance."""
    columns = [study.targets.index(target) for target in study.fitted]
    seen = blurred(study.fitted, table.simulated[:, columns], seed)
    value = documented_figures(study.fitted)
    above, below = (seen >= value).mean(axis=0), (seen <= value).mean(axis=0)
    names = np.array([target.name for target in study.fitted])
    return [str(name) for name in names[np.minimum(above, below) < _HARDLY_EVER]]


def _coverage(coverage: Coverage) -> dict[str, Any]:
    return {
        "truths": len(coverage.below),
        "uniform": _listed(coverage.uniform),
        "inside": {f"{interval:.0%}": _listed(coverage.inside(interval)) for interval in INTERVALS},
        "right": {f"{interval:.0%}": _listed(coverage.right(interval)) for interval in INTERVALS},
    }


def _fit(study: Study, fit: Fit) -> dict[str, Any]:
    return {
        "mode": [round(value, 6) for value in fit.mode.z.tolist()],
        "targets": [target.name for target in study.fitted],
        "slope": [_listed(row) for row in fit.slope],
        "cost": _listed(fit.cost),
        "evaluations": fit.evaluations,
        "replications": fit.replications,
        "converged": fit.converged,
    }


def _listed(values: Sequence[float] | Floats) -> list[float]:
    return [float(f"{value:.4g}") for value in values]
