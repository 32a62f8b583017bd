"""Change the source in sampled places, one at a time, and count the changes that no test of the room notices.

`python -m mutants --mutants 150 --seed 1` (with tests on the path; `make mutants`). Which places are changed, and how,
is a function of the seed and the source alone. Each change is tried in a copy of the repository, against the tests of
its room; what survives is printed as a line before and after, to be killed by a test or argued to change nothing.

A first look at all of them is short, with the loop of the engine interpreted, for compiling it takes longer than seeing
that it errs. What is not noticed by then is tried in full, in the order of the sample, until the time is up.

Outcomes are kept in `.mutants`, so that a run that was stopped goes on where it was: that of a killed change as long as
its file is the same, that of a survivor as long as the tests of its room are too. Time is counted on the processor.
"""

import argparse
import ast
import hashlib
import json
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

ROOT = Path(__file__).parents[1]
KEPT = ROOT / ".mutants" / "outcomes.jsonl"
COMPILED = ("kernel", "steps", "addressed", "machine_code", "compiler", "luck", "trace", "passes")
"""What machine code is made from. numba stamps it by one file alone, so a change in another would go unnoticed."""
MOST = 300
"""Seconds of the processor for the tests of a room, which take two minutes at the most: with more, they never end."""
SHORT = 30
"""The same at the first look."""
INTERPRETED = ("kernel", "steps", "addressed")
"""What the first look runs without compiling it, by the hand-written stories of the engine, which take seconds so."""
IDLE = 20
"""Times as long as that: a run that takes longer by the clock waits for something that never comes."""
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
    """Return the tests of a file's room: those of the file itself first, then those beside it, then the others."""
    room, *below = path.relative_to(ROOT / "src" / "flowsim").parts
    folder = root / "tests" / room
    if folder.is_dir():
        every = sorted(folder.rglob("test_*.py"))
    else:
        name = f"flowsim.{path.stem}"
        every = sorted(test for test in (root / "tests").rglob("test_*.py") if name in test.read_text(encoding="utf-8"))
    every.append(root / "tests" / "house" / "test_values.py")  # of all rooms
    if room == "core":
        every.append(root / "tests" / "fuzz" / "test_giants.py")
    beside = folder.joinpath(*below[:-1])
    word = re.compile(rf"\b{path.stem}\b")

    def order(test):
        return (
            test.stem != f"test_{path.stem}",
            not word.search(test.read_text(encoding="utf-8")),
            beside not in test.parents,
        )

    return [str(test.relative_to(root)) for test in sorted(every, key=order)]


def stories(root):
    """Return the options and tests that tell of the engine while it is interpreted; SimPy needs some of it compiled."""
    folder = root / "tests" / "simulation" / "engine" / "kernel"
    tests = sorted(folder.glob("test_*.py"), key=lambda test: test.stem != "test_ties")
    # Interpreted, a product of two NumPy integers warns where compiled code wraps round.
    options = ("-k", "not simpy", "-W", "ignore::RuntimeWarning")
    return options, [str(test.relative_to(root)) for test in tests]


def environment(root):
    return os.environ | {"PYTHONPATH": str(root / "src"), "NUMBA_CACHE_DIR": str(root / ".numba")}


def run(root, words, options=("-x",), most=MOST, interpreted=False):
    """Return the outcome of tests, those that failed, and their seconds of the processor.

    "survived" where all pass, "killed" where one fails, "endless" where more time is taken than is allowed.
    """
    variables = environment(root) | ({"NUMBA_DISABLE_JIT": "1"} if interpreted else {})
    command = [sys.executable, "-m", "pytest", *options, "-q", "-p", "no:xdist", "-p", "no:cacheprovider", *words]
    process = subprocess.Popen(
        command,
        **{"cwd": root, "env": variables, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True},
        start_new_session=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (most, most)),
    )
    idle = threading.Event()
    alarm = threading.Timer(IDLE * most, lambda: (idle.set(), os.killpg(process.pid, signal.SIGKILL)))
    alarm.start()
    try:
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
    finally:
        alarm.cancel()
    process.returncode = code = os.waitstatus_to_exitcode(status)
    seconds = usage.ru_utime + usage.ru_stime
    failed = re.findall(r"^(?:FAILED|ERROR) (\S+)", output, re.MULTILINE)
    if code == 0:
        return "survived", failed, seconds
    ended = idle.is_set() or (code < 0 and seconds >= 0.9 * most)  # the system counts by other ticks than it tells
    return "endless" if ended else "killed", failed, seconds


