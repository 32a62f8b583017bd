"""The pathway language, a city's base file, and a planner's scenario. Nothing here runs."""
