"""`flowsim run`: simulate, and tell a planner what comes of it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flowsim.cli.options import CALIBRATED, CLUSTER, ENGINE, FILE, FIRST, FROM_FILE, JSON, LAST, POINT, SEED, WORKERS
from flowsim.cli.terminal import progress_bar
from flowsim.simulation.workers import executor_of

if TYPE_CHECKING:
    import pandas as pd

    from flowsim.calibration.ensemble import Parameters
    from flowsim.model.scenario import Scenario
    from flowsim.simulation.precision import Precision
    from flowsim.simulation.results import Results

__all__ = ["check_periods", "chosen_parameters", "run"]


def run(
    file: Annotated[str, FILE] = "copenhagen",
    replications: Annotated[
        int | None,
        typer.Option("--replications", "-n", help="How many replications (20); with --precision, at most (10000)."),
    ] = None,
    precision: Annotated[
        str | None, typer.Option(help="Run until means are this sure at 95 %, such as 5%.", metavar="PERCENT")
    ] = None,
    measure: Annotated[
        list[str] | None, typer.Option(help="What --precision is asked of, such as awards or wait.team.served.")
    ] = None,
    seed: Annotated[int, SEED] = 1,
    point: Annotated[bool, POINT] = False,
    calibrated: Annotated[Path | None, CALIBRATED] = None,
    engine: Annotated[str, ENGINE] = "kernel",
    workers: Annotated[int | None, WORKERS] = None,
    cluster: Annotated[str | None, CLUSTER] = None,
    first: Annotated[str | None, FIRST] = None,
    last: Annotated[str | None, LAST] = None,
    out: Annotated[Path | None, typer.Option(help="Write tables and a manifest to this folder.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite an earlier run in that folder.")] = False,
    as_json: Annotated[bool, JSON] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, and no tables.")] = False,
) -> None:
    """Simulate a scenario, print a summary, and write tidy tables.

    A calibrated base draws its parameters anew for every replication, from sets that fit the documents alike, so that
    the intervals hold what is not known of them too.

    Example: [bold]flowsim run more-places.toml --replications 50 --from 2019 --out runs/more-places[/bold]
    """
    from flowsim.calibration.ensemble import Ensemble
    from flowsim.calibration.targets import documented
    from flowsim.cli.words.run import with_documented
    from flowsim.core.errors import InputError
    from flowsim.model.scenario import Scenario
    from flowsim.simulation.runner import run as simulate
    from flowsim.simulation.store import check_folder, manifest, repeat_command, save

    scenario = Scenario.of(file)
    if workers is not None and workers < 1:
        raise InputError(f"--workers: {workers} is not allowed: at least 1 is needed")
    if out is not None:
        check_folder(out, force)
    check_periods(scenario, first, last)
    drawn, parameters = chosen_parameters(scenario, calibrated, point)
    subject = drawn.over(scenario) if isinstance(drawn, Ensemble) else scenario.pathway(drawn)
    if measure and not precision:
        raise InputError("--measure: it goes with --precision")
    wanted = _precision(precision, measure, first, last, replications) if precision else None
    reached = True
    with (
        progress_bar("replications", show=not (quiet or as_json)) as progress,
        executor_of(1 if engine == "simpy" else workers, cluster) as executor,
    ):
        how: dict[str, Any] = {"engine": engine, "seed": seed, "executor": executor, "progress": progress}
        if wanted is None:
            results = simulate(
                subject, replications=20 if replications is None else replications, workers=workers, **how
            )
        else:
            from flowsim.simulation.precision import run_to_precision

            results, reached = run_to_precision(subject, wanted, **how)
    reported = results.between(first or "0001", last or "9999")
    quantiles = with_documented(reported.quantiles(), documented(scenario.base.name))
    options = ["--point"] * point + (["--calibrated", str(calibrated)] if calibrated else [])
    repeat = repeat_command(file, results, first, last, options)
    if out is not None:
        save(
            reported,
            quantiles,
            manifest(scenario, reported, repeat, parameters),
            out,
            overwrite=force,
        )
    if as_json:
        _print_json(scenario, reported, quantiles, parameters)
    elif not quiet:
        _print_summary(scenario, reported, quantiles, parameters, out)
    if wanted is not None and not quiet:
        told = f"{wanted.relative:.3g} of the mean of {', '.join(wanted.measures)}"
        verb = "took" if reached else "was not reached with"
        print(f"A half-width of {told} {verb} {len(results.replications)} replications", file=sys.stderr)


def chosen_parameters(scenario: Scenario, calibrated: Path | None, point: bool) -> tuple[Parameters, str]:
    """Return what a scenario's parameters are drawn from, and how to say it: an ensemble, the fitted values, or none.

    Raises:
        InputError: where the folder holds no calibration, or one of another base.
    """
    from flowsim.calibration.ensemble import Ensemble

    found = Ensemble.of(scenario.base) if calibrated is None else Ensemble.read(calibrated)
    if found is None:
        return None, FROM_FILE
    found.over(scenario)
    if point:
        return found.mode, "the fitted ones"
    return found, f"one of {len(found)} calibrated sets a replication"


def _precision(
    text: str, measures: list[str] | None, first: str | None, last: str | None, most: int | None
) -> Precision:
    from flowsim.core.quantities import parse_precision
    from flowsim.simulation.precision import Precision

    return Precision(
        relative=parse_precision(text),
        measures=tuple(measures or ["awards"]),
        first=first,
        last=last,
        most=10_000 if most is None else most,
    )


def check_periods(scenario: Scenario, first: str | None, last: str | None) -> None:
    """Refuse what is no period, and where nothing lies between the two; raises InputError."""
    from flowsim.core.errors import InputError
    from flowsim.core.periods import Period
    from flowsim.simulation.measures.timeline import Calendar

    for option, period in (("--from", first), ("--to", last)):
        if period is not None:
            try:
                Period(period)
            except ValueError as mistake:
                raise InputError(f"{option}: {mistake}") from None
    months = Calendar.of(scenario.pathway()).periods("month")
    if not months:
        raise InputError("the horizon holds no whole month, so there is nothing to report: let it end later")
    since, until = Period(first or months[0]).first, Period(last or months[-1]).after
    if until <= since or since >= months[-1].after or until <= months[0].first:
        asked = " ".join(f"{option} {told}" for option, told in (("--from", first), ("--to", last)) if told)
        raise InputError(f"{asked}: nothing lies between (whole months of the run: {months[0]} to {months[-1]})")


def _print_json(scenario: Scenario, results: Results, quantiles: pd.DataFrame, parameters: str) -> None:
    import json

    measures = quantiles.astype(object).where(quantiles.notna(), None).to_dict("records")
    for row in measures:
        if row["documented"] is None:
            del row["documented"]
    told = {
        "scenario": scenario.name,
        "engine": results.engine,
        "replications": len(results.replications),
        "seed": results.seed,
        "parameters": parameters,
        "versions": dict(results.versions),
        "visits_sha256": results.visits_sha256,
        "measures": measures,
    }
    print(json.dumps(told, allow_nan=False))


def _print_summary(
    scenario: Scenario, results: Results, quantiles: pd.DataFrame, parameters: str, out: Path | None
) -> None:
    from flowsim.cli.terminal import counted, wrapped
    from flowsim.cli.words.run import beside_documents, by_period

    told = (
        f"{scenario.name}: {counted(len(results.replications), 'replication')}, seed {results.seed}, "
        f"{results.engine} engine, {results.pathway.start:%Y-%m-%d} to {results.pathway.end:%Y-%m-%d}"
    )
    if parameters != FROM_FILE:
        told += f", parameters: {parameters}"
    print("\n".join(wrapped(text) for text in (told, scenario.file.description) if text))
    for lines in (beside_documents(quantiles, scenario.changes_base), by_period(quantiles, results.pathway)):
        if lines:
            print("\n" + "\n".join(lines))
    if not results.index:
        print("\nNo measure is reported for a period as short as this: ask for a quarter or a year.")
    print(f"\nvisits_sha256 {results.visits_sha256}")
    if out is not None:
        print(wrapped(f"Written to {out}: measures and replications (.csv, .parquet), manifest.json"))
