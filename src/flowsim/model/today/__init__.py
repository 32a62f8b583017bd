"""A model that begins on a day of its own: with a planner's list, and with its own stock where that tells nothing."""
