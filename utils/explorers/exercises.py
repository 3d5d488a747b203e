"""Which exercises each explorer runs, and where in the notebooks they are."""

from __future__ import annotations

from contextlib import suppress

from ..checks.course import find
from ..checks.pack import PackError
from ..checks.places import read_places

_NET = ("fc_net.FullyConnectedNet.__init__", "fc_net.FullyConnectedNet.hidden_forward",
        "fc_net.FullyConnectedNet.hidden_backward", "fc_net.FullyConnectedNet.loss")  # fmt: skip
_AFFINE = ("layers.affine_forward", "layers.affine_backward", "layers.relu_forward", "layers.relu_backward")
_BATCHNORM = ("layers.batchnorm_forward", "layers.batchnorm_backward")
_LAYERNORM = ("layers.layernorm_forward", "layers.layernorm_backward")
_DROPOUT = ("layers.dropout_forward", "layers.dropout_backward")

EXERCISES: dict[str, tuple[str, ...]] = {
    "decision-boundary": (*_AFFINE, *_NET),
    "gradient-flow": (*_AFFINE, *_BATCHNORM, *_LAYERNORM, *_NET),
    "weight-scale": (*_AFFINE, *_BATCHNORM, *_LAYERNORM, *_NET),
    "batch-norm": (*_BATCHNORM, *_AFFINE, *_NET),
    "dropout": (*_DROPOUT, *_AFFINE, *_NET),
    "optimisers": ("optim.sgd_momentum", "optim.sgd_nesterov_momentum", "optim.adagrad", "optim.rmsprop", "optim.adam",
                   *_AFFINE, *_NET),
    "convolution": ("conv_layers.conv_forward_naive", "conv_layers.max_pool_forward_naive",
                    "conv_layers.max_pool_backward_naive"),
    "gradient-check": ("layers.relu_forward", "layers.relu_backward", *_BATCHNORM),
}  # fmt: skip
"""By the name of an explorer's states; the layers of a net before the net, as they are to be written."""


def place_of(exercise: str) -> str:
    """Where in the notebooks an exercise is, as text; ``""`` where that is not known."""
    with suppress(PackError):
        place = read_places(find().root).get(exercise)
        return str(place.section) if place else ""
    return ""
