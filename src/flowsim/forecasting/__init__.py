"""What comes: the trend of a series, the simulation driven by it, and both side by side."""
