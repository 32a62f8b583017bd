"""`flowsim web`: on this machine alone unless told otherwise, and a file to double-click."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from flowsim import InputError
from flowsim.web.serving import serve, shortcut

SYSTEMS = (
    ("win32", "flowsim.bat", "@echo off\r\n"),
    ("darwin", "flowsim.command", "#!/bin/sh\n"),
    ("linux", "flowsim.desktop", "[Desktop Entry]\n"),
)


@pytest.mark.parametrize(("system", "name", "begins"), SYSTEMS)
def test_a_shortcut_of_each_system(tmp_path, system, name, begins):
    path = shortcut(tmp_path, ["--base", "copenhagen"], system=system)
    assert path.name == name
    text = path.read_bytes().decode()
    assert text.startswith(begins)
    assert f'"{sys.executable}" "-P" "-m" "flowsim" "web" "--base" "copenhagen"' in text
    if os.name == "posix":
        assert bool(path.stat().st_mode & 0o100) == (system != "win32")


def test_a_shortcut_holds_no_command_of_its_own(tmp_path):
    for word in ('x" & del *', "$(reboot)", "`reboot`", "%PATH%", "a\nb"):
        with pytest.raises(InputError, match="can't hold"):
            shortcut(tmp_path, ["--base", word])


def test_a_shortcut_is_not_written_over_unasked(tmp_path):
    shortcut(tmp_path, [])
    with pytest.raises(InputError, match="flowsim"):
        shortcut(tmp_path, [])
    shortcut(tmp_path, [], overwrite=True)


def test_a_port_that_is_taken_is_refused(desk):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(InputError, match=r"--port: 127\.0\.0\.1"):
            serve(desk, port=taken.getsockname()[1], browser=False)


@pytest.mark.parametrize("more", [[], ["--host", "0.0.0.0"]])
def test_the_command_opens_the_page_and_ends_at_ctrl_c(town, more):
    words = [sys.executable, "-m", "flowsim", "web", "--base", str(town), "--port", "0", "--no-browser", *more]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        address = process.stdout.readline().split()[4]
        with urllib.request.urlopen(address, timeout=30) as answer:
            assert answer.status == 200
        sockets, port = Path("/proc/net/tcp"), f"{int(address.rpartition(':')[2]):04X}"
        listening = [line.split()[1] for line in sockets.read_text().splitlines()] if sockets.is_file() else []
        at = [entry for entry in listening if entry.endswith(f":{port}")]
        process.send_signal(signal.SIGINT)
        _, error = process.communicate(timeout=30)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == 0
    if more:
        assert "without a password" in error
    else:
        assert error == ""
        assert all(entry.startswith("0100007F") for entry in at)
