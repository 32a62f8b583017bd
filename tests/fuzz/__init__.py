"""Hostile input, made by seed: `python -m fuzz toml --cases 100000`, with src and tests on the path (`make fuzz`)."""
