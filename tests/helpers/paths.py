"""Where the files of this repository are that tests read."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
SMALL_TOWN = ROOT / "examples" / "small_town"
TOWN = SMALL_TOWN / "town.toml"
EXPORTS = ROOT / "tests" / "evidence" / "exports"  # made-up figures in the form of real exports
