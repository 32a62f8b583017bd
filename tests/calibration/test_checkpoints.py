"""Kept parts of a calibration: a damaged one is named and made again, and never taken for work that was done."""

import json
import os
import shutil
import warnings

import numpy as np
import pytest

from flowsim import InputError
from flowsim.calibration.checkpoints import DamagedPartWarning, keep, keep_arrays, kept, kept_arrays
from flowsim.calibration.draws import FromPrior
from flowsim.calibration.ensemble import CHECKSUMS, Ensemble, checksums, study_of
from flowsim.calibration.inference.table import simulate_draws
from flowsim.calibration.study import Study
from flowsim.calibration.workflow import Calibration, calibrate, check_place
from flowsim.core.writing.atomic import reserved
from helpers.command_line import flowsim
from helpers.paths import SMALL_TOWN


def test_a_part_is_kept_and_found_again(tmp_path):
    assert kept(tmp_path / "part", "owner") is None
    assert kept(None, "owner") is None
    for content in (b"", b"x", b"line\nsha256 0\n"):
        keep(tmp_path / "part", content, "owner")
        assert kept(tmp_path / "part", "owner") == content
    keep_arrays(tmp_path / "arrays", "owner", z=np.arange(3.0), seconds=2.5)
    arrays = kept_arrays(tmp_path / "arrays", "owner")
    assert (arrays["z"].tolist(), float(arrays["seconds"])) == ([0.0, 1.0, 2.0], 2.5)


def test_a_part_cut_at_any_length_is_none(tmp_path):
    keep_arrays(tmp_path / "part", "owner", z=np.arange(3.0))
    whole = (tmp_path / "part").read_bytes()
    with warnings.catch_warnings(record=True) as notes:
        warnings.simplefilter("always")
        for length in range(len(whole)):
            (tmp_path / "part").write_bytes(whole[:length])
            assert kept(tmp_path / "part", "owner") is None
        for at in range(0, len(whole), 7):
            (tmp_path / "part").write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
            assert kept(tmp_path / "part", "owner") is None
        (tmp_path / "part").write_bytes(whole + b"\n")
        assert kept(tmp_path / "part", "owner") is None
    assert len(notes) == len(whole) + len(range(0, len(whole), 7)) + 1
    assert "part' is damaged, or of another calibration: it is made again" in str(notes[0].message)


def test_a_part_of_another_name_or_owner_is_foreign(tmp_path):
    keep(tmp_path / "part", b"x", "owner")
    (tmp_path / "part").rename(tmp_path / "other")
    with pytest.warns(DamagedPartWarning):
        assert kept(tmp_path / "other", "owner") is None
    keep(tmp_path / "part", b"x", "owner")
    with pytest.warns(DamagedPartWarning):
        assert kept(tmp_path / "part", "another") is None


def test_a_damaged_part_of_a_table_is_made_again_and_the_same(tmp_path):
    study = Study.read(SMALL_TOWN / "calibration.toml")
    first = simulate_draws(FromPrior(study=study), 20, seed=4, folder=tmp_path)
    (part,) = tmp_path.glob("draws-*")
    content = part.read_bytes()
    part.write_bytes(content[:100])
    with pytest.warns(DamagedPartWarning, match="is made again"):
        again = simulate_draws(FromPrior(study=study), 20, seed=4, folder=tmp_path)
    np.testing.assert_array_equal(again.simulated, first.simulated)
    assert simulate_draws(FromPrior(study=study), 20, seed=4, folder=tmp_path).seconds == again.seconds


def test_a_folder_in_use_says_so(tmp_path):
    study = Study.read(SMALL_TOWN / "calibration.toml")
    check_place(study, tmp_path / "found", 1)
    with (
        reserved(tmp_path / "found" / "calibration"),
        pytest.raises(InputError, match="found' is in use by another process that calibrates"),
    ):
        calibrate(study, folder=tmp_path / "found")
    assert os.listdir(tmp_path / "found") == ["study.json"]


def test_what_a_killed_process_left_is_nothing_else(tmp_path):
    study = Study.read(SMALL_TOWN / "calibration.toml")
    (tmp_path / ".flowsim-study.json.lock").write_text("")
    check_place(study, tmp_path, 1)
    assert os.listdir(tmp_path) == ["study.json"]


