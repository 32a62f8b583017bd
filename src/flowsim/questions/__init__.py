"""Questions as values: what is asked, checked in full when it is made, answered by the rooms below, and repeatable.

A question computes nothing itself. The command line, a file (TOML or JSON) and Python fill the same values.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
