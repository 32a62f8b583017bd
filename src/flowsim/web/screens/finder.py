"""The staffing finder: goals and what may be varied for them, and the least staffing that meets them."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from typing import Annotated, Any

from pydantic import Field, StringConstraints, ValidationError

from flowsim.core.errors import Record, located
from flowsim.core.progress import Progress
from flowsim.planning.prices import prices_of
from flowsim.planning.staffing.cost import StaffingCost, cheapest
from flowsim.planning.staffing.search import Answer, Frontier
from flowsim.questions.staff import Staff
from flowsim.reporting.document import Block, Text
from flowsim.reporting.language import Language
from flowsim.reporting.staffing import StaffingConclusions, cost_of, staffing_chart
from flowsim.reporting.wording import Wording
from flowsim.web.asked import Choice, Desk
from flowsim.web.jobs import News, Work
from flowsim.web.screens.blocks import plain_blocks

__all__ = ["FindStaffing", "staffing_work"]

_Line = Annotated[str, StringConstraints(max_length=120)]


class FindStaffing(Record):
    """What the finder's form holds: goals as `flowsim staff` takes them, one lever or two, and when the goals hold."""

    goals: Annotated[tuple[_Line, ...], Field(min_length=1, max_length=4)]
    vary: Annotated[tuple[_Line, ...], Field(min_length=1, max_length=2)]
    between: Annotated[tuple[_Line, ...], Field(min_length=1, max_length=2)]
    during: _Line
    chance: _Line = ""

    @classmethod
    def read(cls, raw: Any) -> FindStaffing:
        """Read a form from plain data.

        Raises:
            InputError: for what is none, with the key.
        """
        try:
            return cls.model_validate(raw)
        except ValidationError as error:
            raise located(error, raw if isinstance(raw, dict) else {}, "form") from None


def staffing_work(desk: Desk, state: Choice, raw: Any, language: Language) -> Work:
    """Return the work of finding a staffing of a state's scenario; the question is checked before it begins.

    Raises:
        InputError: as `Staff`.
    """
    form = FindStaffing.read(raw)
    asked = {"goal": form.goals, "vary": form.vary, "between": form.between, "during": form.during}
    asked |= {"chance": form.chance} if form.chance else {}
    with desk.file(state) as name, desk.priced(state) as path:
        question = Staff.from_dict({"scenario": name, **asked, "prices": path}, "form")
        again = desk.again(question, question.command_line(), state, name, path)
        prices = prices_of(question.subject, path)

    def work(executor: Executor, progress: Progress) -> Iterator[News]:
        search = question.answer(executor, progress)
        wording = Wording.of(question.subject, question.subject.pathway(), language)
        conclusions = StaffingConclusions(search=search, wording=wording, prices=prices)
        blocks: list[Block] = [Text(lines=conclusions.answer())]
        remarks = tuple(conclusions.remarks())
        blocks += [Text(lines=remarks, kind="points")] if remarks else []
        if isinstance(search, Answer):
            levels = [] if search.least is None else [[search.least]]
        else:
            levels = [[point.level, point.least] for point in search.points if point.least is not None]
        blocks.append(staffing_chart(search, wording, prices))
        shown = {"levers": conclusions.levers(), "levels": levels, "again": again}
        shown["blocks"] = plain_blocks(blocks, language)
        if isinstance(search, Frontier):
            shown |= _staffing_map(search, cost_of(search, prices), wording)
        yield {"title": conclusions.goals(), **shown}

    return work


def _staffing_map(search: Frontier, cost: StaffingCost | None, wording: Wording) -> dict[str, Any]:
    """Return the pairs that were tried, what each costs, and where the scenario itself and the answer stand.

    Of a lever that parties hold together the scarcest of them counts.
    """
    question, levers = search.question, (search.rows.lever, search.levels.lever)
    pathway = question.scenario.pathway()
    today = [min(lever.held(pathway, question.since).values()) for lever in levers]
    pairs = [{"levels": [*trial.levels], "verdict": trial.verdict} for trial in search.trials]
    out: dict[str, Any] = {"map": pairs, "today": {"levels": today, "verdict": search.today.verdict}}
    if cost is not None:
        for pair in (*pairs, out["today"]):
            pair["cost"] = wording.language.number(cost.at(pair["levels"]) / 1e6, 1)
        out["currency"] = wording.unit(f"{cost.currency} million")
        out["cheapest"] = cheapest(search, cost)
    return out