def test_a_stamp_that_was_cut_is_made_again(tmp_path):
    """And any other is of somebody else, whose file is not written over."""
    study = Study.read(SMALL_TOWN / "calibration.toml")
    check_place(study, tmp_path, 1)
    stamp = tmp_path / "study.json"
    content = stamp.read_bytes()
    (tmp_path / "seconds.json").write_text("{}")
    for length in range(0, len(content) - 1, 9):
        stamp.write_bytes(content[:length])
        with pytest.warns(DamagedPartWarning, match=r"study.json' is damaged, .*: it is made again"):
            check_place(study, tmp_path, 1)
        assert stamp.read_bytes() == content
    check_place(study, tmp_path, 1)
    others = (b"{}", b"[1]", b'{"title": "my study"}', b"my study", b"\xff", content.replace(b"1", b"2"), b"[" * 90_000)
    for other in others:
        stamp.write_bytes(other)
        with pytest.raises(InputError, match=r"--out: '.*' holds .*: name another folder"):
            check_place(study, tmp_path, 1)
        assert stamp.read_bytes() == other


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are POSIX's")
def test_what_is_no_file_is_no_part_and_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    for name in ("pipe", "folder"):
        with pytest.raises(InputError, match=f"{name}' is no file: remove it, and it is made again"):
            kept(tmp_path / name, "owner")


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A folder with the files of a calibration that found nothing, with their hashes."""
    place = tmp_path_factory.mktemp("finished")
    shutil.copytree(SMALL_TOWN, place / "town")
    folder = place / "found"
    study = Study.read(place / "town" / "calibration.toml")
    check_place(study, folder, 1)
    sets = np.random.default_rng(1).standard_normal((50, len(study.prior.factors)))
    record = {"provenance": {"study": study.digest, "engine": "x"}, "fit": {"mode": [0.0] * len(study.prior.factors)}}
    Calibration(study=study, sets=sets, retrospects=(), record=record).write(folder)
    return folder


FILES = ("study.json", "ensemble.csv", "mode.toml", "retrospect.csv", "record.json", CHECKSUMS)


def read(folder):
    Ensemble.read(folder)
    return Calibration.read(folder)


def test_a_finished_calibration_is_read(finished):
    assert read(finished).sets.shape == (50, 7)
    assert sorted(os.listdir(finished)) == sorted(FILES)
    assert json.loads((finished / CHECKSUMS).read_text())["ensemble.csv"] == next(
        iter(checksums({"": (finished / "ensemble.csv").read_text()}).values())
    )
    assert study_of(finished).digest


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("damage", ["empty", "half", "last line", "foreign", "bytes", "missing", "folder", "list"])
def test_no_damaged_state_ends_in_anything_but_one_line(name, damage, finished, tmp_path):
    shutil.copytree(finished.parent, tmp_path / "place")
    folder = tmp_path / "place" / "found"
    content = (folder / name).read_bytes()
    (folder / name).unlink()
    if damage == "folder":
        (folder / name).mkdir()
    elif damage != "missing":
        lines = content.splitlines(keepends=True)
        other = {"empty": b"", "half": content[: len(content) // 2], "last line": b"".join(lines[:-1])}
        other |= {"foreign": b"name;value\n1;2\n", "bytes": b"\xff\xfe\x00", "list": b"[1]"}
        (folder / name).write_bytes(other[damage])
    if name == CHECKSUMS and damage in ("missing", "folder"):
        read(folder)  # as of an earlier version
    else:
        with pytest.raises(InputError) as error:
            read(folder)
        assert "\n" not in str(error.value)
        assert name in str(error.value) or "holds no calibration" in str(error.value)
    code, _, err = flowsim("calibrate", folder.parent / "town" / "calibration.toml", "--out", folder, "--draws", 1)
    assert code == 2
    assert err.count("\n") == 1


def test_files_of_a_calibration_are_replaced_together(finished, tmp_path, monkeypatch):
    shutil.copytree(finished.parent, tmp_path / "place")
    folder = tmp_path / "place" / "found"
    before = {name: (folder / name).read_bytes() for name in FILES}
    calibration = read(folder)
    real = os.replace

    def fails(source, target):
        if str(target).endswith("record.json"):
            raise KeyboardInterrupt
        real(source, target)

    monkeypatch.setattr(os, "replace", fails)
    changed = Calibration(
        study=calibration.study, sets=calibration.sets[:40], retrospects=(), record=dict(calibration.record)
    )
    with pytest.raises(KeyboardInterrupt):
        changed.write(folder, overwrite=True)
    monkeypatch.undo()
    check_place(calibration.study, folder, 1)  # the next start
    assert set(os.listdir(folder)) == set(before)
    assert len(read(folder).sets) in (40, 50)
