"""How files are written, whole or not at all; CSV cells that are no formulas, command lines that a shell takes."""
