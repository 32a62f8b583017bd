"""A report for a committee: the question, the answer, charts, what it rests on, how sure it is, how to repeat it."""

from __future__ import annotations

from flowsim.reporting.answer import Conclusions
from flowsim.reporting.document import Block, Document, Section, Text
from flowsim.reporting.exhibits import Exhibits
from flowsim.reporting.findings import Findings
from flowsim.reporting.language import Language
from flowsim.reporting.sources import SourceTables
from flowsim.reporting.wording import Wording, words_and_ranges

__all__ = ["assemble"]


def assemble(findings: Findings, language: Language, *, question: str = "", repeat: str = "") -> Document:
    """Write a report of some findings.

    Args:
        findings: what it rests on.
        language: in which it is written.
        question: what it answers, in the asker's words; told from the findings where left out.
        repeat: the command line that makes the same again.
    """
    say = language.say
    wording = Wording.of(findings.scenarios[0], findings.pathway, language, beside=findings.scenarios)
    conclusions = Conclusions(findings=findings, wording=wording)
    exhibits = Exhibits(findings=findings, wording=wording)
    provenance = SourceTables(findings=findings, wording=wording)
    base = wording.name(findings.scenarios[0].base.name, findings.pathway.title)
    names = language.listed([wording.scenario(name) for name in findings.comparison.names])
    first, last = (language.period(period) for period in findings.span)
    asked = question or conclusions.question()
    sections = (
        Section(title=say("section.question"), blocks=(Text(lines=(asked,)),)),
        Section(
            title=say("section.answer"), blocks=_there(Text(lines=conclusions.answer()), _lines(*conclusions.remarks()))
        ),
        Section(title=say("section.staffing"), blocks=_there(exhibits.staffing())),
        Section(
            title=say("section.figures"),
            blocks=_there(
                exhibits.key_figures(),
                exhibits.waits(),
                exhibits.timeliness(),
                exhibits.queues(),
                exhibits.awards(),
                exhibits.flow(),
                exhibits.differences(),
            ),
        ),
        Section(
            title=say("section.sure"),
            blocks=_there(
                Text(lines=conclusions.uncertainty()),
                *(_words(language) if findings.staffing is not None else ()),
            ),
        ),
        Section(
            title=say("section.assumptions"),
            blocks=_there(
                Text(lines=(provenance.lead(),)),
                provenance.scenarios(),
                provenance.prices(),
                provenance.sources(),
            ),
        ),
        Section(
            title=say("section.repeat"),
            blocks=_there(
                _lines(say("repeat.lead") if repeat else ""),
                Text(lines=(repeat,), kind="command") if repeat else None,
                provenance.run(),
            ),
        ),
        Section(
            title=say("section.parameters"),
            blocks=_there(
                provenance.factors(),
                *(provenance.parameters(kind) for kind in ("borrowed", "assumed", "calibrate", "fact")),
            ),
        ),
    )
    return Document(
        title=say("report.title", base=base),
        subject=say("report.subject", scenarios=names, first=first, last=last),
        sections=tuple(section for section in sections if section.blocks),
        language=language,
    )


def _lines(*texts: str) -> Text | None:
    lines = tuple(text for text in texts if text)
    return Text(lines=lines) if lines else None


def _words(language: Language) -> tuple[Text, Text]:
    """Say what the words for probabilities stand for."""
    return Text(lines=(language.say("sure.words"),)), Text(lines=words_and_ranges(language), kind="points")


def _there(*blocks: Block | None) -> tuple[Block, ...]:
    return tuple(block for block in blocks if block is not None)
