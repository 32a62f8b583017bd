"""The verdict in words: for a terminal, as plain data, and as a page of Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from flowsim.calibration.histories.kept import Histories
from flowsim.calibration.histories.weighing import LEAST_EFFECTIVE
from flowsim.calibration.verdict import WAITS, Judged, Verdict, pulls
from flowsim.cli.terminal import cut, number, table, wrapped
from flowsim.core.arrays import plain

__all__ = ["calibration_lines", "histories_lines", "verdict_json", "verdict_lines", "verdict_page"]

_LABEL = 32
_TOLD = 0.9  # of the prior spread that is left: above it, the documents tell next to nothing
_READINGS = {"served": "treated in the month", "first_free": "first free place", "backlog": "backlog over pace"}


def verdict_lines(verdict: Verdict) -> list[str]:
    """Write a verdict in lines of at most eighty columns."""
    lines = [wrapped(text) for text in _opening(verdict)]
    figures = {"documented": 10, "median": 9, "5 to 95 %": 17, "I": 5, " ": 7}
    for family, group in _families(verdict).items():
        lines += ["", *table({family: _LABEL} | figures, map(_cells, group), left=(" ",))]
    lines += ["", "I: implausibility; * strained (2 and more), ** contradicts (3 and more)", "(n): not fitted"]
    lines += ["", *(line for text in _findings(verdict) for line in wrapped(text).splitlines())]
    lines += ["", *calibration_lines(verdict.record)]
    for station, waits in _wait_tables(verdict).items():
        lines += ["", f"Wait for {station}, weeks: median and 5 to 95 %"]
        columns = {"": 9} | {_READINGS[reading]: 22 for reading in WAITS}
        lines += table(columns, ((str(month), *row) for month, row in waits))
    return lines


def calibration_lines(record: Mapping[str, Any]) -> list[str]:
    """Write what a calibration found of its factors, its uncertainty and its hold-outs, in lines of eighty columns."""
    lines = ["What the documents tell of each factor: the share of its prior spread left"]
    left = {factor["name"]: factor["posterior_sd"] / factor["prior_sd"] for factor in record["factors"]}
    items = [f"{name} {share:.2f}" for name, share in sorted(left.items(), key=lambda item: item[1])]
    lines += wrapped("  " + ", ".join(items)).splitlines()
    kept = [name for name, share in left.items() if share > _TOLD]
    lines += wrapped(f"Stays at its prior: {', '.join(kept) or 'none'}").splitlines()
    if record["out_of_reach"]:
        lines += wrapped(f"Out of the prior's reach: {', '.join(record['out_of_reach'])}").splitlines()
    lines += ["", *(line for sentence in _truths(record) for line in wrapped(sentence).splitlines())]
    if record["hold_outs"]:
        rows: list[str | tuple[str, ...]] = []
        for hold_out in record["hold_outs"]:
            missed = [name for name in hold_out["held"] if name not in hold_out["inside"]]
            rows.append((f"  {hold_out['name']}", str(len(hold_out["inside"])), str(len(hold_out["held"]))))
            rows += wrapped("    outside: " + ", ".join(missed)).splitlines() if 0 < len(missed) <= 6 else []
        lines += ["", "Held out: how many of them lie in the 90 % interval that the others give"]
        lines += table({"": 46, "inside": 8, "of": 6}, rows)
    spent = sum(record["seconds"].values())
    parts = ", ".join(f"{name} {_spent(seconds)}" for name, seconds in record["seconds"].items())
    lines += ["", *wrapped(f"It took {_spent(spent)} ({parts})").splitlines()]
    return lines


def histories_lines(histories: Histories) -> list[str]:
    """Write how many pairs histories were drawn from, and what stands for how sure they are."""
    sets = len(set(histories.sets.tolist()))
    share = histories.effective / histories.pairs
    lines = wrapped(
        f"{len(histories):,} histories until {histories.at:%Y-%m-%d}, of {sets:,} parameter sets, drawn from "
        f"{histories.pairs:,} pairs: effective sample {histories.effective:,.0f} ({share:.1%}), largest weight "
        f"{histories.largest:.2%}"
    ).splitlines()
    figures = ", ".join(f"{name} {value:g} ± {sd:.2g}" for name, (value, sd) in histories.provenance["figures"].items())
    lines += wrapped(f"Weighed by: {figures}").splitlines()
    if histories.effective < LEAST_EFFECTIVE:
        lines += wrapped(
            f"warning: an effective sample below {LEAST_EFFECTIVE} says little: hardly any set comes near all "
            "figures at once; run more pairs, or calibrate again"
        ).splitlines()
    return lines


def verdict_json(verdict: Verdict) -> dict[str, Any]:
    """Return a verdict as plain data."""
    return {
        "study": verdict.study.name,
        "targets": [_judged_json(verdict, judged) for judged in verdict.judged],
        "plausible": round(verdict.plausible, 4),
        "chi_square": round(verdict.chi_square, 2),
        "freedom": round(verdict.freedom, 2),
        "p": float(f"{verdict.p:.3g}"),
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
        "calibration": dict(verdict.record),
    }


def verdict_page(verdict: Verdict) -> str:
    """Write a verdict as a page of Markdown, each figure with the words of its source."""
    out = [f"# Verdict on {verdict.study.name}", "", *(line for text in _opening(verdict) for line in (text, ""))]
    out += [*(f"- {text}" for text in _findings(verdict)), ""]
    provenance = verdict.record["provenance"]
    out += [
        f"Made by `flowsim judge`, not to be edited. Study `{provenance['study'][:16]}`, "
        f"flowsim {provenance['flowsim']}.",
        "",
    ]
    out += ["## Each documented figure", ""]
    out += ["I is the implausibility; simulated are the median and the 5 to 95 % interval of the ensemble.", ""]
    for family, group in _families(verdict).items():
        out += [f"### {family}", ""]
        for fact in dict.fromkeys(judged.target.fact for judged in group):
            known = verdict.study.facts[fact]
            out += [f"“{known.quote}” ({known.source}, {known.place})", ""]
        out += ["| figure | documented | simulated | I | verdict |", "|---|---:|---:|---:|---|"]
        for judged in group:
            sense = {"=": "", ">": "over ", "<": "under "}[judged.target.sense]
            documented = (
                f"{sense}{number(judged.target.value)} ± {number(judged.target.tolerance)} {judged.target.unit}"
            )
            interval = f"{number(judged.median)} ({number(judged.lower)} to {number(judged.upper)})"
            word = judged.word if judged.target.fitted else f"{judged.word}, not fitted"
            out.append(f"| {_short(judged)} | {documented} | {interval} | {judged.implausibility:.1f} | {word} |")
        out.append("")
    out += ["## What the documents tell of each factor", ""]
    out += [
        "| factor | what it is | prior sd | posterior mean | posterior sd | left |",
        "|---|---|---:|---:|---:|---:|",
    ]
    for factor in verdict.record["factors"]:
        left = factor["posterior_sd"] / factor["prior_sd"]
        spread = f"{factor['prior_sd']:.2f} | {factor['posterior_mean']:+.2f} | {factor['posterior_sd']:.2f}"
        out.append(f"| `{factor['name']}` | {factor['title']} | {spread} | {left:.0%} |")
    out += [
        "",
        "Positions are logarithms of what the first values are multiplied by; `left` is the posterior spread over",
    ]
    out += ["the prior's: 100 % is a factor that the documents tell nothing of.", ""]
    out += ["## Which figures pull against which", ""]
    opposed = pulls(verdict)
    out += ["| factor | higher | lower |", "|---|---|---|"] * bool(opposed) or ["None does."]
    for pull in opposed:
        sides = (", ".join(f"{name} ({force:.1f})" for name, force in side[:3]) for side in (pull.up, pull.down))
        out.append(f"| `{pull.factor}` | {' | '.join(sides)} |")
    out += ["", "## Is the uncertainty right?", "", *(f"- {sentence}" for sentence in _truths(verdict.record)), ""]
    out += ["## Held out", "", "| held out | inside their 90 % interval | outside |", "|---|---:|---|"]
    for hold_out in verdict.record["hold_outs"]:
        missed = [name for name in hold_out["held"] if name not in hold_out["inside"]]
        out.append(
            f"| {hold_out['name']} | {len(hold_out['inside'])} of {len(hold_out['held'])} | {', '.join(missed)} |"
        )
    for station, waits in _wait_tables(verdict).items():
        out += [
            "",
            f"## Wait for {station}",
            "",
            "Weeks, median and 5 to 95 %. The first free place is looked for until",
        ]
        out += ["the end of what is simulated; close to it only those count who found one.", ""]
        out += ["| month | " + " | ".join(_READINGS[reading] for reading in WAITS) + " |", "|---|" + "---:|" * 3]
        out += [f"| {month} | {' | '.join(row)} |" for month, row in waits]
    return "\n".join(out) + "\n"


def _spent(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"


def _opening(verdict: Verdict) -> Iterator[str]:
    provenance = verdict.record["provenance"]
    yield (
        f"{verdict.study.name}: {len(verdict.judged)} documented figures, {len(verdict.fitted)} of them fitted, beside "
        f"{verdict.sets} parameter sets, and {verdict.replications} replications at the mode, on fresh draws "
        f"(seed {verdict.seed}; calibrated with seed {provenance['seed']} and "
        f"{provenance['draws']:,} draws from the prior)."
    )


def _findings(verdict: Verdict) -> Iterator[str]:
    below = sum(judged.implausibility < 3 for judged in verdict.fitted)
    yield (
        f"{below} of {len(verdict.fitted)} fitted figures ({verdict.plausible:.1%}) have an implausibility below 3: "
        "the distance of the mode's mean over the root of the squared tolerance and spread of one history."
    )
    worst = ", ".join(f"{judged.target.name} {judged.implausibility:.1f}" for judged in verdict.worst())
    yield f"The farthest: {worst}."
    yield (
        f"Chi-square {verdict.chi_square:.1f} on {verdict.freedom:.1f} effective degrees of freedom, "
        f"p = {verdict.p:.2g}."
    )
    inside = [
        judged
        for judged in verdict.fitted
        if judged.target.sense == "=" and judged.lower <= judged.target.value <= judged.upper
    ]
    equal = sum(judged.target.sense == "=" for judged in verdict.fitted)
    yield f"{len(inside)} of {equal} figures lie in the ensemble's 5 to 95 % interval, tolerance not counted."
    groups = "; ".join(", ".join(group) for group in verdict.together)
    yield f"Not told apart (correlation of .7 and more): {groups or 'none'}."


def _truths(record: Mapping[str, Any]) -> Iterator[str]:
    near = "near the documents" if "sampler" in record else "around the mode"
    for where, coverage in (("from the prior", record["coverage"]), (near, record["coverage_near"])):
        sentences = [
            f"{coverage['truths']:,} known truths {where}: uniform ranks, smallest p {min(coverage['uniform']):.2g} "
            f"over {len(coverage['uniform'])} {_ranked(coverage)} (Kolmogorov-Smirnov, after Holm)."
        ]
        for interval, shares in coverage["inside"].items():
            p = min(coverage["right"][interval])
            sentences.append(
                f"{interval} intervals hold {min(shares):.1%} to {max(shares):.1%} of them, smallest p {p:.2g}."
            )
        yield " ".join(sentences)
    if sampler := record.get("sampler"):
        yield (
            f"The posterior was sampled twice: means at most {sampler['apart']:.2f} standard deviations apart, these "
            f"{sampler['spreads'][0]:.2f} to {sampler['spreads'][1]:.2f} times each other."
        )
        widths = ", ".join(f"{width:.1f}" for width in sampler["over_laplace"])
        yield f"In the directions that the documents hold hardest it is {widths} times as wide as Laplace's."


def _ranked(coverage: Mapping[str, Any]) -> str:
    return "quantities" if "names" in coverage else "factors"


def _cells(judged: Judged) -> tuple[str, ...]:
    documented = {"=": "", ">": "> ", "<": "< "}[judged.target.sense] + number(judged.target.value)
    interval = f"{number(judged.lower)} to {number(judged.upper)}"
    figures = documented, number(judged.median), interval, f"{judged.implausibility:.1f}"
    return f"  {cut(_short(judged), _LABEL - 3)}", *figures, f" {_mark(judged)}"


def _families(verdict: Verdict) -> dict[str, list[Judged]]:
    groups: dict[str, list[Judged]] = {}
    for judged in verdict.judged:
        groups.setdefault(judged.target.family.replace("_", " ").capitalize(), []).append(judged)
    return groups


def _short(judged: Judged) -> str:
    family, _, rest = judged.target.name.partition(".")
    return rest if rest and family == judged.target.family else judged.target.name


def _mark(judged: Judged) -> str:
    return {"strained": "*", "contradicts": "**"}.get(judged.word, "") + ("" if judged.target.fitted else "(n)")


def _wait_tables(verdict: Verdict) -> dict[str, list[tuple[str, list[str]]]]:
    tables: dict[str, list[tuple[str, list[str]]]] = {}
    for station in dict.fromkeys(station for station, _ in verdict.waits):
        readings = [verdict.waits[station, reading] for reading in WAITS if (station, reading) in verdict.waits]
        tables[station] = [
            (rows[0][0], [_interval(p05, p50, p95) for _, p05, p50, p95 in rows])
            for rows in zip(*readings, strict=True)
        ]
    return tables


def _interval(p05: float, p50: float, p95: float) -> str:
    return "-" if p50 != p50 else f"{number(p50)} ({number(p05)}-{number(p95)})"


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
