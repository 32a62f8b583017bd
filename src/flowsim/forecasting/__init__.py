"""What comes: the trend of a series, the simulation driven by it, and both side by side."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
