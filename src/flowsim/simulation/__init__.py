"""Replications: two engines that agree to the byte, the measures of what they leave behind, and how many run where."""
