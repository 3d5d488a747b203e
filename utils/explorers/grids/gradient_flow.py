"""How large the arrays of a pass are against the weight scale and the depth, forward and backward."""

from __future__ import annotations

from typing import Any

from ..gradient_flow.compute import DEEPEST, NORMS, GradientFlow, Numbers, flow_of
from .grid import Control, Grid, Modules, Part, rounded

SCALES = tuple(10 ** (power / 5) for power in range(-15, 6))  # 0.001 to 10


def sizes(modules: Modules, state: GradientFlow) -> dict[str, Any]:
    """The size of each array, in the order of the forward pass, and of the gradients of the weights.

    Returns
    -------
    dict
        ``outs`` and ``douts``: the sizes of the input, each layer's output, and the scores, and of their gradients;
        ``dW``: those of the gradients of the weights; ``zeros``: the percentage of each output that is exactly 0;
        ``loss``. What is not finite is None.
    """
    flow = flow_of(modules("fc_net").FullyConnectedNet, modules("layers"), state)

    def of(arrays: list[Numbers]) -> list[float | None]:
        return [rounded(array.size) for array in arrays]

    return {
        "outs": of(flow.outs),
        "douts": of(flow.douts),
        "dW": of([flow.grads[f"W{layer}"] for layer in range(1, len(flow.outs))]),
        "zeros": [round(100 * array.zeros) for array in flow.outs[1:-1]],
        "loss": rounded(flow.loss),
    }


def shapes(modules: Modules) -> dict[str, Any]:
    """What the arrays have in common at all settings: images in the minibatch, numbers of an image, and classes."""
    flow = flow_of(modules("fc_net").FullyConnectedNet, modules("layers"), _STANDARD)
    inputs, classes = flow.params["W1"].shape[0], flow.outs[-1].shape[1]
    return {"images": list(flow.outs[0].shape), "inputs": inputs, "classes": classes}


_STANDARD = GradientFlow()
GRID = Grid(
    _STANDARD,
    (
        Control("scale", "weight scale", SCALES, SCALES[10]),
        Control("depth", "hidden layers", tuple(range(1, DEEPEST + 1)), 4),
        Control("step", "steps of the pass", tuple(range(2 * DEEPEST + 5)), 12),
        Control("width", "units per layer", (10, 50, 100, 200), 50),
        Control("norm", "normalisation", NORMS, "none", ("none", "batch norm", "layer norm")),
    ),
    (Part("sizes", ("width", "norm", "depth", "scale"), sizes),),
    shapes,
)
