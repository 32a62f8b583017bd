"""How files are written: each whole or not at all, and CSV cells that no spreadsheet takes for formulas."""
