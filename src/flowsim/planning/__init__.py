"""What to do: scenarios compared, their costs, what drives a measure, and the least staffing that meets a goal."""
