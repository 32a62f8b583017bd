"""Time, periods, quantities, files and errors: the words that every room speaks. Imports nothing of ours."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
