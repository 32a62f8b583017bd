"""Files and folders that appear whole or not at all, whatever is killed while they are written.

Beside a target stand, while it is written, names that begin with ".flowsim-": a lock that its writer holds (the system
releases it when the process ends, however it ends), the new content, and for a set of files a mark that all of them
are complete. Whoever next writes in that folder takes the lock of what an ended process left, finishes a set that is
marked as complete, takes back everything else, and removes the rest. A folder changes places with the earlier one in
one step where the system can do that (Linux, macOS), so that there is no instant without either.
"""

from __future__ import annotations

import ctypes
import errno
import hashlib
import json
import os
import re
import secrets
import shutil
import stat
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from flowsim.core.errors import InputError

__all__ = ["path_from", "place_files", "placed_folder", "remove_strays", "reserved", "under_way"]

_PREFIX = ".flowsim-"
_KINDS = (".lock", ".new", ".earlier", ".complete")
_TOKEN = re.compile(r"\.[0-9a-f]{8}$")
_LONGEST = 180  # bytes of a name: file systems allow 255, and prefix, token and kind are added


def _beside(target: Path, kind: str, token: str = "") -> Path:
    """Return the path of what stands beside a target while it is written; with a token, of one writer alone."""
    name = os.fsencode(target.name)
    if len(name) > _LONGEST:
        name = name[: _LONGEST - 33] + b"-" + hashlib.sha256(name).hexdigest()[:32].encode()
    return target.parent / (_PREFIX + os.fsdecode(name) + (f".{token}" if token else "") + kind)


def _lock(descriptor: int) -> bool:
    """Lock an open file until it is closed or the process ends; return whether nobody else holds it."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        # A file system without locks (some that are mounted over a network) is no reason not to write.
        return error.errno not in (errno.EWOULDBLOCK, errno.EACCES, errno.EDEADLK)
    return True


def _sync(path: Path) -> None:
    """Have the system put a file's content, or a folder's names, on the disk."""
    if os.name == "nt" and path.is_dir():
        return
    descriptor = os.open(path, os.O_RDONLY if os.name != "nt" else os.O_RDWR)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # a file system that can't
            raise
    finally:
        os.close(descriptor)


def _discard(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(FileNotFoundError):
            os.unlink(path)


class _Lock:
    """What its writer holds beside a target: a file that says how to clear up, should the writer be killed."""

    def __init__(self, target: Path, message: str = "") -> None:
        """Take the lock, and clear up what an ended process left.

        Args:
            target: what is written.
            message: in other words, why it can't be had.

        Raises:
            InputError: where a living process holds it.
        """
        self.target, self.path = target, _beside(target, ".lock")
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
        while True:
            self.descriptor = os.open(self.path, flags, 0o600)
            try:
                if not _lock(self.descriptor):
                    usual = f"'{target}' is being written by another process: wait for it, or name another"
                    raise InputError(message or usual)
                # The one that was opened may have been removed by its writer before it was locked here.
                if _same(self.descriptor, self.path):
                    break
            except BaseException:
                os.close(self.descriptor)
                raise
            os.close(self.descriptor)
        try:
            self.clear_up()
        except BaseException:
            os.close(self.descriptor)
            raise

    def announce(self, plan: Mapping[str, Any]) -> None:
        """Say what is about to be done, for whoever has to clear up."""
        os.ftruncate(self.descriptor, 0)
        os.lseek(self.descriptor, 0, os.SEEK_SET)
        os.write(self.descriptor, json.dumps(plan).encode())

    def clear_up(self) -> None:
        """Finish what is complete of the target, and take back the rest, this process's or that of one that ended."""
        plan = self._plan()
        token, home = str(plan.get("token", "")), self.path.parent
        if files := [home / str(name) for name in plan.get("files", ())]:
            if _beside(files[0], ".complete", token).exists():
                with suppress(OSError):  # what can't be put in its place is removed
                    _finish(files, token)
            for file in files:
                _discard(_beside(file, ".new", token))
        elif "folder" in plan:
            folder, earlier = home / str(plan["folder"]), _beside(self.target, ".earlier", token)
            if earlier.exists() and not folder.exists():
                os.replace(earlier, folder)
            _discard(_beside(self.target, ".new", token))
            _discard(earlier)
            for parent in plan.get("parents", ()):
                with suppress(OSError):  # something stands in it
                    os.rmdir(home / str(parent))

    def _plan(self) -> dict[str, Any]:
        if hasattr(os, "geteuid") and os.fstat(self.descriptor).st_uid != os.geteuid():
            return {}  # another user's word is no reason to touch files
        os.lseek(self.descriptor, 0, os.SEEK_SET)
        content = b""
        while block := os.read(self.descriptor, 65_536):
            content += block
        try:
            plan = json.loads(content)
        except ValueError:  # it was killed before it had announced anything
            return {}
        return plan if isinstance(plan, dict) else {}

    def release(self) -> None:
        """Clear up, and let others write."""
        try:
            self.clear_up()
            if os.name != "nt":  # which removes no open file
                with suppress(FileNotFoundError):
                    os.unlink(self.path)
        finally:
            os.close(self.descriptor)
        if os.name == "nt":
            with suppress(OSError):  # the next writer has it already
                os.unlink(self.path)


