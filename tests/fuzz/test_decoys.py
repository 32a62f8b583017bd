"""What lies in the working folder beside a planner's files is never run, and changes no picture."""

import os
import subprocess
import sys

import pytest

from helpers.paths import TOWN

NAMES = sorted({*sys.stdlib_module_names, "numpy", "pandas", "numba", "scipy", "matplotlib", "flowsim", "yaml"})
PROCESSES = """
from flowsim.simulation.workers import executor_of
if __name__ == "__main__":
    with executor_of(2, processes=True) as executor:
        print(executor.submit(len, "abc").result())
"""


@pytest.fixture
def folder(tmp_path):
    """Return a folder of a planner in which a module of each name lies that leaves a trace."""
    folder = tmp_path / "planner"
    folder.mkdir()
    for name in NAMES:
        if not name.startswith("_"):
            (folder / f"{name}.py").write_text(
                f"open({str(tmp_path / 'ran')!r}, 'a').write({name!r}); raise ImportError"
            )
    (folder / "town.toml").write_bytes(TOWN.read_bytes())
    return folder


def ended(words, folder):
    done = subprocess.run([sys.executable, *words], cwd=folder, capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def test_worker_processes_load_no_module_from_the_working_folder(folder, tmp_path):
    (tmp_path / "program.py").write_text(PROCESSES)
    assert ended([tmp_path / "program.py"], folder) == (0, "3\n", "")
    assert not (tmp_path / "ran").exists()
    assert "PYTHONSAFEPATH" not in os.environ


def test_a_shortcut_loads_no_module_from_the_folder_it_lies_in(folder, tmp_path):
    from flowsim.web.serving import shortcut

    line = shortcut(folder, ["--nonsense"], system="linux").read_text(encoding="utf-8")
    words = next(row for row in line.splitlines() if row.startswith("Exec=")).removeprefix("Exec=").split()
    code, _, said = ended([word.strip('"') for word in words[1:]], folder)
    assert code == 2
    assert said.startswith("flowsim: No such option: --nonsense (allowed: ")
    assert not (tmp_path / "ran").exists()


def test_settings_of_the_compiler_are_refused(tmp_path):
    # With it, numba would take pickled machine code from any folder.
    (tmp_path / ".numba_config.yaml").write_text("cache_dir: elsewhere\n")
    code, out, said = ended(["-m", "flowsim", "names", "copenhagen"], tmp_path)
    assert (code, out) == (2, "")
    assert said.startswith("flowsim: '.numba_config.yaml' in this folder would set from where machine code is run")
    assert said.count("\n") == 1
