"""The recipe for an image: its steps are carried out without a container runtime, in an environment of their own."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sysconfig
import venv

import pytest

from helpers.paths import ROOT

LINES = (ROOT / "Containerfile").read_text(encoding="utf-8").splitlines()
STEPS = [line.split(maxsplit=1) for line in LINES if line and not line.startswith("#")]


def values(kind):
    return [value for step, value in STEPS if step == kind]


def copies():
    return [(sources, target) for *sources, target in map(shlex.split, values("COPY"))]


def test_what_is_copied_is_there_and_reaches_the_builder():
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line[0] == "!"}
    assert {source for sources, _ in copies() for source in sources} == allowed
    assert [name for name in allowed if not (ROOT / name).exists()] == []


def test_the_image_has_a_python_that_is_tested_and_no_root():
    image, user = values("FROM")[0], values("USER")[-1]
    assert f'"Programming Language :: Python :: {image.removeprefix("python:").removesuffix("-slim")}"' in (
        ROOT / "pyproject.toml"
    ).read_text(encoding="utf-8")
    assert f"RUN useradd --create-home {user}" in LINES


@pytest.mark.slow
def test_the_steps_install_and_compile_once(tmp_path):
    """Libraries are those of this environment, so only flowsim itself is built and installed anew."""
    venv.create(tmp_path / "venv", with_pip=True)
    cache = dict(value.split("=") for value in values("ENV"))["NUMBA_CACHE_DIR"]
    environment = {
        "PATH": f"{tmp_path / 'venv' / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": sysconfig.get_path("purelib"),
        "NUMBA_CACHE_DIR": f"{tmp_path}{cache}",
        "HOME": str(tmp_path),
    }
    for sources, target in copies():
        for source in sources:
            place = tmp_path / target.strip("/")
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, place, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                place.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / source, place)

    def shell(line):
        here = re.sub(r"/opt/", f"{tmp_path}/opt/", line)
        return subprocess.run(
            ["bash", "-euc", here], cwd=tmp_path, env=environment, check=True, capture_output=True, text=True
        ).stdout

    def compiled():
        return {path: path.stat().st_mtime_ns for path in (tmp_path / cache.strip("/")).rglob("*.nb*")}

    for line in values("RUN"):
        if not line.startswith("useradd"):
            shell(line)
    first = compiled()
    entry = shlex.join(json.loads(values("ENTRYPOINT")[0]))
    answer = json.loads(shell(f"{entry} run copenhagen -n 2 --workers 2 --json"))
    assert answer["replications"] == 2
    shell(f"{entry} compare today more-places -n 2 --json")
    assert first
    assert compiled() == first
    where = shell("python -c 'import flowsim; print(flowsim.__file__)'")
    assert where.startswith(str(tmp_path / "venv"))
