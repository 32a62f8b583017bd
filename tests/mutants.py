"""Change the source in sampled places, one at a time, and count the changes that no test of the room notices.

`python -m mutants --mutants 150 --seed 1` (with tests on the path; `make mutants`). Which places are changed, and how,
is a function of the seed and the source alone. Each change is tried in a copy of the repository, against the tests of
its room; what survives is printed as a line before and after, to be killed by a test or argued to change nothing.
"""

import argparse
import ast
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
SWAPS = {
    **{ast.Add: "-", ast.Sub: "+", ast.Mult: "/", ast.Div: "*", ast.FloorDiv: "*", ast.Mod: "*"},
    **{ast.Lt: "<=", ast.LtE: "<", ast.Gt: ">=", ast.GtE: ">", ast.Eq: "!=", ast.NotEq: "=="},
    **{ast.And: "or", ast.Or: "and", ast.In: "not in", ast.NotIn: "in", ast.Is: "is not", ast.IsNot: "is"},
}
SIGNS = {
    **{ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%"},
    **{ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="},
    **{ast.And: "and", ast.Or: "or", ast.In: "in", ast.NotIn: "not in", ast.Is: "is", ast.IsNot: "is not"},
}


def changes(source):
    """List the changes of a source text, each as (line, column, the text there, the text instead)."""
    starts = [0]
    for line in source.split("\n"):
        starts.append(starts[-1] + len(line.encode()) + 1)
    content = source.encode()
    found = []

    def at(node):
        return starts[node.lineno - 1] + node.col_offset

    def end(node):
        return starts[node.end_lineno - 1] + node.end_col_offset

    def between(left, right, operator):
        sign = SIGNS.get(type(operator))
        if sign is None:
            return
        gap = content[end(left) : at(right)].decode()
        where = gap.find(sign)
        if where >= 0 and "#" not in gap:
            found.append((end(left) + len(gap[:where].encode()), sign, SWAPS[type(operator)]))

    tree = ast.parse(source)
    skipped = set()
    for node in ast.walk(tree):
        for part in (getattr(node, "annotation", None), getattr(node, "returns", None)):
            skipped |= {id(inner) for inner in ast.walk(part)} if part is not None else set()
        if isinstance(node, ast.JoinedStr) or (
            isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING"
        ):
            skipped |= {id(inner) for inner in ast.walk(node)}
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.BinOp):
            between(node.left, node.right, node.op)
        elif isinstance(node, ast.Compare):
            for left, operator, right in zip([node.left, *node.comparators], node.ops, node.comparators, strict=False):
                between(left, right, operator)
        elif isinstance(node, ast.BoolOp):
            for left, right in zip(node.values, node.values[1:], strict=False):
                between(left, right, node.op)
        elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
            found.append((at(node), str(node.value), str(not node.value)))
        elif isinstance(node, ast.Constant) and isinstance(node.value, int | float):
            text = content[at(node) : end(node)].decode()
            found.append((at(node), text, f"({text} + 1)"))
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            found.append((at(node), "not", ""))
        elif isinstance(node, ast.Return) and node.value is not None and not isinstance(node.value, ast.Constant):
            found.append((at(node.value), content[at(node.value) : end(node.value)].decode(), "None"))
    return sorted(set(found))


def places():
    """List (file, change) over all of src, but for stubs."""
    paths = sorted(path for path in (ROOT / "src" / "flowsim").rglob("*.py") if path.name != "__init__.py")
    return [(path, change) for path in paths for change in changes(path.read_text(encoding="utf-8"))]


def tests_of(path, root):
    """Return the tests of a file's room, those of the file itself first; the room's sub-room where there is one."""
    room, *below = path.relative_to(ROOT / "src" / "flowsim").parts
    if not below:
        return ["tests/house"]
    named = [str(found.relative_to(root)) for found in root.glob(f"tests/{room}/**/test_{path.stem}.py")]
    others = [f"tests/{room}"] if (root / "tests" / room).is_dir() else ["tests/house"]
    if room == "core":
        others += ["tests/fuzz/test_giants.py"]
    return [*named, *others]


def passes(root, words, most=None):
    """Return whether the tests pass; None where they take longer than is allowed."""
    environment = os.environ | {"PYTHONPATH": str(root / "src"), "NUMBA_CACHE_DIR": str(root / ".numba")}
    options = ["-x", "-q", "-p", "no:xdist", "-p", "no:cacheprovider"]
    command = [sys.executable, "-m", "pytest", *options, *words]
    try:
        return subprocess.run(command, cwd=root, env=environment, capture_output=True, timeout=most).returncode == 0
    except subprocess.TimeoutExpired:
        return None


_usual = {}


def usual_seconds(root, words):
    """Return how long the tests of a room take where nothing is changed; they have to pass."""
    if words not in _usual:
        passes(root, words)  # compiles what is compiled
        begun = time.monotonic()
        if not passes(root, words):
            raise SystemExit(f"without any change these tests fail: {' '.join(words)}")
        _usual[words] = time.monotonic() - begun
        print(f"{' '.join(words)}: {_usual[words]:.0f} s", flush=True)
    return _usual[words]


def trial(root, path, change):
    """Return "killed", "survived" or "endless" (five times as long as usual, and a minute) for one change."""
    position, old, new = change
    target = root / path.relative_to(ROOT)
    words = tuple(dict.fromkeys(tests_of(path, root)))
    most = 60 + 5 * usual_seconds(root, words)
    content = target.read_bytes()
    if not content[position:].startswith(old.encode()):
        raise SystemExit(f"{path} has changed meanwhile")
    target.write_bytes(content[:position] + new.encode() + content[position + len(old.encode()) :])
    try:
        outcome = passes(root, words, most)
        return {True: "survived", False: "killed", None: "endless"}[outcome]
    finally:
        target.write_bytes(content)


def main():
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--mutants", type=int, default=150)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--minutes", type=float, default=90.0, help="for all")
    asked.add_argument("--room", default="", help="of this room alone")
    asked.add_argument("--list", action="store_true", help="print the places, and try nothing")
    asked = asked.parse_args()
    everywhere = [at for at in places() if f"/flowsim/{asked.room}" in str(at[0])]
    sample = random.Random(asked.seed).sample(everywhere, min(asked.mutants, len(everywhere)))
    print(f"{len(sample)} of {len(everywhere):,} places", flush=True)
    begun, outcomes = time.monotonic(), {"killed": 0, "endless": 0, "survived": 0}
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        root = Path(folder) / "flowsim"
        shutil.copytree(ROOT, root, ignore=shutil.ignore_patterns(".git", ".venv*", "__pycache__", "_build"))
        for path, change in sample:
            position, old, new = change
            line = path.read_bytes()[:position].count(b"\n") + 1
            text = path.read_text(encoding="utf-8").splitlines()[line - 1].strip()
            shown = f"{path.relative_to(ROOT)}:{line}: {old[:40]!r} -> {new[:40]!r} in: {text}"
            if asked.list:
                print(shown)
                continue
            outcome = trial(root, path, change)
            outcomes[outcome] += 1
            print(f"{outcome}: {shown}", flush=True)
            if time.monotonic() - begun > 60 * asked.minutes:
                break
    tried = sum(outcomes.values())
    if tried:
        print(f"{tried - outcomes['survived']} of {tried} killed ({1 - outcomes['survived'] / tried:.0%}): {outcomes}")


if __name__ == "__main__":
    main()
