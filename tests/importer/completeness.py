"""Hold the share of public names with a known type, as pyright reports it, to what we promise.

python tests/importer/completeness.py REPORT
"""

import re
import sys
from pathlib import Path

LEAST = 98.0

if __name__ == "__main__":
    report = Path(sys.argv[1]).read_text(encoding="utf-8")
    score = float(re.findall(r"Type completeness score: ([\d.]+)%", report)[0])
    print(f"{score} % of the public names have a known type; {LEAST:g} % is the least")
    sys.exit(score < LEAST)
