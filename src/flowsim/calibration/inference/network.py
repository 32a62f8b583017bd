"""The one neural network of the calibration: a smooth regression of many figures on many numbers."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from flowsim.core.arrays import Floats

__all__ = ["Network", "fitted_network"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Network:
    """A fitted network of rectified layers.

    Attributes:
        weights: of each layer, shape (inputs, outputs).
        offsets: of each layer, shape (outputs,).
    """

    weights: tuple[Floats, ...] = field(repr=False)
    offsets: tuple[Floats, ...] = field(repr=False)

    def predict(self, inputs: Floats) -> Floats:
        """Return the outputs, shape (rows, outputs)."""
        out = inputs
        for number, (weight, offset) in enumerate(zip(self.weights, self.offsets, strict=True)):
            out = out @ weight + offset
            if number < len(self.weights) - 1:
                np.maximum(out, 0.0, out=out)
        return out


def fitted_network(
    inputs: Floats,
    outputs: Floats,
    *,
    hidden: tuple[int, ...] = (128,),
    shrinkage: float = 0.1,
    seed: int = 1,
) -> Network:
    """Fit a network by least squares; a tenth of the rows tells when more steps would learn noise.

    Args:
        inputs: shape (rows, inputs), each of a scale near 1.
        outputs: shape (rows, outputs).
        hidden: the widths of the hidden layers.
        shrinkage: of the weights towards 0.
        seed: of the first weights and the order of the rows.
    """
    from sklearn.neural_network import MLPRegressor
    from threadpoolctl import threadpool_limits

    network = MLPRegressor(
        hidden_layer_sizes=hidden,
        alpha=shrinkage,
        batch_size=min(128, len(inputs)),
        early_stopping=True,
        max_iter=300,
        random_state=seed,
    )
    # The matrices are small: threads of linear algebra would spend their time waiting for each other.
    with threadpool_limits(1):
        network.fit(inputs, outputs if outputs.shape[1] > 1 else outputs[:, 0])
    return Network(weights=tuple(network.coefs_), offsets=tuple(network.intercepts_))
