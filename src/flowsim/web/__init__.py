"""The planners' page: it fills questions, shows their answers, and computes nothing itself.

Here: what a base shows (`layout`), what a tab asks (`asked`), whose turn it is (`jobs`), the screens, and the server.
Not here: what figures are (the rooms below), and the page's own script and style, which are data (`data/web`).
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
