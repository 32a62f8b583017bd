"""Pure functions of a trace: flows, waits at stations, spells, and the catalogue that names them all."""
