"""Simulate how citizens flow through a municipal employment service, and forecast what comes."""

__version__ = "0.1.0"
