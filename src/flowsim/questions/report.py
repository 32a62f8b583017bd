"""A question: what a committee needs to know of scenarios, and of the staffing that meets a goal."""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from pydantic import model_validator

from flowsim.calibration.ensemble import Ensemble
from flowsim.core.civil_time import parse_moment
from flowsim.core.errors import KeyedError
from flowsim.core.files import content_of, is_file
from flowsim.core.periods import Period
from flowsim.core.progress import Progress
from flowsim.model.scenario import Scenario
from flowsim.planning.comparison import to_one_end
from flowsim.planning.levers import Levels, varied
from flowsim.planning.prices import Prices, prices_of
from flowsim.planning.staffing.trials import Question as Goals
from flowsim.questions.asking import (
    Chosen,
    Inquiry,
    check_known_alike,
    check_periods,
    chosen_parameters,
    command,
    informed,
    keyed,
)
from flowsim.questions.staff import goals_of
from flowsim.reporting.document import MOST_LOGO, Letterhead
from flowsim.reporting.findings import check_reportable
from flowsim.reporting.language import Language
from flowsim.reporting.reports import ReportResult, report

__all__ = ["Report"]


class Report(Inquiry):
    """Scenarios, and goals that a staffing of the last one shall meet, to be reported on.

    Attributes:
        scenarios: one to four files, or names of shipped scenarios; the first is compared with.
        question: what is asked, in the asker's words; said from the findings where left out.
        language: "en" or "da".
        goal: goals for a staffing; with them go `vary`, `between` and `during`, as in `Staff`.
        vary: what may be varied for them.
        between: of each the least and the most.
        during: when the goals hold.
        chance: meet them in this share of the years.
        replications: of each scenario.
        seed: of all draws.
        point: take the fitted parameters in every replication.
        calibrated: the folder of a calibration, instead of the one that ships.
        sets: draw parameter sets alone, each with a luck of its own from the start on, where the base has histories
            that hold the documented waits.
        hold: let factors keep their last values after the last document, where they would walk on.
        prices: a file of prices; those that ship with the base where left out.
        first: the first period to report; the whole run where left out.
        last: the last one.
        appendix: tell all that the two pages rest on behind them.
        recipient: whom it is for.
        author: whom it is from.
        date: of which day it is, such as "2027-01-15".
        logo: a .png or .jpg file that stands above it.
    """

    scenarios: tuple[str, ...]
    question: str = ""
    language: str = "en"
    goal: tuple[str, ...] = ()
    vary: tuple[str, ...] = ()
    between: tuple[str, ...] = ()
    during: str | None = None
    chance: float | str | None = None
    replications: int = 100
    seed: int = 1
    point: bool = False
    calibrated: str | None = None
    sets: bool = False
    hold: bool = False
    prices: str | None = None
    first: str | None = None
    last: str | None = None
    appendix: bool = False
    recipient: str = ""
    author: str = ""
    date: str | None = None
    logo: str | None = None

    @model_validator(mode="after")
    def _checked(self) -> Report:
        Language.of(self.language)
        check_known_alike(self.as_read)
        check_periods(self.subjects[0], self.first, self.last)
        self.chosen, self.priced, self.letterhead  # noqa: B018 (each reads and checks a part)
        if self.during is not None:
            self._check_within(Period(self.during))
        self.staffing  # noqa: B018
        check_reportable(self.subjects, self.span, self.replications)
        return self

    def _check_within(self, during: Period) -> None:
        if (self.first and during.first < Period(self.first).first) or (
            self.last and during.after > Period(self.last).after
        ):
            raise KeyedError("during", f"{during} is not within what is reported: widen --from and --to")

    @cached_property
    def as_read(self) -> tuple[Scenario, ...]:
        """The scenarios as read."""
        return tuple(Scenario.of(name) for name in self.scenarios)

    @cached_property
    def subjects(self) -> tuple[Scenario, ...]:
        """The scenarios as run: all to the latest end among them, or to the end of the goals' period."""
        scenarios = to_one_end(self.as_read)
        if self.during is None:
            return scenarios
        with keyed("during"):
            return tuple(scenario.reaching(Period(self.during).end) for scenario in scenarios)

    @cached_property
    def chosen(self) -> Chosen:
        """What parameters are drawn from."""
        return chosen_parameters(self.subjects[0], self.calibrated, self.point, sets=self.sets, hold=self.hold)

    @cached_property
    def priced(self) -> Prices | None:
        """The prices that costs are computed by; None where there are none."""
        return prices_of(self.subjects[0], self.prices)

    @cached_property
    def letterhead(self) -> Letterhead:
        """What stands above it."""
        day, logo = None, b""
        if self.date:
            try:
                day = parse_moment(self.date).date()
            except ValueError as error:
                raise KeyedError("date", str(error)) from None
        if self.logo:
            if not is_file(Path(self.logo)):
                raise KeyedError("logo", f"there is no file '{self.logo}'")
            with keyed("logo"):
                logo = content_of(Path(self.logo), most=MOST_LOGO)
        with keyed("logo"):
            return Letterhead(recipient=self.recipient, author=self.author, day=day, logo=logo)

    @property
    def span(self) -> tuple[str, str]:
        """The first and the last period to report."""
        return self.first or "0001", self.last or "9999"

    @cached_property
    def staffing(self) -> tuple[Goals, tuple[Levels, ...]] | None:
        """The goals, and what is varied for them in the last scenario; None where no goal is given."""
        parts = {"goal": self.goal, "vary": self.vary, "between": self.between, "during": self.during}
        if not any(parts.values()) and self.chance is None:
            return None
        for key, value in parts.items():
            if not value:
                raise KeyedError(key, "it is missing: a staffing takes --goal, --vary, --between and --during")
        scenario = self.subjects[-1]
        levels = varied(self.vary, self.between, scenario.pathway())
        if len(levels) > 2:
            raise KeyedError("vary", "two levers at most")
        goals = goals_of(scenario, self.goal, str(self.during), self.chance, self.chosen.parameters)
        return goals, (levels[0],) if len(levels) == 1 else (levels[0].thinned(), levels[1])

    @property
    def varies(self) -> bool:
        """Whether every replication has a model of its own."""
        return isinstance(self.chosen.parameters, Ensemble)

    def answer(self, executor: Executor | None = None, progress: Progress | None = None) -> ReportResult:
        """Run the scenarios, then search for the staffing."""
        parameters, staffing = informed(self, self.chosen, self.subjects[0], executor).parameters, self.staffing
        if staffing is not None:
            staffing = replace(staffing[0], parameters=parameters), staffing[1]
        result = report(
            self.as_read,
            parameters=parameters,
            prices=self.priced,
            staffing=staffing,
            question=self.question,
            language=self.language,
            between=self.span,
            replications=self.replications,
            seed=self.seed,
            executor=executor,
            progress=progress,
        )
        return replace(result, letterhead=self.letterhead)

    def command_line(self, out: tuple[str, ...] = (), *, workers: int | None = None) -> str:
        """Write the command that makes the same report again, to the files of some names."""
        return command(
            "report",
            self.scenarios,
            {"out": out, "goal": self.goal, "vary": self.vary, "between": self.between, "during": self.during}
            | {"chance": self.chance, "from": self.first, "to": self.last, "question": self.question or None}
            | {"recipient": self.recipient or None, "author": self.author or None, "date": self.date, "logo": self.logo}
            | {"language": self.language, "appendix": self.appendix}
            | {"replications": self.replications, "seed": self.seed}
            | {
                "point": self.point,
                "calibrated": self.calibrated,
                "sets": self.sets,
                "hold": self.hold,
                "prices": self.prices,
                "workers": workers,
            },
            files_last=True,
        )
