"""Runs on disk: tidy tables as CSV (and Parquet), and a manifest that says how to repeat them. All of it or nothing."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flowsim.core.errors import InputError
from flowsim.core.extras import require_extra
from flowsim.core.writing.atomic import placed_folder, remove_strays, reserved
from flowsim.core.writing.spreadsheets import csv_text

if TYPE_CHECKING:
    import pandas as pd

    from flowsim.model.scenario import Scenario
    from flowsim.simulation.results import Results

__all__ = ["COMPARED", "FILES", "MANIFEST", "check_folder", "check_parquet", "manifest", "save", "save_comparison"]

MANIFEST = "manifest.json"
FILES = ("measures.csv", "replications.csv", MANIFEST)
"""What the folder of a run holds, and nothing else but the same tables as Parquet where that was asked for."""
COMPARED = ("comparison.csv", MANIFEST)
"""The same of a comparison."""
_ROWS = 500_000  # of a long table in memory at a time


def check_folder(folder: Path, overwrite: bool = False, files: Sequence[str] = FILES) -> None:
    """Refuse a folder that a run may not, or cannot, be written to: before the run, not after it.

    Raises:
        InputError: where the folder exists already and is not an earlier run (of the same `files`) that may be
            overwritten, where it holds anything else beside one, and where nothing can be written.
    """
    try:
        _check_content(folder, overwrite, files)
        _check_place(_real(folder))
    except OSError as error:
        raise InputError(f"--out: nothing can be written to '{folder}': {error.strerror}") from None


def _check_content(folder: Path, overwrite: bool, files: Sequence[str]) -> None:
    if not folder.exists():
        return
    if not folder.is_dir():
        raise InputError(f"--out: '{folder}' is a file: name a folder that does not exist yet")
    held = sorted(path.name for path in folder.iterdir())
    allowed = {*files, *(name.replace(".csv", ".parquet") for name in files)}
    foreign = [name for name in held if name not in allowed]
    if foreign or (held and MANIFEST not in held):
        raise InputError(f"--out: '{folder}' holds '{(foreign or held)[0]}', no part of a run: name another folder")
    if held and not overwrite:
        raise InputError(f"--out: '{folder}' holds a run already: name another folder, or add --force")
    if folder.resolve() == Path.cwd():
        raise InputError("--out: this is the folder you are in: name another")


def check_parquet(folder: Path | None) -> None:
    """Refuse Parquet files before anything runs.

    Raises:
        InputError: where there is no folder to write them to, or pyarrow is not installed.
    """
    if folder is None:
        raise InputError("--parquet: it goes with --out")
    require_extra("parquet", "--parquet")


def _check_place(target: Path) -> None:
    """Try whether the folder can be made, and leave nothing behind; raises OSError where it can't."""
    home = next(path for path in target.parents if path.exists())
    remove_strays(home)
    for name in target.relative_to(home).parts:
        with suppress(FileNotFoundError):
            os.lstat(home / name)  # a name that is too long is refused
    with reserved(home / target.name):
        pass


def _real(folder: Path) -> Path:
    """Follow links, so that a link to a run stays one when the run is written again."""
    return Path(os.path.realpath(folder))


def save(
    results: Results,
    quantiles: pd.DataFrame,
    manifest: Mapping[str, Any],
    folder: Path,
    overwrite: bool = False,
    parquet: bool = False,
) -> None:
    """Write a run to a folder, which appears with all its files or not at all; an earlier run stays until then.

    `measures` holds the quantiles over the replications, `replications` each one's own values; CSV opens in Excel
    (UTF-8 with a mark). With `parquet` the same tables stand beside it as Parquet, which keeps the types.

    Raises:
        InputError: as `check_folder`, and `check_parquet` where it is asked for.
    """
    check_folder(folder, overwrite)
    tables = {"measures": [quantiles], "replications": (part.frame() for part in _parts(results))}
    _save(tables, manifest, folder, lambda: _check_content(folder, overwrite, FILES), parquet)


def save_comparison(
    comparison: pd.DataFrame,
    manifest: Mapping[str, Any],
    folder: Path,
    overwrite: bool = False,
    parquet: bool = False,
) -> None:
    """Write a comparison to a folder, as `save` writes a run: the table of `Comparison.frame` and the manifest.

    Raises:
        InputError: as `check_folder`, and `check_parquet` where it is asked for.
    """
    check_folder(folder, overwrite, COMPARED)
    tables = {"comparison": [comparison]}
    _save(tables, manifest, folder, lambda: _check_content(folder, overwrite, COMPARED), parquet)


def _save(
    tables: Mapping[str, Iterable[pd.DataFrame]],
    manifest: Mapping[str, Any],
    folder: Path,
    check: Callable[[], None],
    parquet: bool,
) -> None:
    if parquet:
        check_parquet(folder)
        import pyarrow.parquet  # noqa: F401  # now, since a signal during an import ends the process at once

    with placed_folder(_real(folder), check) as building:
        for name, parts in tables.items():
            _write(building / name, parts, parquet)
        text = json.dumps(dict(manifest), indent=2, ensure_ascii=False)
        # A name that is no text (from the file system) is escaped, as JSON allows.
        (building / MANIFEST).write_text(text + "\n", encoding="utf-8", errors="backslashreplace")


def _parts(results: Results) -> Iterator[Results]:
    """Cut results into groups of measures whose long tables fit into memory."""
    size = max(1, _ROWS // len(results.replications))
    for start in range(0, max(len(results.index), 1), size):
        kept = slice(start, start + size)
        yield replace(results, index=results.index[kept], values=results.values[:, kept])


def _write(path: Path, parts: Iterable[pd.DataFrame], parquet: bool) -> None:
    """Write a table that comes in parts."""
    with ExitStack() as opened:
        csv = opened.enter_context(open(f"{path}.csv", "w", encoding="utf-8-sig", newline=""))
        write_more: Callable[[pd.DataFrame], None] | None = None
        for number, part in enumerate(parts):
            csv.write(csv_text(part, header=number == 0))
            if parquet:
                write_more = write_more or _parquet_file(f"{path}.parquet", part, opened)
                write_more(part)


def _parquet_file(path: str, first: pd.DataFrame, opened: ExitStack) -> Callable[[pd.DataFrame], None]:
    """Open a Parquet file for tables with the columns of the first one; return what writes one to it."""
    import pyarrow as pa
    from pyarrow import parquet

    schema = pa.Table.from_pandas(first, preserve_index=False).schema
    writer = opened.enter_context(parquet.ParquetWriter(path, schema))
    return lambda part: writer.write_table(pa.Table.from_pandas(part, preserve_index=False))


def manifest(scenario: Scenario, results: Results, repeat: str, parameters: str) -> dict[str, Any]:
    """Return how a run was made: scenario and hashes, seed, parameters, versions, and the command that repeats it.

    Where every replication has parameters of its own, the pathway's hash is that of the first one.
    """
    numbers = results.replications
    return {
        "scenario": scenario.to_dict(),
        "scenario_sha256": scenario.digest,
        "base_sha256": scenario.base.sha256,
        "pathway_sha256": results.pathway.digest,
        "engine": results.engine,
        "seed": results.seed,
        "parameters": parameters,
        "replications": len(numbers),
        "visits_sha256": results.visits_sha256,
        "versions": dict(results.versions),
        "repeat": repeat,
    }
