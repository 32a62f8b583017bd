"""The scenarios that ship with flowsim: files in `data/scenarios`, known by their names wherever a file is accepted."""

from __future__ import annotations

from importlib import resources

from flowsim.errors import InputError, unknown_name

__all__ = ["SHIPPED", "shipped_text"]

SHIPPED = (
    "today",
    "more-sessions",
    "more-places",
    "lower-caseloads",
    "flere-skal-med-2-ends",
    "flere-skal-med-2-stays",
    "lockdown-virtual",
    "lockdown-closed",
    "faster-statements",
    "fast-track",
    "without-2017-money",
    "fleksjob-goals",
)


def shipped_text(name: str) -> str:
    """Return the file of a shipped scenario, to be read or started from.

    Raises:
        InputError: for an unknown name, with the nearest one.
    """
    if name not in SHIPPED:
        raise InputError(unknown_name("shipped scenario", name, SHIPPED))
    return (resources.files("flowsim") / "data" / "scenarios" / f"{name}.toml").read_text(encoding="utf-8")
