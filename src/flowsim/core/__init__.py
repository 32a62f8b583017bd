"""Time, periods, quantities, files and errors: the words that every room speaks. Imports nothing of ours."""
