"""Files and folders appear whole or not at all, whatever is killed at whichever step."""

import os
import stat
import subprocess
import sys
from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest

from flowsim import InputError
from flowsim.core.files import check_file, write_bytes, write_files
from flowsim.core.writing import atomic
from flowsim.core.writing.atomic import placed_folder, remove_strays, reserved
from helpers.faults import Killed, fault


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Pass over what waits for the disk: these tests hold what is asked of it, and in which order."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


def everything(folder):
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


def write_folder(target, content):
    with placed_folder(target, lambda: None) as building:
        (building / "a.txt").write_text(content)
        (building / "b.txt").write_text(content)


def states_after(faulty, work, next_start, prepare, tmp_path):
    """Yield what stands in a folder after a fault at each step of some work in turn, and after the next start."""
    for at in count():
        folder = tmp_path / f"{faulty}-{at}"
        folder.mkdir()
        prepare(folder)
        with suppress(Killed, KeyboardInterrupt, OSError), fault(at, faulty) as steps:
            work(folder)
        before = everything(folder)
        next_start(folder)
        yield before, everything(folder)
        if len(steps) <= at:
            assert at > 8
            return


@pytest.mark.parametrize("faulty", ["kill", "interrupt", "full"])
@pytest.mark.parametrize("exchange", [True, False])
def test_a_folder_is_the_earlier_one_or_the_new_one_and_nothing_is_left_beside_it(
    faulty, exchange, tmp_path, monkeypatch
):
    if not exchange:
        monkeypatch.setattr(atomic, "_exchanged", lambda new, target: False)
    states = states_after(
        faulty,
        lambda folder: write_folder(folder / "run", "new"),
        remove_strays,
        lambda folder: write_folder(folder / "run", "old"),
        tmp_path,
    )
    outcomes = []
    for before, after in states:
        assert sorted(after) == ["run", "run/a.txt", "run/b.txt"]
        assert after["run/a.txt"] == after["run/b.txt"]
        outcomes.append(after["run/a.txt"])
        if exchange:  # there is no instant without either
            assert before.get("run/a.txt") == before.get("run/b.txt") == after["run/a.txt"]
    if faulty != "full":  # which `mkdir` of a folder that exists passes over
        assert outcomes == sorted(outcomes, reverse=True)  # old, then new
    assert set(outcomes) == {b"old", b"new"}


@pytest.mark.parametrize("faulty", ["kill", "interrupt", "full"])
def test_folders_above_a_new_one_are_no_stray(faulty, tmp_path):
    states = states_after(
        faulty, lambda folder: write_folder(folder / "a" / "b", "new"), remove_strays, lambda folder: None, tmp_path
    )
    whole = {"a": None, "a/b": None, "a/b/a.txt": b"new", "a/b/b.txt": b"new"}
    outcomes = [after for _, after in states]
    assert all(after in ({}, whole) for after in outcomes)
    assert outcomes[0] == {}
    assert outcomes[-1] == whole


@pytest.mark.parametrize("faulty", ["kill", "interrupt"])
@pytest.mark.parametrize("elsewhere", [False, True])
def test_of_a_set_of_files_all_are_new_or_none_is(faulty, elsewhere, tmp_path):
    names = ["a.html", "other/b.pdf", "c.xlsx"] if elsewhere else ["a.html", "b.pdf", "c.xlsx"]

    def prepare(folder):
        (folder / "other").mkdir()
        (folder / names[0]).write_text("old")
        (folder / names[1]).write_text("old")

    def next_start(folder):
        remove_strays(folder / "other")
        remove_strays(folder)

    states = states_after(
        faulty,
        lambda folder: write_files({folder / name: b"new" for name in names}, overwrite=True),
        next_start,
        prepare,
        tmp_path,
    )
    old = {names[0]: b"old", names[1]: b"old", "other": None}
    new = {**dict.fromkeys(names, b"new"), "other": None}
    outcomes = [after for _, after in states]
    assert all(after in (old, new) for after in outcomes)
    assert outcomes[0] == old
    assert outcomes[-1] == new
    if faulty == "interrupt":
        assert sum(after == old for after in outcomes) > 5


def test_a_full_disk_leaves_a_set_as_it_was(tmp_path):
    for at in range(12):
        folder = tmp_path / str(at)
        folder.mkdir()
        with pytest.raises(OSError, match="No space"), fault(at, "full"):
            write_files({folder / "a": b"new", folder / "b": b"new"})
        assert everything(folder) == {}


@pytest.mark.parametrize("faulty", ["kill", "interrupt", "full"])
def test_a_file_is_the_earlier_one_or_the_new_one(faulty, tmp_path):
    states = states_after(
        faulty,
        lambda folder: write_bytes(folder / "a", b"new", overwrite=True),
        lambda folder: check_file(folder / "another"),
        lambda folder: (folder / "a").write_text("old"),
        tmp_path,
    )
    outcomes = [after for before, after in states]
    assert all(after in ({"a": b"old"}, {"a": b"new"}) for after in outcomes)
    assert {after["a"] for after in outcomes} == {b"old", b"new"}


