"""Drawings: charts of a report, forecasts, plans, and the diagram of a pathway."""
