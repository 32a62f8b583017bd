"""What the documents leave open of Copenhagen's parameters, with ArviZ: the calibrated sets beside their prior.

Needs Python 3.12 and ArviZ 1 (`pip install arviz`), and the extra `xarray`. A factor's value is the logarithm of what
it multiplies: 0 leaves the first value as it was set by hand.
"""

import arviz as az

from flowsim import Ensemble, read_base

ensemble = Ensemble.of(read_base("copenhagen"))
assert ensemble is not None
tree = ensemble.to_xarray()
factors = ["plan_time", "leave_job", "stock_kontanthjaelp"]
for group in ("prior", "posterior"):
    table = az.summary(tree, group=group, var_names=factors, kind="stats", round_to="none").iloc[:, :2].round(2) + 0.0
    print(group, table.to_string(), "", sep="\n")

# How much narrower the documents make each: where the ratio is near 1, they say nothing.
ratio = (tree["posterior"].std() / tree["prior"].std()).to_dataset()
known = sorted((float(ratio[name]), name) for name in ensemble.names)
print("best known: " + ", ".join(f"{name} ({value:.2f})" for value, name in known[:3]))
print("least known: " + ", ".join(f"{name} ({value:.2f})" for value, name in known[-3:]))
