"""Try hostile input by the thousand: `python -m fuzz toml csv xlsx words --cases 20000 --minutes 60`."""

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path

from fuzz.judge import KINDS, limit_memory


def main():
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("kinds", nargs="*", default=list(KINDS), help=f"any of {', '.join(KINDS)}")
    asked.add_argument("--cases", type=int, default=20_000, help="of each kind")
    asked.add_argument("--first", type=int, default=0, help="seed of the first case")
    asked.add_argument("--minutes", type=float, default=600.0, help="for each kind, at the most")
    asked = asked.parse_args()
    limit_memory()
    failed = 0
    for kind in asked.kinds:
        began, done, slowest, causes = time.monotonic(), 0, (0.0, 0), {}
        for seed in range(asked.first, asked.first + asked.cases):
            folder = Path(tempfile.mkdtemp(prefix="fuzz-"))
            begun = time.monotonic()
            fault = KINDS[kind](seed, folder)
            slowest = max(slowest, (time.monotonic() - begun, seed))
            shutil.rmtree(folder, ignore_errors=True)
            done += 1
            if fault:
                causes.setdefault(fault.strip().splitlines()[-1][:150], []).append((seed, fault))
            if time.monotonic() - began > 60 * asked.minutes:
                break
        for cause, cases in causes.items():
            print(f"{kind}: {len(cases)} times, first at seed {cases[0][0]}: {cause}\n{cases[0][1]}\n")
        failed += sum(map(len, causes.values()))
        print(
            f"{kind}: {sum(map(len, causes.values()))} of {done:,} end otherwise than in an answer or one line; the "
            f"slowest takes {slowest[0]:.1f} s (seed {slowest[1]})",
            flush=True,
        )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
