"""A quarterly forecast: the documented awards, with the lock-down taken in two ways.

What the lock-down says about the quarters after it is no question for statistics, so it is a choice that one makes and
shows. The total is the sum of its parts, on every sample path too.
"""

from flowsim.evidence.series import documented_awards
from flowsim.forecasting.distribution import Joint, SeriesForecast
from flowsim.forecasting.shocks import Shock
from flowsim.forecasting.trend import forecast_parts

for choice in ("2020Q2=as-observed", "2020Q2=recovers:4"):
    joint = forecast_parts(documented_awards().series, horizon=4, shock=Shock.parse(choice))
    print(choice)
    forecasts: list[SeriesForecast | Joint] = [*joint.parts, joint]
    for each in forecasts:
        low, high = each.interval(0.8)
        print(
            f"  {each.name:<16}{each.periods[-1]}{each.point[-1]:8.0f}, 80 % interval {low[-1]:.0f} to {high[-1]:.0f}"
        )

paths = joint.paths(10_000, seed=1)
more = (paths.sum(axis=1).sum(axis=1) > 4 * 598).mean()
print(f"probability of more awards a quarter than in 2020Q3, on average over the four: {more:.2f}")