def _same(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(path, follow_symlinks=False))
    except FileNotFoundError:
        return False


def _finish(files: Sequence[Path], token: str) -> None:
    """Put the files of a complete set in their places; those that are there already have nothing beside them."""
    for file in files:
        with suppress(FileNotFoundError):
            os.replace(_beside(file, ".new", token), file)
    for folder in {file.parent for file in files}:
        _sync(folder)
    _discard(_beside(files[0], ".complete", token))


def path_from(path: str | Path, folder: Path) -> str:
    """Return a path as seen from a folder; in full where it is on another drive, from which no way leads there."""
    try:
        return os.path.relpath(path, folder)
    except ValueError:
        return os.path.abspath(path)


def under_way(path: Path) -> bool:
    """Return whether a path is no file of anybody's, but what stands beside one while it is written."""
    return path.name.startswith(_PREFIX) and path.name.endswith(_KINDS)


def remove_strays(folder: Path) -> None:
    """Clear up what processes that were killed left in a folder; what living ones are writing stays."""
    try:
        names = [name for name in os.listdir(folder) if name.startswith(_PREFIX) and name.endswith(_KINDS)]
    except OSError:
        return
    # Locks first: they say what has to become of the rest, which stands without one only after a power cut.
    for name in sorted(names, key=lambda name: not name.endswith(".lock")):
        stem, _, kind = name.removeprefix(_PREFIX).rpartition(".")
        path = folder / name
        with suppress(OSError, InputError):
            if hasattr(os, "geteuid") and path.stat(follow_symlinks=False).st_uid != os.geteuid():
                continue
            lock = _Lock(folder / (stem if kind == "lock" else _TOKEN.sub("", stem)))
            try:
                if kind != "lock":
                    _discard(path)
            finally:
                lock.release()


@contextmanager
def reserved(target: Path, message: str = "") -> Iterator[None]:
    """Hold a target, so that no other process writes it meanwhile.

    Raises:
        InputError: where another one does, with the message where one is given.
    """
    lock = _Lock(target, message)
    try:
        yield
    finally:
        lock.release()


