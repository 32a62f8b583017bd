"""Runs on disk: tidy tables as CSV and Parquet, and a manifest that tells how to repeat them. All of it or nothing."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flowsim.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from flowsim.results import Results

__all__ = ["MANIFEST", "check_folder", "save"]

MANIFEST = "manifest.json"


def check_folder(folder: Path, overwrite: bool = False) -> None:
    """Refuse a folder that a run may not be written to.

    Raises:
        InputError: where the folder exists already and is not an earlier run that may be overwritten.
    """
    if not folder.exists():
        return
    if not folder.is_dir():
        raise InputError(f"--out: '{folder}' is a file: name a folder that does not exist yet")
    if any(folder.iterdir()):
        if not (folder / MANIFEST).is_file():
            raise InputError(f"--out: '{folder}' holds something else than a run: name another folder")
        if not overwrite:
            raise InputError(f"--out: '{folder}' holds a run already: name another folder, or add --force")


def save(
    results: Results,
    quantiles: pd.DataFrame,
    manifest: Mapping[str, Any],
    folder: Path,
    overwrite: bool = False,
) -> None:
    """Write a run to a folder, which appears with all its files or not at all.

    `measures` holds the quantiles over the replications, `replications` each one's own values; CSV opens in Excel
    (UTF-8 with a mark), Parquet keeps the types.

    Raises:
        InputError: as `check_folder`.
    """
    check_folder(folder, overwrite)
    folder.parent.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        for name, table in (("measures", quantiles), ("replications", results.frame())):
            table.to_csv(building / f"{name}.csv", index=False, encoding="utf-8-sig")
            table.to_parquet(building / f"{name}.parquet", index=False)
        told = json.dumps(dict(manifest), indent=2, ensure_ascii=False)
        (building / MANIFEST).write_text(told + "\n", encoding="utf-8")
        building.chmod(0o755)
        if folder.exists():
            shutil.rmtree(folder)
        os.replace(building, folder)
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise
