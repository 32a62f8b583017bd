"""What documents and planners' own files say, each figure with its source. Nothing here is simulated or fitted."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