def place_files(contents: Mapping[Path, bytes], check: Callable[[Path], None]) -> None:
    """Write several files, all of them or none; links are followed, and an earlier file's mode is kept.

    Args:
        contents: by path; their folders exist.
        check: refuses a path that may not be written, called once nobody else can write it.

    Raises:
        InputError: where another process writes one of them, or as `check`.
    """
    targets = {Path(os.path.realpath(path)): path for path in contents}
    folders = sorted({target.parent for target in targets})
    for folder in folders:
        remove_strays(folder)
    files, token = list(targets), secrets.token_hex(4)
    with ExitStack() as locks:
        for target in sorted(targets):
            lock = _Lock(target)
            locks.callback(lock.release)
            lock.announce({"token": token, "files": [path_from(file, target.parent) for file in files]})
        for path in contents:
            check(path)
        for target, path in targets.items():
            _write_new(_beside(target, ".new", token), contents[path], _mode(target))
        if len(files) > 1:
            for folder in folders:
                _sync(folder)
            # From here on the set is finished, by this process or by the next that writes here.
            _write_new(_beside(files[0], ".complete", token), b"", None)
            _sync(files[0].parent)
        _finish(files, token)


def _mode(path: Path) -> int | None:
    """Return the permissions of an earlier file or folder; None where there is none."""
    try:
        return stat.S_IMODE(os.stat(path).st_mode)
    except FileNotFoundError:
        return None


def _write_new(path: Path, content: bytes, mode: int | None) -> None:
    """Write a new file that the disk holds in full; without a mode, the umask gives it one."""
    _discard(path)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    with open(os.open(path, flags, 0o666), "wb") as file:
        file.write(content)
        file.flush()
        if mode is not None:
            os.chmod(path, mode)
        os.fsync(file.fileno())


@contextmanager
def placed_folder(target: Path, check: Callable[[], None]) -> Iterator[Path]:
    """Yield a new folder to write in, which then takes the place of the target; folders above are made.

    Args:
        target: its real path, without links.
        check: refuses the target, called once nobody else can write it.

    Raises:
        InputError: where another process writes it, or as `check`.
    """
    parents = [path for path in target.parents if not path.exists()]
    home = parents[-1].parent if parents else target.parent
    remove_strays(home)
    # Missing folders above belong to the target: its lock and new content stand where the first of them will be.
    anchor = home / "+".join(target.relative_to(home).parts)
    token = secrets.token_hex(4)
    lock = _Lock(anchor)
    try:
        relative = [str(path.relative_to(home)) for path in (target, *parents)]
        lock.announce({"token": token, "folder": relative[0], "parents": relative[1:]})
        check()
        new = _beside(anchor, ".new", token)
        new.mkdir()
        yield new
        _keep_modes(target, new)
        for path in (*new.rglob("*"), new):
            _sync(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists():
            _exchange(new, target, _beside(anchor, ".earlier", token))
        else:
            _rename(new, target)
        for folder in (target.parent, *(parent.parent for parent in parents)):
            _sync(folder)
    finally:
        lock.release()


def _keep_modes(earlier: Path, new: Path) -> None:
    if earlier.is_dir():
        for path in (*new.iterdir(), new):
            mode = _mode(earlier if path == new else earlier / path.name)
            if mode is not None:
                os.chmod(path, mode)


def _rename(new: Path, target: Path) -> None:
    try:
        os.rename(new, target)
    except OSError as error:
        if error.errno in (errno.EEXIST, errno.ENOTEMPTY):
            raise InputError(f"'{target}' has been written by another process meanwhile: name another folder") from None
        raise


def _exchange(new: Path, target: Path, earlier: Path) -> None:
    """Let two folders change places, in one step where the system can; then the earlier one is removed."""
    if not _exchanged(new, target):
        os.replace(target, earlier)  # killed here, the next process that writes there puts it back
        os.replace(new, target)


def _exchanged(new: Path, target: Path) -> bool:
    """Let two folders change places in one step; return whether the system can."""
    name, flag = ("renameat2", 2) if sys.platform == "linux" else ("renameatx_np", 2)
    here = -100 if sys.platform == "linux" else -2  # AT_FDCWD
    try:
        exchange = getattr(ctypes.CDLL(None, use_errno=True), name)
    except (AttributeError, OSError, TypeError):
        return False
    exchange.argtypes = [ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint]
    return bool(exchange(here, os.fsencode(new), here, os.fsencode(target), flag) == 0)
