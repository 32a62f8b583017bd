"""`flowsim outlook`: what the trend says against what the staff can deliver."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flowsim.cli.options import FILE, FILES, JSON, SEED, WORKERS
from flowsim.cli.terminal import progress_bar
from flowsim.simulation.workers import executor_of

if TYPE_CHECKING:
    from flowsim.evidence.series import Series
    from flowsim.forecasting.demand import Demand
    from flowsim.model.scenario import Scenario

__all__ = ["outlook"]


def outlook(
    file: Annotated[str, FILE] = "copenhagen",
    demand: Annotated[
        str,
        typer.Option(
            help="What drives the cases: none (the scenario's own rates), awards (their trend), or a CSV or Excel file "
            "of those who come.",
            metavar="none|awards|FILE",
        ),
    ] = "none",
    series: Annotated[str | None, typer.Option(help="The series of that file.")] = None,
    door: Annotated[str | None, typer.Option(help="The entry by which they come, such as sygedagpenge_new.")] = None,
    months: Annotated[str | None, typer.Option(help="Make quarters of a file's months: sum or mean.")] = None,
    horizon: Annotated[int, typer.Option(help="Quarters ahead, 1 to 12.")] = 12,
    replications: Annotated[int, typer.Option("--replications", "-n", help="Futures of the simulation.")] = 200,
    seed: Annotated[int, SEED] = 1,
    calibrated: Annotated[
        Path | None, typer.Option(help="Of a base of your own: the folder of flowsim calibrate.", metavar="FOLDER")
    ] = None,
    backtest: Annotated[
        bool, typer.Option("--backtest", help="Score forecast, simulation and both together on the past, instead.")
    ] = False,
    workers: Annotated[int | None, WORKERS] = None,
    plot: Annotated[Path | None, typer.Option(help="Draw it to this .png, .svg or .pdf file.")] = None,
    out: Annotated[Path | None, typer.Option(help="Write the table to this CSV file.")] = None,
    force: Annotated[bool, FILES] = False,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Hold the forecasts of documented outcomes beside a simulation, and tell where and why they part.

    Example: [bold]flowsim outlook copenhagen --demand awards --plot outlook.png[/bold]
    """
    from flowsim.calibration.retrospect import quarterly
    from flowsim.calibration.workflow import Calibration
    from flowsim.cli.words.outlook import backtest_lines, outlook_json, outlook_lines
    from flowsim.core.errors import InputError
    from flowsim.core.files import check_file, write_bytes, write_text
    from flowsim.forecasting.outlooks import outlook as look
    from flowsim.forecasting.pairing import pair, series_of
    from flowsim.forecasting.trend import check_horizon
    from flowsim.model.scenario import Scenario
    from flowsim.reporting.pictures.canvas import check_picture
    from flowsim.reporting.pictures.forecasts import outlook_picture

    check_horizon(horizon)
    if replications < 20:
        raise InputError(f"--replications: {replications} is not allowed: at least 20 are needed for intervals")
    if workers is not None and workers < 1:
        raise InputError(f"--workers: {workers} is not allowed: at least 1 is needed")
    scenario = Scenario.of(file)
    calibration = Calibration.read(calibrated or scenario.base.name)
    if backtest:
        for option, path in (("--plot", plot), ("--out", out)):
            if path is not None:
                raise InputError(f"{option}: it goes with an outlook, not with --backtest")
        known = series_of(quarterly(calibration.study))
        pairings = [pair(one, calibration.retrospects) for one in known.values()]
        print(json.dumps([_plain(one) for one in pairings]) if as_json else "\n".join(backtest_lines(pairings)))
        return
    driving = _demand(scenario, demand, series, door, months, horizon, replications, seed)
    for path in (plot, out):
        if path is not None:
            check_file(path, force)
    if plot is not None:
        check_picture(plot, 1)
    with progress_bar("replications", show=not as_json) as progress, executor_of(workers, processes=True) as executor:
        told = look(
            scenario,
            calibration,
            demand=driving,
            horizon=horizon,
            replications=replications,
            seed=seed,
            executor=executor,
            progress=progress,
        )
    if plot is not None:
        write_bytes(plot, outlook_picture(told, plot.suffix.lower()), overwrite=force)
    if out is not None:
        write_text(out, "\ufeff" + told.frame().to_csv(index=False, lineterminator="\n"), overwrite=force)
    print(json.dumps(outlook_json(told), allow_nan=False) if as_json else "\n".join(outlook_lines(told)))


def _demand(
    scenario: Scenario,
    asked: str,
    name: str | None,
    door: str | None,
    months: str | None,
    horizon: int,
    count: int,
    seed: int,
) -> Demand | None:
    from flowsim.core.errors import InputError
    from flowsim.evidence.series import awards
    from flowsim.forecasting.demand import Demand, following
    from flowsim.forecasting.trend import forecast, forecast_parts

    if asked in ("none", "awards"):
        for option, given in (("--series", name), ("--door", door), ("--months", months)):
            if given is not None:
                raise InputError(f"{option}: it goes with a file of --demand")
        if asked == "none":
            return None
        doors = following(scenario.base.name, "awards")
        trend = forecast_parts(awards().series, horizon)
        return Demand.of(trend, doors, relative=True, count=count, seed=seed)
    if door is None:
        raise InputError("--door: name the entry by which those of the file come (flowsim names lists them)")
    trend_of = forecast(_series(asked, name, months), horizon)
    made = Demand.of(trend_of, [door], relative=False, count=count, seed=seed)
    made.over(scenario.pathway())
    return made


def _series(path: str, name: str | None, months: str | None) -> Series:
    from flowsim.core.errors import InputError
    from flowsim.evidence.series import read

    found = read(path)
    if name is None and len(found.series) > 1:
        names = ", ".join(one.name for one in found.series[:8])
        raise InputError(f"--series: {path} holds several: name one of {names}")
    one = found[name] if name is not None else found.series[0]
    if one.every == "quarter":
        return one
    if months not in ("sum", "mean"):
        raise InputError(
            f"--months: the periods of {path} are months: add --months sum, for those who come are counted"
        )
    return one.quarterly("sum" if months == "sum" else "mean")


def _plain(pairing: Any) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(pairing)
