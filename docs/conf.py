import contextlib
import dataclasses
import re
import shutil
import tomllib
import zlib
from pathlib import Path
from typing import Any

from babel.messages.pofile import read_po
from docutils.nodes import Element, document, image
from pydantic import BaseModel
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import docname_join
from sphinx.util.logging import getLogger
from sphinx.util.nodes import extract_messages

import flowsim

logger = getLogger(__name__)
project = "flowsim"
author = "The flowsim developers"
copyright = "The flowsim developers"
version = release = flowsim.__version__

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.intersphinx",
    "sphinx.ext.napoleon",
]
autosummary_generate = False
exclude_patterns = ["_build", "locale"]
myst_heading_anchors = 3

# `-t da` builds the Danish pages, from the same sources: those that have a catalogue. Links to others lead to the
# English pages, which are built first.
LOCALE = Path(__file__).parent / "locale" / "da"
CATALOGUES = LOCALE / "LC_MESSAGES"
TRANSLATED = sorted(path.relative_to(CATALOGUES).with_suffix("").as_posix() for path in CATALOGUES.rglob("*.po"))
DANISH = tags.has("da")  # type: ignore[name-defined]  # noqa: F821  (Sphinx puts it there)
locale_dirs = ["locale"]
gettext_compact = False
if DANISH:
    language = "da"
    include_patterns = ["index.md", *(f"{page}.md" for page in TRANSLATED)]

# Notebooks stand among the examples, without outputs; here they are run.
if not DANISH:
    shutil.copytree(
        Path(__file__).parents[1] / "examples" / "notebooks", Path(__file__).parent / "notebooks", dirs_exist_ok=True
    )
nb_execution_mode = "force"
nb_execution_timeout = 300
nb_execution_in_temp = True
nb_execution_raise_on_error = True
nb_mime_priority_overrides = [("html", "image/png", 5)]
source_suffix = {".md": "myst-nb", ".ipynb": "myst-nb"}

html_theme = "furo"
html_title = f"flowsim {version}"
html_static_path = ["static"]
html_css_files = ["style.css"]

# A word in single backticks in a docstring is code.
default_role = "code"
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_default_options = {
    "members": True,
    "undoc-members": True,
    "exclude-members": "model_config, model_post_init",
}
napoleon_numpy_docstring = False
napoleon_use_ivar = True


def inventory(pages: dict[str, list[str]], same: dict[str, str]) -> bytes:
    """Write an inventory of another library's types, as Sphinx reads one (version 2)."""
    places = {name: page for page, names in pages.items() for name in names}
    places |= {name: places[other] for name, other in same.items() if other in places}
    lines = "".join(f"{name} py:class 1 {page}#{same.get(name, name)} -\n" for name, page in places.items())
    head = "# Sphinx inventory version 2\n# Project: types\n# Version:\n# The rest is compressed using zlib.\n"
    return head.encode() + zlib.compress(lines.encode())


# Nothing is downloaded while the pages are built, so the names that we need are listed.
intersphinx_mapping = {}
if DANISH:
    intersphinx_disabled_reftypes = []  # pages are looked for there too
    intersphinx_mapping["english"] = ("..", str(Path(__file__).parent / "_build" / "html" / "objects.inv"))
else:
    others = tomllib.loads((Path(__file__).parent / "other_libraries.toml").read_text(encoding="utf-8"))
    spelled = others.pop("same")
    for library, listed in others.items():
        address = listed.pop("address")
        file = Path(__file__).parent / "_build" / f"{library}.inv"
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(inventory(listed, spelled))
        intersphinx_mapping[library] = (address, str(file))

# Our own public names must resolve; other libraries' only where they are listed; private ones have no page.
nitpicky = True
nitpick_ignore_regex = [
    ("py:.*", r"(?!flowsim\.).*"),
    ("py:.*", r"flowsim\.[\w.]+\.(_\w+|T|Numbers|RootModel.*|ByDate.*)"),
]
# One line of a docstring names several columns, and columns of different tables share names.
suppress_warnings = ["ref.python"]


