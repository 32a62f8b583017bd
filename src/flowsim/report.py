"""A report for a committee: the question, the answer, charts, what it rests on, how sure it is, how to repeat it."""

from __future__ import annotations

from flowsim.conclusions import Conclusions
from flowsim.document import Block, Document, Section, Text
from flowsim.exhibits import Exhibits
from flowsim.findings import Findings
from flowsim.language import Language
from flowsim.provenance import Provenance
from flowsim.wording import Wording

__all__ = ["report"]


def report(findings: Findings, language: Language, *, question: str = "", repeat: str = "") -> Document:
    """Write a report of some findings.

    Args:
        findings: what it rests on.
        language: in which it is written.
        question: what it answers, in the asker's words; told from the findings where left out.
        repeat: the command line that makes the same again.
    """
    say = language.say
    wording = Wording(language=language, pathway=findings.pathway)
    conclusions = Conclusions(findings=findings, wording=wording)
    exhibits = Exhibits(findings=findings, wording=wording)
    provenance = Provenance(findings=findings, language=language)
    base = language.name(findings.scenarios[0].base.name, findings.pathway.title)
    names = language.listed([language.name(name) for name in findings.comparison.names])
    first, last = findings.years[0], findings.years[-1]
    asked, beside = question or conclusions.question(), conclusions.beside()
    sections = (
        Section(title=say("section.question"), blocks=(Text(lines=(asked,)),)),
        Section(title=say("section.answer"), blocks=_there(Text(lines=conclusions.answer()), _lines(beside))),
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
            blocks=(
                Text(lines=conclusions.uncertainty()),
                Text(lines=tuple(f"{word}: {share}" for word, share in conclusions.words()), kind="points"),
            ),
        ),
        Section(
            title=say("section.assumptions"),
            blocks=_there(
                Text(lines=(say("assumptions.lead"),)),
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
                provenance.made(),
            ),
        ),
        Section(
            title=say("section.parameters"),
            blocks=_there(
                provenance.factors(),
                *(provenance.parameters(kind) for kind in ("assumed", "calibrate", "fact")),
            ),
        ),
    )
    return Document(
        title=say("report.title", base=base),
        subject=say("report.subject", scenarios=names, first=first, last=last),
        sections=tuple(section for section in sections if section.blocks),
        language=language,
    )


def _lines(text: str) -> Text | None:
    return Text(lines=(text,)) if text else None


def _there(*blocks: Block | None) -> tuple[Block, ...]:
    return tuple(block for block in blocks if block is not None)
