"""What is refused, as a planner reads it: her fields and changes by their names on the page.

A question says where a mistake is by the keys of its own: "form: between", "stations[no. 1: team].from". Nobody wrote
these on the page, but for who opened a file of her own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date

from flowsim.core.errors import InputError
from flowsim.reporting.language import Language
from flowsim.reporting.wording import Wording
from flowsim.web.asked import Choice, Desk, file_name

__all__ = ["WrongCells", "refusal"]

_FOLDER = re.compile(r"\S*flowsim-page-\w+[/\\]")
_HEAD = re.compile(r"(?P<head>(?:[^\s:\[\]]|\[[^\]]*\])+|goal '[^']*'|between \d+ and \d+): (?P<rest>.+)")
_CHANGE = re.compile(r"\w+\[no\. \d+: (?P<name>[\w-]+)\](?:\.(?P<key>\w+))?")
_LEVER = re.compile(r"(?P<station>[\w-]+)\.(?:[\w-]+\.)?(?:places|staff|capacity)")
_OF_MODEL = re.compile(r"(entries|states|stations)\..+")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_FRAMES = ("form", "state", "scenario", "today")
_FILES = ("scenario", "scenario.toml", "scenario.json")
_FILE = re.compile(r"scenario\.(toml|json)(?=, line)")
_FIELDS: Mapping[str, str] = {
    "goal": "web.refused.goal",
    "goals": "web.refused.goal",
    "vary": "web.refused.vary",
    "between": "web.refused.between",
    "during": "web.bench.year",
    "year": "web.bench.year",
    "chance": "web.refused.chance",
    "question": "web.refused.question",
    "first": "web.report.first",
    "last": "web.report.last",
    "date": "web.report.day",
    "logo": "web.refused.logo",
    "recipient": "web.refused.recipient",
    "author": "web.refused.author",
    "name": "web.bench.name",
    "from": "web.bench.dated.since",
    "through": "web.bench.dated.through",
}
# What a question says in its own keys, and the page in its own words.
_SAID: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"through (?P<last>\S+) is before from (?P<first>\S+)"), "web.refused.order"),
    (re.compile(r"(?P<day>\S+) lies more than \d+ years after the base's end \((?P<end>\S+)\).*"), "web.refused.late"),
    (re.compile(r"(?P<day>\S+) lies more than \d+ years before the base's start \((?P<start>\S+)\).*"),
     "web.refused.early"),
    (re.compile(r"(?P<day>\S+) changes nothing: it lies outside the horizon \((?P<start>\S+) to (?P<end>\S+)\)"),
     "web.refused.outside"),
    (re.compile(r"--from (?P<first>\S+) --to (?P<last>\S+): nothing lies between .*"), "web.refused.years"),
    (re.compile(r"the scenario ends on another day than the one it is compared with: .*"), "web.refused.end"),
)  # fmt: skip


class WrongCells(InputError):
    """Rows of a list with a cell that is wrong.

    Attributes:
        lines: what is wrong, a line a row.
    """

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__(lines[0])
        self.lines = tuple(lines)


def refusal(error: InputError, desk: Desk, state: Choice | None, language: Language) -> str:
    """Say what is refused, and where on the page it is.

    Args:
        error: as it was raised.
        desk: whose page it is.
        state: what the tab has set; None where that could not be read.
        language: of the words.
    """
    own = state is not None and bool(state.own)
    rest = _FOLDER.sub("", str(error))
    if own:
        rest = _FILE.sub(language.say("web.refused.file"), rest)
    where = list[str]()
    while match := _HEAD.fullmatch(rest):
        if own and match["head"] in _FILES:
            where.append(language.say("web.refused.file"))
            rest = match["rest"]
            break  # in her own file she knows the keys
        title = _place(match["head"], desk, state, language)
        if title is None:
            break
        where += [title] if title and title not in where else []
        rest = match["rest"]
    return ": ".join([*where, _said(rest, language)])


def _said(text: str, language: Language) -> str:
    for pattern, key in _SAID:
        if match := pattern.fullmatch(text):
            return language.say(key, **{name: _day(part, language) for name, part in match.groupdict().items()})
    return language.message(text)


def _day(text: str, language: Language) -> str:
    return language.plain_day(date.fromisoformat(text)) if _DAY.fullmatch(text) else text


def _place(head: str, desk: Desk, state: Choice | None, language: Language) -> str | None:
    """Return what the page calls where a mistake is; nothing where it has no name there, None for what is no place."""
    files = (desk.reference_scenario.base.source, file_name(state.name if state else ""))
    if head in _FRAMES or head in files or _OF_MODEL.fullmatch(head):
        return ""
    if head in _FIELDS:
        return language.say(_FIELDS[head])
    if " " in head and "[" not in head:
        return language.say("web.refused.goal") if head.startswith("goal ") else ""
    wording = Wording.of(desk.reference_scenario, desk.reference_scenario.pathway(), language)
    if head == "parameters":
        changed = [wording.parameter(name) for name, _ in state.parameters] if state else []
        return language.listed(changed) or language.say("web.trust.assumed")
    if head.startswith("parameters."):
        return wording.parameter(head.removeprefix("parameters."))
    if match := _LEVER.fullmatch(head):
        return wording.name(match["station"])
    if match := _CHANGE.fullmatch(head):
        key = _FIELDS.get(match["key"] or "")
        return ", ".join([wording.name(match["name"]), *([language.say(key)] if key else [])])
    if head.isdigit() and state is not None and int(head) < len(state.changes):
        key = f"web.control.{state.changes[int(head)].control}"
        return language.words.get(key, "") if wording.shipped else ""
    return None
