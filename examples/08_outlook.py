"""Forecast and simulation on the past of Copenhagen: which of the two said more of what came.

The calibration looked back from each quarter since the end of 2018: it was fitted to the figures known then, and every
later change was taken out of the model. The statistical forecast of the same quarter stands beside it. CRPS is in
mean absolute changes from year to year; lower is better.
"""

from flowsim.calibration.retrospect import quarterly
from flowsim.calibration.workflow import Calibration
from flowsim.forecasting.pairing import pair, series_of

calibration = Calibration.read("copenhagen")
for measure, series in series_of(quarterly(calibration.study)).items():
    pairing = pair(series, calibration.retrospects)
    print(f"{measure}, {len(pairing.origins)} origins, {pairing.quarters} quarters ahead in all")
    for score in pairing.scores:
        print(f"  {score.method:<12} CRPS {score.crps:.2f}   inside the 95 % interval {score.coverage_95:.0%}")
    print(f"  in the outlook the combination is {pairing.share:.0%} simulation")
