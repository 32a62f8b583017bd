"""The least staffing that meets a goal: goals as planners write them, trials, the search, and what it costs."""
