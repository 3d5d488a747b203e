"""What a hidden layer hands to its ReLU, from what comes out of the layer: no layer is written out here.

A layer whose weights, biases and shifts have the other sign computes −z where the layer itself computes z. So
z = ReLU(z) − ReLU(−z) is the difference of what the two put out.
"""

from __future__ import annotations

import copy
from typing import Any

TURNED = ("W", "b", "beta")  # the parameters of a layer whose signs turn that of z; gamma is a factor of it


def mirrored(net: Any, layer: int) -> Any:
    """A copy of a net with the sign of one hidden layer's z turned round.

    Parameters
    ----------
    net : object
        The student's ``FullyConnectedNet``; its parameters and running statistics stay as they are.
    layer : int
        Which hidden layer, from 1.

    Returns
    -------
    object
        For ``hidden_forward`` and ``hidden_backward`` of that layer.
    """
    twin = copy.copy(net)
    names = [f"{kind}{layer}" for kind in TURNED if f"{kind}{layer}" in net.params]
    twin.params = {**net.params, **{name: -net.params[name] for name in names}}
    twin.norm_params = copy.deepcopy(net.norm_params)  # a batch norm writes to its running statistics
    return twin
