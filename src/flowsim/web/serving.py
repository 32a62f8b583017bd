"""Opening the page: on this machine's own address, with a browser; and a file to double-click for next time."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import sys
import threading
import webbrowser
from datetime import date
from pathlib import Path

from flowsim.core.errors import InputError
from flowsim.core.extras import require_extra
from flowsim.core.files import write_text
from flowsim.web.asked import Desk
from flowsim.web.layout import layout_of

__all__ = ["LOOPBACK", "desk_of", "serve", "shortcut"]

LOOPBACK = "127.0.0.1"
_OWN_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})


def desk_of(base: str, today: date | None = None) -> Desk:
    """Return what the page is of: a city, a pathway file or a scenario file.

    Raises:
        InputError: as `layout_of`.
    """
    layout, reference = layout_of(base, today)
    return Desk(layout=layout, reference=reference)


def serve(desk: Desk, *, host: str = LOOPBACK, port: int = 8600, browser: bool = True, log: Path | None = None) -> None:
    """Serve the page until Ctrl-C.

    Args:
        desk: what it is of.
        host: the address that it listens at.
        port: a free one is taken where 0.
        browser: open it.
        log: the file that requests and faults are written to; none where left out.

    Raises:
        InputError: where the extra is not installed, or the port is taken.
    """
    require_extra("web", "the page")
    import uvicorn

    from flowsim.web.jobs import share_one_heap
    from flowsim.web.server import page

    share_one_heap()
    opened = _listening(host, port)
    port = opened.getsockname()[1]
    anywhere = host not in _OWN_NAMES
    handlers: list[logging.Handler] = [logging.FileHandler(log, encoding="utf-8")] if log else [logging.NullHandler()]
    for name in ("flowsim.web", "uvicorn"):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = handlers, False
    shown = f"[{host}]" if ":" in host else host
    address = f"http://{'localhost' if anywhere else shown}:{port}"
    if anywhere:
        print(
            f"flowsim: note: the page listens at {host}. Everybody who reaches this machine over the network can open "
            "it, without a password and unencrypted, and read what is opened there.",
            file=sys.stderr,
        )
    print(f"flowsim is open at {address} (Ctrl-C ends it)", flush=True)
    if browser:
        threading.Timer(0.5, webbrowser.open, [address]).start()
    app = page(desk, hosts=None if anywhere else _OWN_NAMES)
    settings = uvicorn.Config(
        app, log_config=None, access_log=log is not None, server_header=False, timeout_graceful_shutdown=1
    )
    with contextlib.suppress(KeyboardInterrupt):
        uvicorn.Server(settings).run(sockets=[opened])


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix":  # Windows would let a second page take the same port
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind((host, port))
        opened.listen(128)  # so that the address answers as soon as it is printed
    except (OSError, OverflowError) as error:
        opened.close()
        reason = error.strerror if isinstance(error, OSError) else "0 to 65535 are allowed"
        raise InputError(f"--port: {host}:{port} can't be listened at ({reason}): choose another with --port") from None
    return opened


def shortcut(folder: Path, arguments: list[str], *, system: str = sys.platform, overwrite: bool = False) -> Path:
    """Write a file that opens the page when it is double-clicked, and return it.

    Args:
        folder: where it is written, such as the desktop.
        arguments: of `flowsim web`.
        system: "win32" (a .bat), "darwin" (a .command) or another (a .desktop).
        overwrite: whether an earlier one is written over.

    Raises:
        InputError: as `files.check_file`, and for an argument that can't stand in such a file.
    """
    words = [sys.executable, "-P", "-m", "flowsim", "web", *arguments]
    if any(letter in word for word in words for letter in '"\r\n%`$\\' if not (letter == "\\" and system == "win32")):
        raise InputError(f"a shortcut can't hold {' '.join(words)!r}: quotes, %, $, ` and line breaks are not allowed")
    line = " ".join(f'"{word}"' for word in words)
    if system == "win32":
        path, text = folder / "flowsim.bat", f"@echo off\r\n{line}\r\nif errorlevel 1 pause\r\n"
    elif system == "darwin":
        path, text = folder / "flowsim.command", f"#!/bin/sh\nexec {line}\n"
    else:
        entry = f"[Desktop Entry]\nType=Application\nName=flowsim\nExec={line}\nTerminal=true\n"
        path, text = folder / "flowsim.desktop", entry
    write_text(path, text, overwrite)
    if system != "win32" and os.name == "posix":
        path.chmod(0o755)
    return path
