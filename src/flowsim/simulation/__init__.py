"""Replications: two engines that agree to the byte, the measures of what they leave behind, and how many run where."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
