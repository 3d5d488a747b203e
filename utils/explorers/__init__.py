"""Explorers: widgets that run a student's own code and show what it does while sliders move.

Each explorer is a folder with two files. `compute` holds a frozen `State` and pure functions from a state to numbers;
what takes long is a generator that yields after each short step. `view` draws those numbers and names the sliders, as a
subclass of `explorer.Explorer`. What all share is here:

- `explorer`: the widget itself; `lesson`: what a subclass writes; `layout`: how the parts stand on the page;
- `state`: a state as a short string; `presets`, `toolbar`, `compare`, `ghost`: examples, and two states at once;
- `controls`, `player`: sliders, and steps that can be played; `picture`, `grips`: what can be dragged in a picture;
- `drawing`, `svg`, `plane`, `chart`, `lines`, `ticks`: pictures as SVG, put together by hand; `numbers`, `saving`: what
  is kept of them;
- `long_work`, `jobs`, `heartbeat`: work in one background thread for all, which ends when the page is closed;
  `main_thread`, `throttle`: when widgets are touched;
- `code_in_use`, `sources`, `student`, `time_limit`: running code that may be missing, broken or endless; `code_panel`,
  `verdicts`: whether it is right;
- `challenge_panel`, `challenges`: goals to reach; `app`, `slides`: all on one page; `grids`: without Python.

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