def test_content_reaches_the_disk_before_its_name_and_the_name_before_the_end(tmp_path):
    with fault(10**9, "kill") as steps:
        write_bytes(tmp_path / "a", b"x")
    assert steps.index("fsync") < steps.index("replace") < len(steps) - 1 - steps[::-1].index("fsync")
    with fault(10**9, "kill") as steps:
        write_folder(tmp_path / "run", "x")
    at = steps.index("rename")
    assert steps[:at].count("fsync") == 3  # two files and their folder
    assert "fsync" in steps[at:]


def test_of_two_writers_one_is_refused(tmp_path):
    with placed_folder(tmp_path / "run", lambda: None) as building:
        (building / "a.txt").write_text("first")
        with (
            pytest.raises(InputError, match=r"run' is being written by another process"),
            placed_folder(tmp_path / "run", lambda: None),
        ):
            raise AssertionError
        write_bytes(tmp_path / "else", b"x")  # another name in the folder is free
    with reserved(tmp_path / "a"), pytest.raises(InputError, match=r"a' is being written by another process"):
        check_file(tmp_path / "a")
    assert sorted(os.listdir(tmp_path)) == ["else", "run"]


def test_a_folder_that_appears_meanwhile_is_not_overwritten(tmp_path, monkeypatch):
    write_folder(tmp_path / "run", "early")
    monkeypatch.setattr(Path, "exists", lambda path: path != tmp_path / "run" and os.path.exists(path))
    with pytest.raises(InputError, match="written by another process meanwhile"):
        write_folder(tmp_path / "run", "late")
    assert everything(tmp_path) == {"run": None, "run/a.txt": b"early", "run/b.txt": b"early"}


def test_what_a_living_process_writes_is_no_stray(tmp_path):
    code = (
        "import sys\nfrom pathlib import Path\nfrom flowsim.core.writing.atomic import placed_folder\n"
        f"with placed_folder(Path({str(tmp_path / 'run')!r}), lambda: None) as building:\n"
        "    (building / 'a.txt').write_text('x')\n    print('ready', flush=True)\n    sys.stdin.read()\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as writer:
        writer.stdout.readline()
        remove_strays(tmp_path)
        assert len(os.listdir(tmp_path)) == 2
        writer.kill()
        writer.wait()
        remove_strays(tmp_path)
        assert os.listdir(tmp_path) == []


@pytest.mark.skipif(os.name == "nt", reason="permissions are POSIX's")
def test_the_umask_and_the_mode_of_an_earlier_file_hold(tmp_path):
    def mode(path):
        return stat.S_IMODE(path.stat().st_mode)

    earlier = os.umask(0o077)
    try:
        write_bytes(tmp_path / "new", b"x")
        assert mode(tmp_path / "new") == 0o600
        (tmp_path / "old").write_text("x")
        (tmp_path / "old").chmod(0o664)
        write_bytes(tmp_path / "old", b"y", overwrite=True)
        assert mode(tmp_path / "old") == 0o664
        write_folder(tmp_path / "run", "x")
        assert mode(tmp_path / "run") == 0o700
        (tmp_path / "run").chmod(0o750)
        (tmp_path / "run" / "a.txt").chmod(0o640)
        write_folder(tmp_path / "run", "y")
        assert [mode(tmp_path / "run" / name) for name in (".", "a.txt", "b.txt")] == [0o750, 0o640, 0o600]
    finally:
        os.umask(earlier)


def test_a_link_to_a_file_stays_a_link(tmp_path):
    (tmp_path / "real").write_text("x")
    (tmp_path / "link").symlink_to("real")
    write_bytes(tmp_path / "link", b"y", overwrite=True)
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "y"


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="only root can give a file to another")
def test_the_lock_of_another_user_moves_no_file(tmp_path):
    (tmp_path / ".flowsim-a.lock").write_text('{"token": "00000000", "files": ["a", "b"]}')
    (tmp_path / ".flowsim-a.00000000.complete").write_text("")
    (tmp_path / ".flowsim-a.00000000.new").write_text("theirs")
    os.chown(tmp_path / ".flowsim-a.lock", 12345, -1)
    (tmp_path / "a").write_text("mine")
    remove_strays(tmp_path)
    assert (tmp_path / "a").read_text() == "mine"


def test_long_names_and_names_that_are_no_text_are_written(tmp_path):
    for name in ("å" * 127, os.fsdecode(b"\xff\xfe.txt"), "a" * 255):
        write_bytes(tmp_path / name, b"x")
        assert (tmp_path / name).read_bytes() == b"x"
    with pytest.raises(InputError, match="longer than 255 bytes"):
        write_bytes(tmp_path / ("a" * 256), b"x")
    assert len(os.listdir(tmp_path)) == 3


def test_files_on_two_drives_are_written(tmp_path, monkeypatch):
    """Windows knows no way from one drive to another, and Python says so by a ValueError."""

    def no_way(path, start):
        raise ValueError(f"path is on mount 'C:', start on mount 'D:': {path}, {start}")

    monkeypatch.setattr(os.path, "relpath", no_way)
    (tmp_path / "c").mkdir()
    (tmp_path / "d").mkdir()
    write_files({tmp_path / "c" / "a.txt": b"one", tmp_path / "d" / "b.txt": b"two"})
    assert everything(tmp_path) == {"c": None, "d": None, "c/a.txt": b"one", "d/b.txt": b"two"}
