"""The parts that a pathway of one's own is put together from, and the numbers that stand in for own ones."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from flowsim.core.files import data_folder

__all__ = [
    "LENDER",
    "CataloguePart",
    "Number",
    "benefits",
    "doors_of",
    "filled_in",
    "names_in",
    "numbers",
    "pathway_text",
    "steps",
]

LENDER = "copenhagen"
"""The municipality whose figures stand in for one's own."""

_WORDS = re.compile(r"<<(.*?)\|(.*?)>>", re.DOTALL)
_NAME = re.compile(r'"\$(\w+)"')


@dataclass(frozen=True, kw_only=True)
class CataloguePart:
    """A benefit that cases come from, or a step of a case.

    Attributes:
        name: as files and options call it.
        title: what it is, by language.
    """

    name: str
    title: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Number:
    """A number of the catalogue, and where its first value comes from.

    Attributes:
        name: of the parameter.
        what: what it is, by language.
        of: a parameter of the lender.
        fact: a documented figure of the lender, with the `key` of its table's cell and `unit`, such as "{} weeks".
        per: "citizen" or "meeting" where it grows with the size of the municipality.
        whole: whether it is rounded to a whole number.
        answer: the question whose answer takes its place.
        reckoned: how it follows from other numbers.
        assumed: a value that is the same everywhere.
    """

    name: str
    what: Mapping[str, str]
    of: str = ""
    fact: str = ""
    key: str = ""
    unit: str = "{}"
    per: str = ""
    whole: bool = False
    answer: str = ""
    reckoned: str = ""
    assumed: Any = None


@cache
def _parts() -> dict[str, Any]:
    return tomllib.loads((data_folder("own") / "parts.toml").read_text(encoding="utf-8"))


@cache
def numbers() -> tuple[Number, ...]:
    """Return the numbers of the catalogue, in the order in which a base lists them."""
    raw = tomllib.loads((data_folder("own") / "numbers.toml").read_text(encoding="utf-8"))
    out = []
    for name, entry in raw.items():
        given = {("unit" if key == "as" else key): value for key, value in entry.items() if key != "what"}
        out.append(Number(name=name, what=_both(entry["what"]), **given))
    return tuple(out)


def benefits() -> tuple[CataloguePart, ...]:
    """Return the benefits that cases may come from."""
    return _listed("benefits")


def steps() -> tuple[CataloguePart, ...]:
    """Return the steps of a case, in their order."""
    return _listed("steps")


def _listed(kind: str) -> tuple[CataloguePart, ...]:
    return tuple(CataloguePart(name=name, title=_both(part["title"])) for name, part in _parts()[kind].items())


def _both(text: str) -> dict[str, str]:
    return {code: filled_in(text, code) for code in ("en", "da")}


def filled_in(text: str, code: str) -> str:
    """Return a text of the catalogue in a language, "en" or "da"."""
    return _WORDS.sub(lambda match: match[1 if code == "en" else 2], text)


def names_in(text: str) -> tuple[str, ...]:
    """Return the parameters that a text refers to, each once."""
    return tuple(dict.fromkeys(_NAME.findall(text)))


def pathway_text(chosen: Sequence[str], way: Sequence[str], weekdays: Sequence[str], code: str) -> str:
    """Return the body of a pathway in TOML, without its head and its parameters.

    Args:
        chosen: the benefits, at least one.
        way: the steps, at least one, in the order of the catalogue.
        weekdays: on which the team meets, such as "tue".
        code: the language of titles and comments.
    """
    text = "\n\n".join(block.strip("\n") for block in _blocks(list(chosen), list(way), weekdays)) + "\n"
    return filled_in(text, code)


