"""Measures and rows by their names, for results made by hand."""

from flowsim.core.periods import Period
from flowsim.simulation.measures import flows, spells, stations
from flowsim.simulation.measures.measure import Kind, Measure, Row

KINDS = [kind for module in (flows, spells, stations) for kind in vars(module).values() if isinstance(kind, Kind)]


def named(name: str, unit: str = "") -> Measure:
    """Return the measure of a name; of a kind of its own, with the unit, where the package has none such."""
    names = name.split(".")
    for kind in KINDS:
        of = names[1 : 1 + len(kind.of)]
        if len(of) == len(kind.of) and kind(*of) == name:
            assert unit in ("", kind.unit)
            return kind(*of)
    if names[0] == "cost" and len(names) == 2:
        return Kind(name="cost", reading=names[1], unit=unit, every=("year",), adds="sum")()
    return Kind(name=name, unit=unit, every=("month", "quarter", "year"))()


def row(name: str, period: str, unit: str = "") -> Row:
    return Row(named(name, unit), Period(period))
