"""Simulate how citizens flow through a municipal employment service, and forecast what comes.

The public names stand in `__init__.pyi`, and are loaded when they are first used, so that `import flowsim` is quick.
"""

import logging

import lazy_loader

__version__ = "0.1.0"

# Whoever embeds flowsim decides where its lines go; until then nowhere.
logging.getLogger("flowsim").addHandler(logging.NullHandler())

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