def hide_signature(app: Sphinx, what: str, name: str, thing: Any, options: Any, *rest: Any) -> tuple[str, None] | None:
    """Leave a value's constructor out: its attributes are listed below it, with types that people can read."""
    is_value = what == "class" and (issubclass(thing, BaseModel) or dataclasses.is_dataclass(thing))
    return ("", None) if is_value else None


def draw(app: Sphinx) -> None:
    """Draw the pathway of Copenhagen and the forecast of its awards as they are now, for their pages."""
    from flowsim.evidence.series import documented_awards
    from flowsim.forecasting.trend import forecast_parts
    from flowsim.reporting.pictures.forecasts import picture as draw_forecasts

    picture = Path(app.srcdir) / "_build" / "copenhagen.svg"
    picture.parent.mkdir(exist_ok=True)
    flowsim.draw(flowsim.read_base("copenhagen").pathway()).save(picture, overwrite=True)
    joint = forecast_parts(documented_awards().series, 4)
    picture.with_name("awards.svg").write_bytes(draw_forecasts([*joint.parts, joint], ".svg"))


def draw_gallery(app: Sphinx) -> None:
    """Make the pictures of the gallery by the very code that it shows."""
    folder = Path(app.srcdir) / "_build" / "gallery"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shutil.copytree(Path(app.srcdir).parent / "examples" / "small_town", folder / "small_town")
    page = (Path(app.srcdir) / "gallery.md").read_text(encoding="utf-8")
    names: dict[str, Any] = {}
    with contextlib.chdir(folder):
        for block in re.findall(r"^```python\n(.*?)^```$", page, flags=re.MULTILINE | re.DOTALL):
            exec(block, names)


def put_in_danish(app: Sphinx, page: str, source: list[str]) -> None:
    """Take the Danish page's own start, and the pictures that have Danish words in them."""
    source[0] = (LOCALE / "index.md").read_text(encoding="utf-8") if page == "index" else source[0]
    source[0] = re.sub(r"(pictures/[\w-]+)-en\.png", r"\1-da.png", source[0])


def name_what_stayed_english(app: Sphinx, doctree: document) -> None:
    """Warn of a translation that Sphinx left out, since it reads as something else than its source: a list, say."""
    page = app.env.docname
    if page == "index":
        return
    with (CATALOGUES / f"{page}.po").open("rb") as file:
        danish = {message.id: message.string for message in read_po(file, locale="da")}
    for node, text in extract_messages(doctree):
        if danish.get(text, text) != text and not isinstance(node, image) and not node.get("translated"):
            logger.warning("%s: not put in Danish: %s", page, text)


def name_in_full(app: Sphinx, env: BuildEnvironment, node: Element, text: Element) -> None:
    """Name a page that is in English alone as the inventory of the English pages does."""
    if node["reftype"] == "doc":
        node["reftarget"] = docname_join(node["refdoc"], node["reftarget"])


def link_languages(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Lead from each page that is there in two languages to the other one."""
    if page not in ("index", *TRANSLATED) or "body" not in context:
        return
    up = "../" * page.count("/")
    address, code, name = (f"../{up}{page}.html", "en", "English") if DANISH else (f"{up}da/{page}.html", "da", "Dansk")
    link = f'href="{address}" hreflang="{code}"'
    # Commands and what they write stand once, in the English source.
    note = " · Det, kommandoerne skriver, vises på engelsk; med <code>--language da</code> er det på dansk."
    if not DANISH or "highlight-console" not in context["body"]:
        note = ""
    line = f'<p class="other-language"><a {link} lang="{code}">{name}</a>{note}</p>'
    context["body"] = f"{line}\n{context['body']}"
    context["metatags"] = f'{context.get("metatags", "")}<link rel="alternate" {link}>'


def setup(app: Sphinx) -> None:
    app.connect("html-page-context", link_languages)
    if DANISH:  # the pictures are there from the English pages
        app.connect("source-read", put_in_danish)
        app.connect("doctree-read", name_what_stayed_english)
        app.connect("missing-reference", name_in_full, priority=400)  # before intersphinx looks
        return
    app.connect("builder-inited", draw_gallery)
    app.connect("builder-inited", draw)
    app.connect("autodoc-process-signature", hide_signature)