class Trials:
    """A copy of the repository in which one change after the other is tried."""

    def __init__(self, root):
        self.root, self.tried = root, 0
        shutil.copytree(
            ROOT, root, ignore=shutil.ignore_patterns(".git", ".venv*", ".mutants", "__pycache__", "_build")
        )
        # Compiled before the first change, whose seconds are short.
        command = [sys.executable, "-m", "flowsim", "run", "copenhagen", "-n", "1"]
        subprocess.run(command, cwd=root, env=environment(root), stdout=subprocess.DEVNULL, check=True)

    def outcome(self, path, change, short):
        """Try one change, as `run` tells: "unsure" where a short look does not tell."""
        position, old, new = change
        target = self.root / path.relative_to(ROOT)
        words = tests_of(path, self.root)
        content, stamp = target.read_bytes(), target.stat()
        if b"frozen=True" in content[content.rfind(b"\n", 0, position) : content.find(b"\n", position)]:
            words.sort(key=lambda test: not test.endswith("house/test_values.py"))  # which holds that values are
        if not content[position:].startswith(old.encode()):
            raise SystemExit(f"{path} has changed meanwhile")
        machine_code, aside = self.root / ".numba", self.root / ".numba-aside"
        interpreted = short and path.stem in INTERPRETED
        recompiled = path.stem in COMPILED and not interpreted
        if short and recompiled:
            return "unsure", [], 0.0
        if recompiled and machine_code.exists():
            machine_code.rename(aside)
        target.write_bytes(content[:position] + new.encode() + content[position + len(old.encode()) :])
        # A stamp of its own: bytecode of another change of the same length is not taken for this one's.
        self.tried += 1
        os.utime(target, (stamp.st_atime, int(stamp.st_mtime) + self.tried))
        try:
            if not short:
                return run(self.root, words)
            options, some = stories(self.root) if interpreted else ((), words)
            outcome, failed, seconds = run(self.root, some, ("-x", *options), SHORT, interpreted)
            outcome = "killed" if failed else outcome  # even if what follows a failure took too long
            decided = outcome == "killed" or (outcome == "survived" and not interpreted)
            return (outcome, failed, seconds) if decided else ("unsure", failed, seconds)
        finally:
            target.write_bytes(content)
            os.utime(target, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))  # machine code of this file holds again
            if recompiled:
                shutil.rmtree(machine_code, ignore_errors=True)
            if aside.exists():
                aside.rename(machine_code)


def digest(*parts):
    return hashlib.sha256(
        b"\0".join(part if isinstance(part, bytes) else str(part).encode() for part in parts)
    ).hexdigest()


def kept():
    """Return the outcomes of earlier runs by change."""
    if not KEPT.exists():
        return {}
    records = [json.loads(line) for line in KEPT.read_text(encoding="utf-8").splitlines() if line.endswith("}")]
    return {record["change"]: record for record in records}


def main():
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--mutants", type=int, default=150)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--minutes", type=float, default=90.0, help="after which no other is begun")
    asked.add_argument("--room", default="", help="of this room, or this file of it, alone")
    asked.add_argument("--jobs", type=int, default=2, help="tried at the same time, each in a copy of its own")
    asked.add_argument("--list", action="store_true", help="print the places, and try nothing")
    asked = asked.parse_args()
    everywhere = places()
    sample = random.Random(asked.seed).sample(everywhere, min(asked.mutants, len(everywhere)))
    sample = [at for at in sample if at[0].relative_to(ROOT / "src" / "flowsim").as_posix().startswith(asked.room)]
    print(f"{len(sample)} of {len(everywhere):,} places", flush=True)
    begun, earlier, outcomes = time.monotonic(), kept(), {"killed": 0, "endless": 0, "survived": 0}
    KEPT.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder, KEPT.open("a", encoding="utf-8") as keep:
        homes, lock, killers, decided = SimpleQueue(), threading.Lock(), {False: set(), True: set()}, set()

        def trial(at, short=False):
            path, change = at
            if at in decided:
                return
            position, old, new = change
            content = path.read_bytes()
            line = content[:position].count(b"\n")
            text = content.splitlines()[line].decode().strip()
            shown = f"{path.relative_to(ROOT)}:{line + 1}: {old[:40]!r} -> {new[:40]!r} in: {text}"
            if asked.list:
                print(shown)
                return
            tests = digest(*[(ROOT / test).read_bytes() for test in sorted(tests_of(path, ROOT))])
            record = earlier.get(digest(path.relative_to(ROOT), content, *change))
            known = record is not None and (record["outcome"] in ("killed", "endless") or record["tests"] == tests)
            if known and record["outcome"] == "unsure":
                if short:
                    return
                known = False
            if not known:
                if time.monotonic() - begun > 60 * asked.minutes:
                    return
                home = homes.get()
                try:
                    outcome, failed, seconds = home.outcome(path, change, short)
                finally:
                    homes.put(home)
                record = {
                    "change": digest(path.relative_to(ROOT), content, *change),
                    "outcome": outcome,
                    "tests": tests,
                }
                record |= {"by": failed[:1], "seconds": round(seconds, 1), "shown": shown}
                interpreted = short and path.stem in INTERPRETED
                killers[interpreted].update(name for name in failed[:1] if "::" in name)
            with lock:
                keep.write(json.dumps(record) + "\n")
                keep.flush()
                if record["outcome"] == "unsure":
                    return
                decided.add(at)
                outcomes[record["outcome"]] += 1
                print(
                    f"{record['outcome']} ({record['seconds']:.0f} s, {''.join(record['by']) or 'no test'}): {shown}",
                    flush=True,
                )

        if not asked.list:
            copies = [Trials(Path(folder) / str(number) / "flowsim") for number in range(asked.jobs)]
            for copy in copies:
                homes.put(copy)
        with ThreadPoolExecutor(asked.jobs) as threads:
            if not asked.list:
                list(threads.map(lambda at: trial(at, short=True), sample))
            list(threads.map(trial, sample))
        for interpreted, names in killers.items():
            if not names:
                continue
            # A change is not killed by a test that fails in any case, or because the machine is busy.
            options = stories(copies[0].root)[0] if interpreted else ()
            words = sorted({name.split("[")[0] for name in names})
            _, failed, _ = run(copies[0].root, words, options, 10 * MOST, interpreted)
            print(f"{len(names)} tests noticed a change; of these fail without any: {sorted(names & set(failed))}")
    tried = sum(outcomes.values())
    if tried:
        killed = tried - outcomes["survived"]
        print(f"{tried} of {len(sample)} tried: {killed} killed ({killed / tried:.0%}): {outcomes}")


if __name__ == "__main__":
    main()
