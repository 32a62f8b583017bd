"""Commands that write a file for a planner to fill in."""
