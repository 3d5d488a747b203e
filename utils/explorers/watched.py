"""A student's net that keeps what passes through it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .mirror import TURNED, mirrored

Array = NDArray[Any]


def watched(net_class: type, activation: str = "relu") -> Any:
    """A class like the student's whose nets keep what passes through their hidden layers.

    Parameters
    ----------
    net_class : type
        The student's ``FullyConnectedNet``; its own ``hidden_forward`` and ``hidden_backward`` do the work.
    activation : {"relu", "tanh"}, default "relu"
        ``"tanh"`` stands in the place of the student's ReLU.

    Returns
    -------
    type
        Its nets have the attributes ``outs`` and ``douts``: for each hidden layer its output and the upstream gradient
        that reached it, of the last pass; and ``dx``, the gradient of the net's input.
    """

    class Watched(net_class):  # type: ignore[misc]  # a class that is only known when it is handed in
        def __init__(self, **settings: Any) -> None:
            super().__init__(**settings)
            self.outs: dict[int, Array] = {}
            self.douts: dict[int, Array] = {}
            self.dx: Array | None = None

        def hidden_forward(self, layer: int, x: Array) -> Any:
            out, cache = super().hidden_forward(layer, x) if activation == "relu" else self._tanh_forward(layer, x)
            self.outs[layer] = out
            return out, cache

        def hidden_backward(self, layer: int, dout: Array, cache: Any) -> Any:
            self.douts[layer] = dout
            backward = super().hidden_backward if activation == "relu" else self._tanh_backward
            self.dx, grads = backward(layer, dout, cache)
            return self.dx, grads

        def _tanh_forward(self, layer: int, x: Array) -> Any:
            twin = mirrored(self, layer)
            above, own_cache = super().hidden_forward(layer, x)
            below, twin_cache = net_class.hidden_forward(twin, layer, x)  # type: ignore[attr-defined]  # see above
            out = np.tanh(above - below)
            return out, (out, own_cache, twin, twin_cache)

        def _tanh_backward(self, layer: int, dout: Array, cache: Any) -> Any:
            out, own_cache, twin, twin_cache = cache
            dz = dout * (1 - out * out)
            dx, grads = super().hidden_backward(layer, dz, own_cache)
            through_twin, turned = net_class.hidden_backward(twin, layer, -dz, twin_cache)  # type: ignore[attr-defined]  # see above
            signs = {f"{kind}{layer}": -1 for kind in TURNED}
            return dx + through_twin, {name: grad + signs.get(name, 1) * turned[name] for name, grad in grads.items()}

    Watched.__module__ = net_class.__module__
    return Watched