def _blocks(chosen: list[str], way: list[str], weekdays: Sequence[str]) -> Iterator[str]:
    parts = _parts()
    of = {name: parts["benefits"][name] for name in chosen}
    states = [parts["steps"][step]["state"] for step in way]
    yield _heading("<<Who is scarce|Hvem der er mangel på>>")
    if "plan" in way:
        for name, part in of.items():
            if "stations" in part:
                those = [name, *(f"{state}_{name}" for state in states)]
                follow_up = ", ".join(f'{state} = "${part["follow_up"]}"' for state in those)
                yield part["stations"].replace("%follow_up%", follow_up)
        if any(part["station"] == "plan_oevrige" for part in of.values()):
            yield parts["others"]["stations"]
    if "team" in way:
        yield parts["steps"]["team"]["stations"].replace("%weekdays%", ", ".join(f'"{day}"' for day in weekdays))
    yield _heading("<<A case, step by step; stamped below|En sag, trin for trin; stemplet for hver ydelse>>")
    for number, step in enumerate(way):
        follows = f"{states[number + 1]}_{{ydelse}}" if number + 1 < len(way) else "{udfald}"
        yield parts["steps"][step]["template"].replace("%next%", follows)
    yield _heading("<<Those on a benefit|De, der er på en ydelse>>")
    for name, part in of.items():
        if "states" in part:
            yield part["states"].replace("%first%", f"{states[0]}_{name}")
    yield _heading("<<Their cases|Deres sager>>")
    for name, part in of.items():
        key = part["decision"]
        shares = (
            f'fleksjob_tilkendt = "${key}_fleksjob", foertidspension = "${key}_pension", afslag = "${key}_afslag", '
        )
        words = {"ydelse": f'"{name}"'}
        if "plan" in way:
            words["station"] = f'"{part["station"]}"'
        words["af"] = f'" ({part["of"]})"' if len(of) > 1 else '""'
        words["udfald"] = "{ " + shares + 'ressourceforloeb = "rest" }'
        yield "\n".join(
            [f"[states.sag_{name}]", 'stamp = "sag"', *(f"{key} = {value}" for key, value in words.items())]
        )
    yield _heading("<<Where cases end|Hvor sager ender>>")
    back = 'to = "kontanthjaelp"' if "kontanthjaelp" in chosen else "final = true"
    refused = parts["outcomes"]["states"].replace("%refused%", back)
    yield refused.replace("%of_refused%", "kontanthjaelp" if "kontanthjaelp" in chosen else "afslag")
    if "ressourceforloeb" not in chosen:
        yield parts["outcomes"]["ressourceforloeb"]
    for end in dict.fromkeys(end for part in of.values() for end in part.get("ends", ())):
        if end not in chosen:
            yield parts["ends"][end]
    yield _heading("<<Who comes, and who is there at the start|Hvem der kommer, og hvem der er der ved start>>")
    for name, part in of.items():
        yield part["entries"].replace("%first%", f"{states[0]}_{name}")
    if "kontanthjaelp" in chosen:
        yield from _under_way([step for step in ("plan", "erklaering") if step in way])
    yield _heading("<<What is watched|Hvad der måles>>")
    begins = ", ".join(f'"{states[0]}_{name}"' for name in chosen)
    ends = '"fleksjob_tilkendt", "foertidspension", "ressourceforloeb", "afslag"'
    yield f'[clocks.plan_til_afgoerelse]\nbegins = [{begins}]\nends = [{ends}]\nlimit = "$service_goal"'


def _under_way(there: Sequence[str]) -> Iterator[str]:
    for step in there:
        state = _parts()["steps"][step]["state"]
        elapsed = 'elapsed = { law = "exponential", mean = "$spent_in_case" }'
        yield f'[entries.{step}_start]\ncount = "$stock_{step}"\n{elapsed}\nto = "{state}_kontanthjaelp"'


def _heading(words: str) -> str:
    return f"# --- {words} ---"


def doors_of(chosen: Sequence[str]) -> tuple[str, ...]:
    """Return the doors by which cases are opened, as `doors.toml` names them."""
    return tuple(_parts()["benefits"][name]["door"] for name in chosen)
