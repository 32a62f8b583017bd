"""What to do: scenarios compared, their costs, what drives a measure, and the least staffing that meets a goal."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
