"""A report for a committee: the question, the answer, charts, what it rests on, how sure it is, how to repeat it."""

from __future__ import annotations

from dataclasses import replace

from flowsim.reporting.answer import Conclusions
from flowsim.reporting.document import Block, Document, Section, Text
from flowsim.reporting.exhibits import Exhibits
from flowsim.reporting.findings import Findings
from flowsim.reporting.language import Language
from flowsim.reporting.sources import SourceTables
from flowsim.reporting.summary.basis import Basis
from flowsim.reporting.summary.headline import Opening
from flowsim.reporting.summary.overview import key_figures_beside_today
from flowsim.reporting.wording import Wording, words_and_ranges

__all__ = ["assemble"]


def assemble(
    findings: Findings, language: Language, *, question: str = "", repeat: str = "", appendix: bool = True
) -> Document:
    """Write a report of some findings: two pages, and an appendix that holds all that they rest on.

    Args:
        findings: what it rests on.
        language: in which it is written.
        question: what it answers, in the asker's words; told from the findings where left out.
        repeat: the command line that makes the same again.
        appendix: whether all the rest is told too: further charts and tables, prices, sources, each parameter.
    """
    say = language.say
    wording = Wording.of(findings.scenarios[0], findings.pathway, language, beside=findings.scenarios)
    conclusions = Conclusions(findings=findings, wording=wording)
    base = wording.name(findings.scenarios[0].base.name, findings.pathway.title)
    names = language.listed([wording.scenario(name) for name in findings.comparison.names])
    first, last = (language.period(period) for period in findings.span)
    asked = question or conclusions.question()
    opening, basis = Opening(findings=findings, wording=wording), Basis(findings=findings, wording=wording)
    sections: tuple[Section, ...] = (
        Section(title=asked, blocks=(opening.headline(),)),
        Section(title=say("section.chart"), blocks=_there(opening.chart())),
        Section(
            title=say("section.overview"),
            blocks=(key_figures_beside_today(findings, wording, conclusions),) if findings.measures else (),
            new_page=True,
        ),
        Section(title=say("section.further"), blocks=_there(_lines(*opening.further()))),
        Section(title=say("section.basis"), blocks=_there(Text(lines=basis.lines(), kind="points"))),
        Section(
            title=say("section.repeat"),
            blocks=_there(
                _lines(say("repeat.lead") if repeat else ""),
                Text(lines=(repeat,), kind="command") if repeat else None,
            ),
        ),
    )
    if appendix:
        sections += _appendix(findings, wording, conclusions)
    return Document(
        title=say("report.title", base=base),
        subject=say("report.subject", scenarios=names, first=first, last=last),
        sections=tuple(section for section in sections if section.blocks),
        language=language,
    )


def _appendix(findings: Findings, wording: Wording, conclusions: Conclusions) -> tuple[Section, ...]:
    """Tell all that the first pages rest on."""
    language, say = wording.language, wording.language.say
    exhibits = Exhibits(findings=findings, wording=wording)
    provenance = SourceTables(findings=findings, wording=wording)
    further = (
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
        Section(title=say("section.made"), blocks=(provenance.run(),)),
        Section(
            title=say("section.parameters"),
            blocks=_there(
                provenance.factors(),
                *(provenance.parameters(kind) for kind in ("borrowed", "assumed", "calibrate", "fact")),
            ),
        ),
    )
    return tuple(replace(section, appendix=True) for section in further)


def _lines(*texts: str) -> Text | None:
    lines = tuple(text for text in texts if text)
    return Text(lines=lines) if lines else None


def _words(language: Language) -> tuple[Text, Text]:
    """Say what the words for probabilities stand for."""
    return Text(lines=(language.say("sure.words"),)), Text(lines=words_and_ranges(language), kind="points")


def _there(*blocks: Block | None) -> tuple[Block, ...]:
    return tuple(block for block in blocks if block is not None)
