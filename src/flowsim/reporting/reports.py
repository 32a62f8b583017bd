"""A report as its asker meets it: a value with the figures, the answer in words, and the files that hold it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from flowsim.calibration.ensemble import Parameters
from flowsim.core.errors import InputError, KeyedError
from flowsim.core.extras import require_extra
from flowsim.core.files import check_file, write_files
from flowsim.core.progress import Progress, part_of
from flowsim.model.scenario import Scenario
from flowsim.planning.levers import Levels
from flowsim.planning.prices import Prices
from flowsim.planning.staffing.search import staff
from flowsim.planning.staffing.trials import Question
from flowsim.reporting.answer import Conclusions
from flowsim.reporting.assembly import assemble
from flowsim.reporting.document import Document, Letterhead
from flowsim.reporting.findings import Findings, explore
from flowsim.reporting.language import Language
from flowsim.reporting.wording import Wording
from flowsim.simulation.precision import FEWEST_REPLICATIONS

if TYPE_CHECKING:
    import pandas as pd

    from flowsim.core.written import Seed

__all__ = ["ReportResult", "check_report_files", "report"]


@dataclass(frozen=True, kw_only=True, eq=False)
class ReportResult:
    """What a report says, in one language.

    Attributes:
        findings: the runs, and the staffing where one was sought.
        language: in which it is written.
        question: what it answers, in the asker's words; said from the findings where empty.
        letterhead: whom it is for and from.
    """

    findings: Findings
    language: Language
    question: str = ""
    letterhead: Letterhead = field(default_factory=Letterhead)

    def frame(self) -> pd.DataFrame:
        """Return the figures as a table: those of `Results.table` a scenario, with a column of its name before them."""
        import pandas as pd

        comparison = self.findings.comparison
        tables = [results.table() for results in comparison.results]
        for name, table in zip(comparison.names, tables, strict=True):
            table.insert(0, "scenario", name)
        return pd.concat(tables, ignore_index=True)

    def lines(self) -> tuple[str, ...]:
        """Return the answer, and what is to be said beside it, each in a line."""
        wording = Wording.of(
            self.findings.scenarios[0], self.findings.pathway, self.language, beside=self.findings.scenarios
        )
        conclusions = Conclusions(findings=self.findings, wording=wording)
        return (*conclusions.answer(), *conclusions.remarks())

    def document(self, repeat: str = "", appendix: bool = False) -> Document:
        """Return the report.

        Args:
            repeat: the command line in it that makes the same again.
            appendix: whether all that it rests on is told too, behind its two pages.
        """
        document = assemble(self.findings, self.language, question=self.question, repeat=repeat, appendix=appendix)
        return replace(document, letterhead=self.letterhead)

    def write(self, *paths: str | Path, overwrite: bool = False, repeat: str = "", appendix: bool = False) -> None:
        """Write the report to files, all of them or none: .html, .pdf, .xlsx or .pptx as their names end.

        Args:
            paths: the files.
            overwrite: whether earlier files may be overwritten.
            repeat: as in `document`.
            appendix: as in `document`.

        Raises:
            InputError: as `check_report_files`.
        """
        writers = check_report_files([Path(path) for path in paths], overwrite)
        document = self.document(repeat, appendix)
        write_files({path: writer(document) for path, writer in writers.items()}, overwrite=overwrite)


def report(
    scenarios: Sequence[Scenario],
    *,
    parameters: Parameters = None,
    prices: Prices | None = None,
    staffing: tuple[Question, Sequence[Levels]] | None = None,
    question: str = "",
    language: Language | str = "en",
    between: tuple[str, str] = ("0001", "9999"),
    replications: int = 100,
    seed: Seed = 1,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> ReportResult:
    """Run scenarios, seek the staffing that meets goals, and report on both.

    Args:
        scenarios: one to four; the first is what the others are compared with.
        parameters: see `ensemble.Parameters`.
        prices: what costs are computed by, in whole years.
        staffing: goals, and one or two levers with their levels, as `staff` takes them; none is sought where left out.
        question: what the report answers, in your words; said from the findings where left out.
        language: "en" or "da".
        between: the first and the last period to report.
        replications: of each scenario.
        seed: of all draws.
        executor: where replications run.
        progress: called with (done, all).

    Raises:
        InputError: before anything runs, for an unknown language, and as `findings.explore` and `staff`.
    """
    spoken = Language.of(language) if isinstance(language, str) else language
    findings = explore(
        scenarios,
        parameters=parameters,
        prices=prices,
        between=between,
        replications=replications,
        seed=seed,
        executor=executor,
        progress=progress if staffing is None else part_of(progress, after=FEWEST_REPLICATIONS),
    )
    if staffing is not None:
        told = part_of(progress, before=len(scenarios) * replications)
        search = staff(*staffing, seed=seed, executor=executor, progress=told)
        findings = replace(findings, staffing=search)
    return ReportResult(findings=findings, language=spoken, question=question)


def check_report_files(paths: Sequence[Path], overwrite: bool = False) -> dict[Path, Callable[[Document], bytes]]:
    """Return what writes a document to each file, by how its name ends.

    Raises:
        InputError: where one ends otherwise or is named twice, what writes it is not installed, and as
            `files.check_file`.
    """
    writers = {path: _writer(path) for path in paths}
    for number, path in enumerate(paths):
        check_file(path, overwrite)
        if path.resolve() in [other.resolve() for other in paths[:number]]:
            raise KeyedError("out", f"'{path}' is named twice")
    return writers


def _writer(path: Path) -> Callable[[Document], bytes]:
    from flowsim.reporting.writers.html import webpage
    from flowsim.reporting.writers.pdf import printout
    from flowsim.reporting.writers.pptx import slides
    from flowsim.reporting.writers.xlsx import workbook

    kinds: dict[str, tuple[Callable[[Document], bytes], tuple[str, ...]]] = {
        ".html": (webpage, ("jinja2",)),
        ".pdf": (printout, ("typst",)),
        ".xlsx": (workbook, ("xlsxwriter",)),
        ".pptx": (slides, ("pptx",)),
    }
    if path.suffix.lower() not in kinds:
        raise KeyedError("out", f"'{path}' is not allowed: the name ends with {', '.join(kinds)}")
    writer, needed = kinds[path.suffix.lower()]
    try:
        require_extra("powerpoint" if writer is slides else "report", f"'{path}'", "matplotlib", *needed)
    except InputError as missing:
        raise KeyedError("out", str(missing)) from None
    return writer
