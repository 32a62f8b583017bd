"""Pairs of a parameter set and the luck of one replication that hold the waits which documents tell by date."""
