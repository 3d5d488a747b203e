"""Explorers: widgets that run a student's own code and show what it does while sliders move.

Each explorer is a folder with two files. `compute` holds a frozen `State` and pure functions from a state to numbers;
what takes long is a generator that yields after each short step. `view` draws those numbers and wires the sliders. What
all share is here: `state` (a state as a short string), `jobs` (one background thread for all), `student` (running code
that may be missing or broken), `drawing` (figures as SVG) and `shell` (the widget itself).

The package never imports ``nndl``: an explorer is handed what it runs, ``WeightScaleExplorer(FullyConnectedNet)``.
"""

from .batch_norm.view import BatchNormExplorer
from .boundary.view import BoundaryExplorer
from .convolution.view import ConvolutionExplorer
from .dropout.view import DropoutExplorer
from .gradient.view import GradientExplorer
from .gradient_flow.view import GradientFlowExplorer
from .optimisers.view import OptimiserExplorer
from .weight_scale.view import WeightScaleExplorer

__all__ = [
    "BatchNormExplorer",
    "BoundaryExplorer",
    "ConvolutionExplorer",
    "DropoutExplorer",
    "GradientExplorer",
    "GradientFlowExplorer",
    "OptimiserExplorer",
    "WeightScaleExplorer",
]
