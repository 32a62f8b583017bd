"""The pathway language, a city's base file, and a planner's scenario. Nothing here runs."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
