"""A question: what the trend says, beside what the staff can deliver."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from functools import cached_property

from pydantic import model_validator

from flowsim.calibration.retrospect import quarterly
from flowsim.calibration.workflow import Calibration
from flowsim.core.errors import InputError, KeyedError, require
from flowsim.core.progress import Progress
from flowsim.evidence.series import Series, convention, documented_awards, read
from flowsim.forecasting.demand import Demand, following
from flowsim.forecasting.outlooks import OutlookResult, outlook
from flowsim.forecasting.pairing import Pairing, has_past, pair, series_of
from flowsim.forecasting.trend import check_horizon, forecast_parts, forecast_series
from flowsim.model.library import cities
from flowsim.model.scenario import Scenario
from flowsim.questions.asking import Inquiry, command, refuse_known
from flowsim.simulation.measures.catalogue import Catalogue
from flowsim.simulation.measures.flows import AWARDS

__all__ = ["Outlook"]


class Outlook(Inquiry):
    """The forecasts of documented outcomes beside a simulation, some quarters ahead.

    Attributes:
        scenario: a file, the name of a shipped scenario, or a base.
        demand: what drives the cases: "none" (the scenario's own rates), "awards" (their trend), or a file of those
            who come.
        series: the series of that file.
        door: the entry by which they come.
        months: how quarters are made of a file's months: "sum" or "mean".
        decimal: what the decimals of that file stand after, where no cell proves it: "comma" or "point".
        horizon: quarters ahead, 1 to 12.
        replications: futures of the simulation.
        seed: of all draws.
        calibrated: the folder of a calibration, instead of the one that ships.
        sets: draw parameter sets alone, each with a luck of its own from the start on, where the base has histories
            that hold the documented waits.
        hold: let factors keep their last values after the last document, where they would walk on.
    """

    scenario: str = "copenhagen"
    demand: str = "none"
    series: str | None = None
    door: str | None = None
    months: str | None = None
    decimal: str | None = None
    horizon: int = 12
    replications: int = 200
    seed: int = 1
    calibrated: str | None = None
    sets: bool = False
    hold: bool = False

    @model_validator(mode="after")
    def _checked(self) -> Outlook:
        check_horizon(self.horizon)
        refuse_known(self.subject, "an outlook")
        require(self.replications >= 20, "replications", self.replications, "at least 20 are needed for intervals")
        self.calibration, self.driving  # noqa: B018 (each reads and checks a part)
        return self

    @cached_property
    def subject(self) -> Scenario:
        """The scenario as read."""
        return Scenario.of(self.scenario)

    @cached_property
    def calibration(self) -> Calibration:
        """The calibration of the scenario's base."""
        base = self.subject.base
        if self.calibrated is None and "calibrated" in base.files:
            return Calibration.read(str(base.files["calibrated"]))
        return Calibration.read(self.calibrated or base.name)

    def _awards(self) -> Sequence[Series]:
        """Return the documented quarters of awards: of Copenhagen as its documents have them, else the study's."""
        if self.subject.base.name in cities():
            return documented_awards().series
        known = series_of(quarterly(self.calibration.study))
        names = {row.measure for row in Catalogue.of(self.subject.pathway()).index if row.measure.kind == AWARDS}
        awards = [series for measure, series in known.items() if measure in names]
        if not awards:
            raise KeyedError("demand", "no awards are documented quarter by quarter, two years or longer: use a file")
        return awards

    @cached_property
    def driving(self) -> Demand | None:
        """The demand that drives the simulation; None where the scenario's own rates do."""
        if self.demand in ("none", "awards"):
            for key in ("series", "door", "months", "decimal"):
                if getattr(self, key) is not None:
                    raise KeyedError(key, "it goes with a file of --demand")
            if self.demand == "none":
                return None
            doors = following(self.subject.base, "awards")
            trend = forecast_parts(self._awards(), self.horizon)
            return Demand.of(trend, doors, relative=True, count=self.replications, seed=self.seed)
        if self.door is None:
            raise KeyedError("door", "name the entry by which those of the file come (flowsim names lists them)")
        arrivals = forecast_series(self._quarterly(), self.horizon)
        demand = Demand.of(arrivals, [self.door], relative=False, count=self.replications, seed=self.seed)
        demand.over(self.subject.pathway())
        return demand

    def _quarterly(self) -> Series:
        file = read(self.demand, convention(self.decimal))
        if self.series is None and len(file.series) > 1:
            names = ", ".join(series.name for series in file.series[:8])
            raise KeyedError("series", f"{self.demand} holds several: name one of {names}")
        series = (file[self.series] if self.series is not None else file.series[0]).from_first_figure()
        if not series.counts_units:
            raise KeyedError("demand", f"{series.name} is in {series.unit}: those who come are counted one by one")
        if series.every == "quarter":
            if self.months is not None:
                raise KeyedError("months", f"the periods of {self.demand} are quarters already")
            return series
        if self.months not in ("sum", "mean"):
            raise KeyedError(
                "months", f"the periods of {self.demand} are months: add --months sum, for those who come are counted"
            )
        return series.quarterly("sum" if self.months == "sum" else "mean")

    def answer(self, executor: Executor | None = None, progress: Progress | None = None) -> OutlookResult:
        """Forecast and simulate, and hold both side by side."""
        return outlook(
            self.subject,
            self.calibration,
            demand=self.driving,
            horizon=self.horizon,
            replications=self.replications,
            seed=self.seed,
            sets=self.sets,
            hold=self.hold,
            executor=executor,
            progress=progress,
        )

    def backtest(self) -> list[Pairing]:
        """Score forecast, simulation and both together on the documented past.

        Raises:
            InputError: where nothing was looked back on.
        """
        pasts = self.calibration.retrospects
        known = [one for one in series_of(quarterly(self.calibration.study)).values() if has_past(one.name, pasts)]
        if not known:
            raise InputError(
                f"{self.subject.name}: there is no past to look back from: two years that are documented quarter by "
                "quarter are needed, and a quarter after them"
            )
        return [pair(series, pasts) for series in known]

    def command_line(self, *, workers: int | None = None) -> str:
        """Write the command that asks again."""
        return command(
            "outlook",
            [self.scenario],
            {"demand": self.demand, "series": self.series, "door": self.door, "months": self.months}
            | {"decimal": self.decimal, "horizon": self.horizon, "replications": self.replications, "seed": self.seed}
            | {"calibrated": self.calibrated, "sets": self.sets, "hold": self.hold, "workers": workers},
        )
