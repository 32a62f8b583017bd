"""Queues in closed form, a pathway as a fluid, and the engine held against both."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
