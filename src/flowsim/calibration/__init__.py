"""The model fitted to the evidence, with what the evidence leaves open, and the verdict on the fit."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
