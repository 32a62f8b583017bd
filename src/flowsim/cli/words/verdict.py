"""The verdict in words: for a terminal, as plain data, and as a page of Markdown."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from flowsim.calibration.histories.kept import Histories
from flowsim.calibration.histories.weighing import LEAST_EFFECTIVE
from flowsim.calibration.retrospect import quarterly
from flowsim.calibration.verdict import WAITS, Judged, Verdict, pulls
from flowsim.cli.terminal import cut, number, table, wrapped
from flowsim.core.arrays import plain
from flowsim.forecasting.pairing import has_past, pair, series_of
from flowsim.reporting.language import Language

__all__ = ["calibration_lines", "histories_lines", "verdict_json", "verdict_lines", "verdict_page"]

_LABEL = 32
_PAGE = 120  # letters of a line of Markdown
_TOLD = 0.9  # of the prior spread that is left: above it, the documents tell next to nothing


def verdict_lines(verdict: Verdict, language: Language) -> list[str]:
    """Write a verdict in lines of at most eighty columns."""
    say = language.say
    lines = [wrapped(text) for text in _opening(verdict, language)]
    figures = {say(f"verdict.{key}"): width for key, width in (("documented", 10), ("median", 9), ("range", 17))}
    for family, group in _families(verdict, language).items():
        columns = {family: _LABEL} | figures | {"I": 5, " ": 7}
        lines += ["", *table(columns, (_cells(judged, language) for judged in group), left=(" ",))]
    lines += ["", wrapped(say("verdict.legend")), say("verdict.legend.fitted")]
    lines += ["", *(line for text in _findings(verdict, language) for line in wrapped(text).splitlines())]
    lines += ["", *calibration_lines(verdict.record, language)]
    for station, waits in _wait_tables(verdict, language).items():
        lines += ["", say("verdict.wait", station=_station(station, language), unit=_unit(verdict, language))]
        columns = {"": 9} | {say(f"verdict.wait.{reading}"): 22 for reading in WAITS}
        lines += table(columns, ((language.short_period(str(month)), *row) for month, row in waits))
    return lines


def calibration_lines(record: Mapping[str, Any], language: Language) -> list[str]:
    """Write what a calibration found of its factors, its uncertainty and its hold-outs, in lines of eighty columns."""
    say = language.say
    lines = wrapped(say("verdict.left")).splitlines()
    left = {factor["name"]: factor["posterior_sd"] / factor["prior_sd"] for factor in record["factors"]}
    items = [
        f"{name} {language.local(f'{share:.2f}')}" for name, share in sorted(left.items(), key=lambda item: item[1])
    ]
    lines += wrapped("  " + ", ".join(items)).splitlines()
    kept = [name for name, share in left.items() if share > _TOLD]
    lines += wrapped(say("verdict.stays", names=", ".join(kept) or say("verdict.none"))).splitlines()
    if record["out_of_reach"]:
        lines += wrapped(say("verdict.reach", names=", ".join(record["out_of_reach"]))).splitlines()
    lines += ["", *(line for sentence in _truths(record, language) for line in wrapped(sentence).splitlines())]
    if record["hold_outs"]:
        rows: list[str | tuple[str, ...]] = []
        for hold_out in record["hold_outs"]:
            missed = [name for name in hold_out["held"] if name not in hold_out["inside"]]
            name = language.translated(hold_out["name"])
            counts = str(len(hold_out["inside"])), str(len(hold_out["held"]))
            rows.append((f"  {name}", *counts, _width(hold_out, language)))
            outside = say("verdict.outside", names=", ".join(missed))
            rows += wrapped(f"    {outside}").splitlines() if 0 < len(missed) <= 6 else []
        lines += ["", *wrapped(say("verdict.held_out")).splitlines()]
        titles = (say(f"verdict.held_out.{key}") for key in ("inside", "of", "width"))
        lines += table({"": 46, **dict(zip(titles, (10, 6, 8), strict=True))}, rows)
    spent = sum(record["seconds"].values())
    parts = ", ".join(f"{language.translated(name)} {_spent(seconds)}" for name, seconds in record["seconds"].items())
    lines += ["", *wrapped(say("verdict.took", spent=_spent(spent), parts=parts)).splitlines()]
    return lines


def histories_lines(histories: Histories, language: Language) -> list[str]:
    """Write how many pairs histories were drawn from, and what stands for how sure they are."""
    say, local = language.say, language.local
    sets = len(set(histories.sets.tolist()))
    share = histories.effective / histories.pairs
    words = {
        "histories": language.counted(len(histories), "histories"),
        "until": language.plain_day(histories.at.date()),
        "sets": local(f"{sets:,}"),
        "pairs": local(f"{histories.pairs:,}"),
        "effective": local(f"{histories.effective:,.0f}"),
        "share": local(f"{share:.1%}"),
        "largest": local(f"{histories.largest:.2%}"),
    }
    lines = wrapped(say("histories.drawn", **words)).splitlines()
    figures = ", ".join(
        f"{name} {local(f'{value:g} ± {sd:.2g}')}" for name, (value, sd) in histories.provenance["figures"].items()
    )
    lines += wrapped(say("histories.weighed", figures=figures)).splitlines()
    if histories.effective < LEAST_EFFECTIVE:
        lines += wrapped(say("histories.few", least=str(LEAST_EFFECTIVE))).splitlines()
    return lines


def verdict_json(verdict: Verdict) -> dict[str, Any]:
    """Return a verdict as plain data."""
    return {
        "study": verdict.study.name,
        "targets": [_judged_json(verdict, judged) for judged in verdict.judged],
        "plausible": round(verdict.plausible, 4),
        **plain(
            {
                "chi_square": round(verdict.chi_square, 2),
                "freedom": round(verdict.freedom, 2),
                "p": float(f"{verdict.p:.3g}"),
            }
        ),
        "together": [list(group) for group in verdict.together],
        "pulls": [{"factor": pull.factor, "up": dict(pull.up), "down": dict(pull.down)} for pull in pulls(verdict)],
        "waits": [
            {"station": station, "reading": reading, "period": month}
            | plain({"p05": round(p05, 4), "p50": round(p50, 4), "p95": round(p95, 4)})
            for (station, reading), rows in verdict.waits.items()
            for month, p05, p50, p95 in rows
        ],
        "sets": verdict.sets,
        "replications": verdict.replications,
        "seed": verdict.seed,
        "calibration": plain(verdict.record),
    }


def verdict_page(verdict: Verdict, language: Language) -> str:
    """Write a verdict as a page of Markdown, each figure with the words of its source."""
    say, local = language.say, language.local
    out = [f"# {say('verdict.page.title', study=verdict.study.name)}", ""]
    out += [line for text in _opening(verdict, language) for line in (text, "")]
    out += [*(f"- {text}" for text in _findings(verdict, language)), ""]
    provenance = verdict.record["provenance"]
    out += [say("verdict.page.by", digest=provenance["study"][:16], version=provenance["flowsim"]), ""]
    out += [f"## {say('verdict.page.figures')}", "", say("verdict.page.figures.note"), ""]
    for family, group in _families(verdict, language).items():
        out += [f"### {family}", ""]
        for fact in dict.fromkeys(judged.target.fact for judged in group):
            known = verdict.study.facts[fact]
            out += [f"“{known.quote}” ({known.source}, {language.translated(known.place)})", ""]
        out += [say("verdict.page.columns"), "|---|---:|---:|---:|---|"]
        for judged in group:
            target, word = judged.target, say(f"verdict.word.{judged.word}")
            sense = {"=": "", ">": say("verdict.page.over"), "<": say("verdict.page.under")}[target.sense]
            unit = language.words.get(f"unit.{target.unit}", target.unit)
            documented = f"{sense}{local(f'{number(target.value)} ± {number(target.tolerance)}')} {unit}"
            ends = _range(judged, language)
            word = word if target.fitted else say("verdict.page.unfitted", word=word)
            implausible = _implausibility(judged, language)
            middle = local(number(judged.median))
            out.append(f"| {_short(judged)} | {documented} | {middle} ({ends}) | {implausible} | {word} |")
        out.append("")
    out += [f"## {say('verdict.page.factors')}", ""]
    out += [say("verdict.page.factors.columns"), "|---|---|---:|---:|---:|---:|"]
    for factor in verdict.record["factors"]:
        left = language.rounded(factor["posterior_sd"] / factor["prior_sd"])
        spread = f"{factor['prior_sd']:.2f} | {factor['posterior_mean']:+.2f} | {factor['posterior_sd']:.2f}"
        out.append(f"| `{factor['name']}` | {language.translated(factor['title'])} | {local(spread)} | {left} |")
    out += ["", *textwrap.wrap(say("verdict.page.factors.note"), _PAGE), ""]
    out += [f"## {say('verdict.page.pulls')}", ""]
    opposed = pulls(verdict)
    out += [say("verdict.page.pulls.columns"), "|---|---|---|"] * bool(opposed) or [say("verdict.page.pulls.none")]
    for pull in opposed:
        sides = (
            ", ".join(f"{name} ({local(f'{force:.1f}')})" for name, force in side[:3]) for side in (pull.up, pull.down)
        )
        out.append(f"| `{pull.factor}` | {' | '.join(sides)} |")
    out += ["", f"## {say('verdict.page.right')}", ""]
    out += [*(f"- {sentence}" for sentence in _truths(verdict.record, language)), ""]
    out += [f"## {say('verdict.page.held')}", "", say("verdict.page.held.note"), ""]
    out += [say("verdict.page.held.columns"), "|---|---:|---:|---|"]
    for hold_out in verdict.record["hold_outs"]:
        missed = [name for name in hold_out["held"] if name not in hold_out["inside"]]
        inside = say("verdict.page.held.of", inside=str(len(hold_out["inside"])), many=str(len(hold_out["held"])))
        cells = language.translated(hold_out["name"]), inside, _width(hold_out, language), ", ".join(missed)
        out.append(f"| {' | '.join(cells)} |")
    out += _looked_back(verdict, language)
    out += _watched(verdict.record, language)
    for station, waits in _wait_tables(verdict, language).items():
        out += ["", f"## {say('verdict.page.wait', station=_station(station, language))}", ""]
        unit = _unit(verdict, language)
        note = say("verdict.page.wait.note", unit=f"{unit[:1].upper()}{unit[1:]}")
        out += [*textwrap.wrap(note, _PAGE), ""]
        titles = [say("verdict.page.month"), *(say(f"verdict.wait.{reading}") for reading in WAITS)]
        out += [f"| {' | '.join(titles)} |", "|---|" + "---:|" * 3]
        out += [f"| {language.short_period(str(month))} | {' | '.join(row)} |" for month, row in waits]
    return "\n".join(out) + "\n"


def _width(hold_out: Mapping[str, Any], language: Language) -> str:
    width = hold_out.get("width", math.nan)
    return "-" if math.isnan(width) else language.local(number(width))


def _looked_back(verdict: Verdict, language: Language) -> list[str]:
    """Write how the simulation did from quarters of the past, beside the forecast and their combination."""
    say, local = language.say, language.local
    series = series_of(quarterly(verdict.study))
    measures = [name for name in series if has_past(name, verdict.retrospects)]
    if not measures:
        return []
    out = ["", f"## {say('verdict.page.back')}", "", *textwrap.wrap(say("verdict.page.back.note"), _PAGE), ""]
    out += [say("verdict.page.back.columns"), "|---|---:|---:|---:|---:|"]
    for measure in measures:
        past = pair(series[measure], verdict.retrospects)
        for scored in past.scores:
            cells = language.rounded(scored.coverage_80), language.rounded(scored.coverage_95)
            name = f"{measure}, {say(f'outlook.{scored.method}')}"
            out.append(f"| {name} | {past.quarters} | {' | '.join(cells)} | {local(f'{scored.crps:.2f}')} |")
    return out


def _watched(record: Mapping[str, Any], language: Language) -> list[str]:
    """Write what is watched: in the prior, in the sets, and in the histories."""
    say, watched = language.say, record.get("watched", {})
    if not watched:
        return []
    kinds = list(next(iter(watched.values())))
    out = ["", f"## {say('verdict.page.watched')}", "", say("verdict.page.watched.note"), ""]
    out += [f"| | {' | '.join(say(f'verdict.watched.{kind}') for kind in kinds)} |", "|---|" + "---:|" * len(kinds)]
    for name, figures in watched.items():
        cells = (_interval(low, middle, high, language) for low, middle, high in figures.values())
        out.append(f"| {name} | {' | '.join(cells)} |")
    return out


def _spent(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"


def _station(name: str, language: Language) -> str:
    """Return what a station is called in Danish; its name in English, as it always was here."""
    return name if language.code == "en" else language.words.get(f"awaited.{name}", language.name(name))


def _unit(verdict: Verdict, language: Language) -> str:
    """Return the unit in which the base tells waits."""
    return language.words[f"unit.{verdict.study.base.raw.get('time_unit', 'week')}s"]


def _opening(verdict: Verdict, language: Language) -> Iterator[str]:
    provenance = verdict.record["provenance"]
    counts = {"figures": len(verdict.judged), "fitted": len(verdict.fitted), "sets": verdict.sets}
    counts |= {"replications": verdict.replications, "seed": verdict.seed, "calibrated": provenance["seed"]}
    words = {key: str(count) for key, count in counts.items()}
    draws = language.local(f"{provenance['draws']:,}")
    yield language.say("verdict.opening", study=verdict.study.name, draws=draws, **words)


def _findings(verdict: Verdict, language: Language) -> Iterator[str]:
    say, local = language.say, language.local
    below = sum(judged.implausibility < 3 for judged in verdict.fitted)
    share = local(f"{verdict.plausible:.1%}")
    yield say("verdict.plausible", below=str(below), fitted=str(len(verdict.fitted)), share=share)
    worst = ", ".join(f"{judged.target.name} {local(f'{judged.implausibility:.1f}')}" for judged in verdict.worst())
    yield say("verdict.farthest", figures=worst)
    if verdict.undefined:
        yield say("verdict.undefined", figures=", ".join(judged.target.name for judged in verdict.undefined))
    figures = {"chi": f"{verdict.chi_square:.1f}", "freedom": f"{verdict.freedom:.1f}", "p": f"{verdict.p:.2g}"}
    yield say("verdict.chi", **{key: local(figure) for key, figure in figures.items()})
    inside = [
        judged
        for judged in verdict.fitted
        if judged.target.sense == "=" and judged.lower <= judged.target.value <= judged.upper
    ]
    equal = sum(judged.target.sense == "=" for judged in verdict.fitted)
    yield say("verdict.inside", inside=str(len(inside)), equal=str(equal))
    groups = "; ".join(", ".join(group) for group in verdict.together)
    yield say("verdict.together", groups=groups or say("verdict.none"))


def _truths(record: Mapping[str, Any], language: Language) -> Iterator[str]:
    say, local = language.say, language.local
    near = say("verdict.near" if "sampler" in record else "verdict.mode")
    for where, coverage in ((say("verdict.prior"), record["coverage"]), (near, record["coverage_near"])):
        words = {"truths": f"{coverage['truths']:,}", "p": f"{min(coverage['uniform']):.2g}"}
        words = {key: local(figure) for key, figure in words.items()} | {"count": str(len(coverage["uniform"]))}
        ranked = say("verdict.quantities" if "names" in coverage else "verdict.factors")
        sentences = [say("verdict.truths", where=where, ranked=ranked, **words)]
        for interval, shares in coverage["inside"].items():
            p = local(f"{min(coverage['right'][interval]):.2g}")
            ends = {"low": local(f"{min(shares):.1%}"), "high": local(f"{max(shares):.1%}")}
            sentences.append(say("verdict.truths.inside", interval=interval, p=p, **ends))
        yield " ".join(sentences)
    if sampler := record.get("sampler"):
        ends = {"low": local(f"{sampler['spreads'][0]:.2f}"), "high": local(f"{sampler['spreads'][1]:.2f}")}
        yield say("verdict.sampled", apart=local(f"{sampler['apart']:.2f}"), **ends)
        widths = ", ".join(local(f"{width:.1f}") for width in sampler["over_laplace"])
        yield say("verdict.laplace", widths=widths)


def _cells(judged: Judged, language: Language) -> tuple[str, ...]:
    documented = {"=": "", ">": "> ", "<": "< "}[judged.target.sense] + number(judged.target.value)
    figures = (
        language.local(documented),
        language.local(number(judged.median)),
        _range(judged, language),
        _implausibility(judged, language),
    )
    return f"  {cut(_short(judged), _LABEL - 3)}", *figures, f" {_mark(judged)}"


def _families(verdict: Verdict, language: Language) -> dict[str, list[Judged]]:
    groups: dict[str, list[Judged]] = {}
    for judged in verdict.judged:
        family = language.translated(judged.target.family.replace("_", " ").capitalize())
        groups.setdefault(family, []).append(judged)
    return groups


def _short(judged: Judged) -> str:
    family, _, rest = judged.target.name.partition(".")
    return rest if rest and family == judged.target.family else judged.target.name


def _range(judged: Judged, language: Language) -> str:
    if math.isnan(judged.median):
        return "-"
    low, high = (language.local(number(end)) for end in (judged.lower, judged.upper))
    return language.say("range", low=low, high=high)


def _implausibility(judged: Judged, language: Language) -> str:
    return "-" if math.isnan(judged.implausibility) else language.local(f"{judged.implausibility:.1f}")


def _mark(judged: Judged) -> str:
    return {"strained": "*", "contradicts": "**"}.get(judged.word, "") + ("" if judged.target.fitted else "(n)")


def _wait_tables(verdict: Verdict, language: Language) -> dict[str, list[tuple[str, list[str]]]]:
    tables: dict[str, list[tuple[str, list[str]]]] = {}
    for station in dict.fromkeys(station for station, _ in verdict.waits):
        readings = [verdict.waits[station, reading] for reading in WAITS if (station, reading) in verdict.waits]
        tables[station] = [
            (rows[0][0], [_interval(p05, p50, p95, language) for _, p05, p50, p95 in rows])
            for rows in zip(*readings, strict=True)
        ]
    return tables


def _interval(p05: float, p50: float, p95: float, language: Language) -> str:
    return "-" if p50 != p50 else language.local(f"{number(p50)} ({number(p05)}-{number(p95)})")


def _judged_json(verdict: Verdict, judged: Judged) -> dict[str, Any]:
    target = judged.target
    fact = verdict.study.facts[target.fact]
    data: dict[str, Any] = plain(
        {
            "name": target.name,
            "family": target.family,
            "fitted": target.fitted,
            "fact": target.fact,
            "key": target.key,
            "quote": fact.quote,
            "place": fact.place,
            "why": target.why,
            "sense": target.sense,
            "documented": target.value,
            "unit": target.unit,
            "tolerance": target.tolerance,
            "mean": judged.mean,
            "process": judged.process,
            "p05": judged.lower,
            "p50": judged.median,
            "p95": judged.upper,
            "implausibility": judged.implausibility,
            "verdict": judged.word,
        }
    )
    return data
