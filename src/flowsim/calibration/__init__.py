"""The model fitted to the evidence, with what the evidence leaves open, and the verdict on the fit."""
