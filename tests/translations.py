"""The Danish pages of the documentation: `make danish` takes what changed in the English ones into their catalogues.

A paragraph that is the same but for its numbers keeps its translation, with the new numbers in Danish form. A new one
has an empty translation, and one that was reworded its old translation with the mark `fuzzy`: a person sees to both.
"""

import io
import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from babel.messages import Catalog
from babel.messages.pofile import read_po, write_po

from helpers.paths import ROOT

CATALOGUES = ROOT / "docs" / "locale" / "da" / "LC_MESSAGES"
HEADER = (
    'msgid ""\nmsgstr ""\n"Language: da\\n"\n"MIME-Version: 1.0\\n"\n"Content-Type: text/plain; charset=UTF-8\\n"\n\n'
)

CODE = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)", flags=re.DOTALL)
ROLE = re.compile(r"\{([\w:]+)\}`(?:[^`<]*<([^`>]+)>|([^`]+))`", flags=re.DOTALL)
ADDRESS = re.compile(r"\]\([^)]*\)|<https?://[^>]*>")
# Versions and what is quoted as typed keep their points.
AS_TYPED = re.compile(r'(?:Python|SALib) \d+\.\d+|"[\d.,]+"')
ENGLISH = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d*\.\d+|\d+")
DANISH = re.compile(r"\d{1,3}(?:\.\d{3})+(?:,\d+)?|\d+(?:,\d+)?")


def catalogue(page: str) -> Path:
    return CATALOGUES / f"{page}.po"


def pages() -> list[str]:
    """Name the pages that have a catalogue."""
    return sorted(path.relative_to(CATALOGUES).with_suffix("").as_posix() for path in CATALOGUES.rglob("*.po"))


def read(path: Path) -> Catalog:
    return read_po(io.StringIO(path.read_text(encoding="utf-8")), locale="da")


def paragraphs() -> dict[str, Catalog]:
    """Take the paragraphs of the English pages that have a catalogue, as Sphinx finds them."""
    with tempfile.TemporaryDirectory() as folder:
        command = [
            sys.executable,
            "-m",
            "sphinx",
            "-q",
            "-t",
            "da",
            "-D",
            "language=en",
            "-b",
            "gettext",
            "docs",
            folder,
        ]
        subprocess.run(command, cwd=ROOT, check=True, stdin=subprocess.DEVNULL, capture_output=True)
        return {page: read(Path(folder) / f"{page}.pot") for page in pages()}


def prose(text: str) -> str:
    """Leave out code, the targets of links and what keeps its form in any language."""
    text = ROLE.sub(lambda role: role[0].split("`")[1].partition("<")[0] if role[2] else "", text)
    return AS_TYPED.sub("", ADDRESS.sub("", CODE.sub("", text)))


def in_danish(number: str) -> str:
    return re.sub("^,", "0,", number.translate(str.maketrans(",.", ".,")))


def literals(text: str) -> Counter[str]:
    """Count what a translation keeps letter by letter: code, the targets of roles and of links."""
    roles = [f"{role}: {target or whole}" for role, target, whole in ROLE.findall(text)]
    rest = ROLE.sub("", text)
    codes = [match[0] for match in CODE.finditer(rest)]
    return Counter(" ".join(part.split()) for part in (*roles, *codes, *ADDRESS.findall(CODE.sub("", rest))))


def numbers(text: str, form: re.Pattern[str]) -> list[str]:
    return form.findall(prose(text))


def faults(english: str, danish: str) -> list[str]:
    """Say what a translation has lost or added: code, links or numbers."""
    kept = (literals(english), literals(danish))
    counts = (Counter(map(in_danish, numbers(english, ENGLISH))), Counter(numbers(danish, DANISH)))
    pairs = (("literal", *kept), ("number", *counts))
    lost = [f"{kind} {part!r} is missing" for kind, first, second in pairs for part in first - second]
    lost += ["'1.' begins a list: write '1\\\\.'"] * bool(re.match(r"\d+\. ", danish))
    return lost + [f"{kind} {part!r} is not in the English" for kind, first, second in pairs for part in second - first]


def masked(text: str) -> str:
    return ENGLISH.sub("#", text)


def renewed(before: str, danish: str, after: str) -> str | None:
    """Put the new numbers into a translation, where each old one became one new one; else None."""
    pairs = set(zip(numbers(before, ENGLISH), numbers(after, ENGLISH), strict=True))
    table = {in_danish(old): in_danish(new) for old, new in pairs}
    if len(table) < len(pairs):
        return None
    text = DANISH.sub(lambda number: table.get(number[0], number[0]), danish)
    return None if faults(after, text) else text


def without_words(english: str) -> str | None:
    """Translate what has no words in it: a cell of figures, or of code alone; else None."""
    if any(character.isalpha() for character in prose(english)):
        return None
    return english if literals(english) else ENGLISH.sub(lambda number: in_danish(number[0]), english)


def update(old: Catalog, english: Catalog) -> Catalog:
    """Take the paragraphs of a page into its catalogue, in their order."""
    known = {message.id for message in old}
    forms = {masked(message.id): message for message in old if message.id and message.string and not message.fuzzy}
    for message in english:
        before = forms.get(masked(message.id))
        if message.id and message.id not in known and before is not None:
            text = renewed(before.id, before.string, message.id)
            if text is not None:
                old.delete(before.id)
                old.add(message.id, text)
    old.update(english)
    for message in old:
        text = without_words(message.id) if message.id else None
        if text is not None:
            message.string, message.previous_id = text, []
            message.flags.discard("fuzzy")
    return old


def write(path: Path, content: Catalog) -> None:
    out = io.BytesIO()
    write_po(out, content, width=120, no_location=True, omit_header=True, ignore_obsolete=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(HEADER + out.getvalue().decode("utf-8").strip("\n") + "\n", encoding="utf-8")


def unfinished(content: Catalog) -> list[str]:
    """Name the paragraphs that a person has to see to."""
    return [message.id for message in content if message.id and (message.fuzzy or not message.string)]


def main() -> int:
    left = 0
    for page, english in paragraphs().items():
        content = update(read(catalogue(page)), english)
        write(catalogue(page), content)
        for paragraph in unfinished(content):
            print(f"{catalogue(page).relative_to(ROOT)}: {' '.join(paragraph.split())[:90]}")
            left += 1
    print(f"{left} to translate")
    return int(left > 0)


if __name__ == "__main__":
    sys.exit(main())
