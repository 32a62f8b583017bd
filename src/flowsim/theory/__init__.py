"""Queues in closed form, a pathway as a fluid, and the engine held against both."""
