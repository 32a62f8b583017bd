"""Runs on disk: all files of a run or none, an earlier run kept until the new one is there, tables that read back."""

import json
import os
from pathlib import Path

import pandas as pd
import pytest
from pyarrow.parquet import ParquetWriter

from flowsim import InputError
from flowsim.core.files import write_text
from flowsim.core.writing import atomic
from flowsim.simulation import store
from flowsim.simulation.runner import run
from flowsim.simulation.store import FILES, check_folder, save
from helpers.traces import SMALL

RESULTS = run(SMALL, replications=3)


ALL = (*FILES, "measures.parquet", "replications.parquet")


def write(folder, results=RESULTS, **options):
    save(results, results.quantiles(), {"seed": results.seed}, folder, **({"parquet": True} | options))


def everything(folder):
    """All files below a folder with their content, and all folders."""
    return {path.relative_to(folder): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


def test_a_run_is_a_folder_of_these_files_in_new_folders(tmp_path):
    write(tmp_path / "a" / "b" / "run")
    assert sorted(os.listdir(tmp_path / "a" / "b")) == ["run"]
    assert sorted(os.listdir(tmp_path / "a" / "b" / "run")) == sorted(ALL)
    umask = os.umask(0)
    os.umask(umask)
    assert (tmp_path / "a" / "b" / "run").stat().st_mode & 0o777 == 0o777 & ~umask
    assert json.loads((tmp_path / "a/b/run/manifest.json").read_text("utf-8")) == {"seed": 1}


def test_parquet_is_written_where_it_is_asked_for_alone(tmp_path):
    write(tmp_path / "run")
    csv = (tmp_path / "run" / "measures.csv").read_bytes()
    write(tmp_path / "run", parquet=False, overwrite=True)
    assert sorted(os.listdir(tmp_path / "run")) == sorted(FILES)
    assert (tmp_path / "run" / "measures.csv").read_bytes() == csv


@pytest.mark.parametrize("rows", [1, 7, 10**6])
def test_tables_read_back_equal_however_they_are_cut(rows, tmp_path, monkeypatch):
    monkeypatch.setattr(store, "_ROWS", rows)
    few = RESULTS.between("2019", "2019Q2") if rows < 10 else RESULTS
    write(tmp_path / "run", few)
    for name, made in (("measures", few.quantiles()), ("replications", few.frame())):
        assert (tmp_path / "run" / f"{name}.csv").read_bytes().startswith(b"\xef\xbb\xbfmeasure,period,unit,")
        kept = pd.read_parquet(tmp_path / "run" / f"{name}.parquet")
        pd.testing.assert_frame_equal(kept, made)
        csv = pd.read_csv(tmp_path / "run" / f"{name}.csv", dtype={"period": str})
        pd.testing.assert_frame_equal(csv, made, check_dtype=False)


def test_no_cell_begins_as_a_formula(tmp_path):
    write(tmp_path / "run")
    for name in ("measures", "replications"):
        table = pd.read_parquet(tmp_path / "run" / f"{name}.parquet")
        for column in ("measure", "period", "unit"):
            assert table[column].str.fullmatch(r"\w[^\r\n\t]*").all()


class Broken(Exception):
    pass


def breaks(*arguments, **options):
    raise Broken


@pytest.mark.parametrize(
    "broken", [(pd.DataFrame, "to_csv"), (ParquetWriter, "write_table"), (Path, "write_text")], ids=str
)
@pytest.mark.parametrize("earlier", [False, True])
def test_what_fails_midway_leaves_everything_as_it_was(broken, earlier, tmp_path, monkeypatch):
    folder = tmp_path / "a" / "run"
    if earlier:
        write(folder)
    before = everything(tmp_path)
    monkeypatch.setattr(*broken, breaks)
    with pytest.raises(Broken):
        write(folder, run(SMALL, replications=1, seed=2), overwrite=True)
    assert everything(tmp_path) == before


def test_an_earlier_run_comes_back_if_the_new_one_cannot_take_its_place(tmp_path, monkeypatch):
    write(tmp_path / "run")
    before, replace = everything(tmp_path), os.replace

    def second_fails(source, target):
        if Path(source).suffix == ".new":
            raise KeyboardInterrupt
        replace(source, target)

    monkeypatch.setattr(atomic, "_exchanged", lambda new, target: False)
    monkeypatch.setattr(os, "replace", second_fails)
    with pytest.raises(KeyboardInterrupt):
        write(tmp_path / "run", run(SMALL, replications=1, seed=2), overwrite=True)
    assert everything(tmp_path) == before


def test_an_earlier_run_is_replaced_when_that_is_asked_for(tmp_path):
    write(tmp_path / "run")
    with pytest.raises(InputError, match="holds a run already: name another folder, or add --force"):
        write(tmp_path / "run")
    write(tmp_path / "run", run(SMALL, replications=1, seed=2), overwrite=True)
    assert json.loads((tmp_path / "run" / "manifest.json").read_text("utf-8")) == {"seed": 2}
    assert os.listdir(tmp_path) == ["run"]


def test_a_link_to_a_folder_stays_a_link(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    write(tmp_path / "link")
    write(tmp_path / "link", overwrite=True)
    assert (tmp_path / "link").is_symlink()
    assert sorted(os.listdir(tmp_path / "real")) == sorted(ALL)


def test_folders_that_hold_anything_else_are_refused(tmp_path):
    write(tmp_path / "run")
    (tmp_path / "run" / "notes.txt").write_text("mine")
    (tmp_path / "half").mkdir()
    (tmp_path / "half" / "measures.csv").write_text("no manifest")
    (tmp_path / "file").write_text("mine")
    before = everything(tmp_path)
    for name, message in (
        ("run", "holds 'notes.txt', no part of a run"),
        ("half", "holds 'measures.csv', no part of a run"),
        ("file", "is a file"),
        ("file/below", "nothing can be written to"),
        ("new/" + "x" * 300, "nothing can be written to"),
        ("x" * 300, "nothing can be written to"),
    ):
        with pytest.raises(InputError, match=message):
            check_folder(tmp_path / name, overwrite=True)
    assert everything(tmp_path) == before


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="nothing is closed to root")
def test_a_place_that_cannot_be_written_to_is_refused_before_the_run(tmp_path):
    tmp_path.chmod(0o555)
    with pytest.raises(InputError, match="Permission denied"):
        check_folder(tmp_path / "run")


def test_the_folder_one_stands_in_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="this is the folder you are in"):
        check_folder(Path("."))


def test_checking_leaves_nothing_behind(tmp_path):
    check_folder(tmp_path / "a" / "b" / "run")
    assert everything(tmp_path) == {}


def test_a_text_file_is_written_whole_and_over_none(tmp_path, monkeypatch):
    write_text(tmp_path / "a.txt", "æ\n")
    assert (tmp_path / "a.txt").read_bytes() == "æ\n".encode()
    with pytest.raises(InputError, match=r"a\.txt' exists already"):
        write_text(tmp_path / "a.txt", "b")
    with pytest.raises(InputError, match="there is no folder"):
        write_text(tmp_path / "none" / "a.txt", "b")
    with pytest.raises(InputError, match="is no file"):
        write_text(tmp_path, "b", overwrite=True)
    monkeypatch.setattr(os, "replace", breaks)
    with pytest.raises(Broken):
        write_text(tmp_path / "a.txt", "b", overwrite=True)
    monkeypatch.undo()
    assert everything(tmp_path) == {Path("a.txt"): "æ\n".encode()}
    write_text(tmp_path / "a.txt", "b", overwrite=True)
    assert (tmp_path / "a.txt").read_text() == "b"
