"""The gradient-flow explorer."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import ModuleType
from typing import Any

import numpy as np

from ..controls import choice, log_slider, slider
from ..drawing import BLUE, FAINT, ORANGE, Drawing, picture_of
from ..explorer import Explorer
from ..ghost import last_setting
from ..picture import Axis, handle
from ..plane import Plane
from ..player import Player
from ..svg import element, label, path
from ..ticks import power
from .compute import DEEPEST, NORMS, Flow, GradientFlow, Numbers, Stage, flow_of, stage_of

WIDTH, HEIGHT = 720.0, 372.0
LEFT, RIGHT = 60.0, 700.0  # between which the net stands
ROW, BOX, TALL = 96.0, 46.0, 42.0  # the middle of the boxes; their width and height
SIZES = (1e-8, 1e4)  # of the plot below


class GradientFlowExplorer(Explorer[GradientFlow]):
    """A minibatch goes forward through a net, array by array, and its gradient comes back.

    Parameters
    ----------
    net_class : type
        Your ``FullyConnectedNet``.
    layers : module
        Your ``nndl.layers``.
    state, jobs
        As of `Explorer`.
    """

    title = "Gradient flow"
    look_for = (
        "Forward, each layer hands an array to the next one; backward, a gradient of the same shape comes back along "
        "the same line, and each parameter gets one of its own shape. The thicker a line, the larger the numbers in it."
    )
    question = (
        "At which weight scale do the gradients of the first and of the last layer have about the same size, and how "
        "does that scale depend on the width? What does batch normalisation change?"
    )
    first = GradientFlow()
    same_setting = ("step",)

    def __init__(
        self, net_class: type, layers: ModuleType, state: GradientFlow | str | None = None, **options: Any
    ) -> None:
        self.net_class, self.layers = net_class, layers
        super().__init__({"net_class": net_class, "layers": layers}, state, **options)

    def controls(self) -> Mapping[str, Any]:
        """The net, the minibatch, and how far the pass has come."""
        now = self.state
        depth = slider(1, DEEPEST, now.depth, "hidden layers")
        player = Player(min(now.step, now.last), now.last, "steps of the pass", "1 a second")
        depth.observe(lambda change: player.end_at(now.but(depth=change["new"]).last), "value")
        return {
            "depth": depth,
            "width": slider(5, 200, now.width, "units per layer", step=5),
            "scale": log_slider(-4, 1, now.scale, "weight scale"),
            "batch": slider(2, 200, now.batch, "images in the minibatch"),
            "norm": choice(NORMS, now.norm, "normalisation"),
            "activation": choice(("relu", "tanh"), now.activation, "activation"),
            "seed": slider(0, 20, now.seed, "seed"),
            "step": player,
        }

    def numbers(self, state: GradientFlow) -> Flow:
        """What the picture draws."""
        return flow_of(self.net_class, self.layers, state)

    def picture(self, state: GradientFlow) -> Drawing:
        """The net as a graph of arrays with their shapes, and below how large their numbers are."""
        flow, stage = self.numbers(state), stage_of(state)
        said = sentence(flow, stage, state)
        parts = [label(LEFT - 50, 24, said, 9.5, id="sentence", class_="tells")]
        parts += [_arrow(flow, stage, array) for array in range(len(flow.outs))]
        parts += [_layer(flow, stage, layer, state) for layer in range(1, len(flow.outs))]
        parts.append(_end(flow, stage))
        parts.append(_plot(flow, stage, state))
        series = [
            ("sizes", "outputs", np.arange(stage.forward), [array.size for array in flow.outs[: stage.forward]]),
            ("sizes", "gradients", np.arange(stage.backward, len(flow.douts)),
             [array.size for array in flow.douts[stage.backward :]]),
        ]  # fmt: skip
        ghost = {"outputs": [array.size for array in flow.outs], "gradients": [array.size for array in flow.douts]}
        return picture_of(WIDTH, HEIGHT, "Gradient flow", said.rstrip("."), *parts, series=series, ghost=ghost)


def sentence(flow: Flow, stage: Stage, state: GradientFlow) -> str:
    """What happens at this step."""
    arrays = len(flow.outs)
    if stage.backward < arrays:
        array = flow.douts[stage.backward]
        if stage.backward == arrays - 1:
            return f"Backward: the gradient of the loss by the scores, {_shape(array)}, like the scores. {_size(array)}"
        layer, names = stage.backward + 1, _names(flow, stage.backward + 1)
        of = f"the output of layer {stage.backward}" if stage.backward else "the input"
        return (
            f"Backward through layer {layer}: gradients of {', '.join(names)}, and that of {of}, {_shape(array)}. "
            f"{_size(array)}"
        )
    if stage.loss:
        return f"The scores and the labels give the loss, one number: {flow.loss:.4g}."
    array = flow.outs[stage.forward - 1]
    if stage.forward == 1:
        return f"Forward: a minibatch of {array.shape[0]} images, {_shape(array)}. {_size(array)}"
    if stage.forward == arrays:
        return f"The last layer makes of them the scores of 10 classes, {_shape(array)}. {_size(array)}"
    dead = f"; {100 * array.zeros:.0f} % are exactly 0" if state.activation == "relu" else ""
    return f"Layer {stage.forward - 1} puts out {_shape(array)}. {_size(array)}{dead}"


def _end_of(array: int, arrays: int) -> tuple[float, float]:
    """Where the line of an array begins and ends: between two layers, from x to x."""
    gap = (RIGHT - LEFT) / arrays
    return LEFT + array * gap - (gap - BOX) / 2, LEFT + array * gap + (gap - BOX) / 2


def _arrow(flow: Flow, stage: Stage, array: int) -> str:
    """An array on its way forward, above, and its gradient on its way back, below."""
    arrays = len(flow.outs)
    start, end = _end_of(array, arrays)
    middle = (start + end) / 2
    name = "X" if array == 0 else "scores" if array == arrays - 1 else f"out{array}"
    there, back = array < stage.forward, array >= stage.backward
    out, dout = flow.outs[array], flow.douts[array]
    now = "forward" if array == stage.forward - 1 and not stage.loss else "backward" if array == stage.backward else ""
    parts = [label(middle, ROW - TALL / 2 - 18, name, 9, "middle", opacity=1 if there else 0.35)]
    parts.append(label(middle, ROW - TALL / 2 - 8, _shape(out), 7.5, "middle", opacity=1 if there else 0.35))
    if there:
        parts.append(_line(start, end, ROW - 8, out, BLUE, now == "forward"))
    if back:
        parts.append(_line(end, start, ROW + 8, dout, ORANGE, now == "backward"))
        parts.append(label(middle, ROW + TALL / 2 + 14, f"d{name}", 9, "middle"))
        wrong = dout.shape != out.shape
        text = _shape(dout) + (" ≠" if wrong else "")
        parts.append(label(middle, ROW + TALL / 2 + 24, text, 7.5, "middle", font_weight="bold" if wrong else None))
    says = f"{name}: {_shape(out)}, {_size(out)}" + (f"; its gradient: {_shape(dout)}, {_size(dout)}" if back else "")
    return element("g", "".join(parts), data_link=f"array-{array}", data_says=says, id=f"array-{array}")


def _line(start: float, end: float, y: float, array: Numbers, colour: str, now: bool) -> str:
    """An arrow as thick as the numbers are large."""
    thick = _thickness(array.size)
    tip = 5 if end > start else -5
    head = element("path", d=f"M{end:.1f} {y:.1f}l{-tip} {-4 - thick / 3:.1f}v{8 + thick / 1.5:.1f}Z", fill=colour)
    body = path((start, end - tip), (y, y), stroke=colour, stroke_width=thick, opacity=0.85)
    if now:
        body += path((start, end - tip), (y, y), stroke="currentColor", stroke_width=1.2, stroke_dasharray="3 5",
                     class_="flowing")  # fmt: skip
    return body + head


def _thickness(size: float) -> float:
    """1 for what is hardly there, 10 for what explodes."""
    if size == 0 or not math.isfinite(size):
        return 0.4 if size == 0 else 12
    return float(np.clip(1 + 9 * (math.log10(size) + 7) / 9, 0.6, 12))


def _layer(flow: Flow, stage: Stage, layer: int, state: GradientFlow) -> str:
    """A layer as a box, with its parameters and their gradients below."""
    arrays = len(flow.outs)
    gap = (RIGHT - LEFT) / arrays
    middle = LEFT + (layer - 0.5) * gap
    busy = (layer == stage.forward - 1 and not stage.loss) or layer == stage.backward + 1
    last = layer == arrays - 1
    norm = [] if state.norm == "none" else [f"{state.norm.removesuffix('norm')} norm"]
    what = ["affine"] if last else ["affine", *norm, {"relu": "ReLU", "tanh": "tanh"}[state.activation]]
    box = element("rect", x=middle - BOX / 2, y=ROW - TALL / 2, width=BOX, height=TALL, rx=4, stroke="currentColor",
                  stroke_width=2.5 if busy else 1, fill=FAINT, fill_opacity=0.3 if busy else 0.1)  # fmt: skip
    words = "".join(
        label(
            middle,
            ROW + 3 + 11 * (row - (len(what) - 1) / 2),
            text,
            8 if len(what) < 3 else 7.2,
            "middle",
            class_="tells",
        )
        for row, text in enumerate(what)
    )
    rows, wrong = [], False
    for row, name in enumerate(_names(flow, layer)):
        param, grad = flow.params[name], flow.grads.get(name)
        done = layer > stage.backward
        y = ROW + TALL / 2 + 44 + 20 * row
        rows.append(label(middle, y, f"{name} {_shape(param)}", 7.5, "middle"))
        if done:
            shape = "missing" if grad is None else _shape(grad)
            differs = grad is None or grad.shape != param.shape
            wrong = wrong or differs
            text = f"d{name} {shape}{' ≠' if differs else ''}"
            rows.append(label(middle, y + 9, text, 7.5, "middle", font_weight="bold" if differs else None))
    says = f"Layer {layer}: {', then '.join(what)}" + (
        "; a gradient does not have the shape of its parameter" if wrong else ""
    )
    return element("g", box + words + "".join(rows), data_link=f"layer-{layer}", data_says=says, id=f"layer-{layer}")


def _end(flow: Flow, stage: Stage) -> str:
    """The loss."""
    if not stage.loss:
        return ""
    x = RIGHT - 6
    value = label(x, ROW + 6, f"{flow.loss:.3g}", 9, "middle", font_weight="bold")
    return label(x, ROW - 6, "loss", 9, "middle") + value


def _plot(flow: Flow, stage: Stage, state: GradientFlow) -> str:
    """How large the numbers are, array by array; the mark on the left sets the scale of the weights."""
    arrays = len(flow.outs)
    plane = Plane(LEFT, 252, RIGHT - LEFT, 96, (0, arrays), SIZES, log=True)
    places = np.arange(arrays)
    floor, top = SIZES
    parts = [plane.frame("Size of the numbers (root of the mean square)", ticks=((), ()))]
    for exponent in (-8, -6, -4, -2, 0, 2, 4):
        y = float(plane.y(10.0**exponent))
        parts.append(element("line", x1=LEFT, x2=RIGHT, y1=y, y2=y, stroke=FAINT, stroke_opacity=0.3))
        if exponent % 4 == 0:
            parts.append(label(RIGHT + 2, y + 3, power(10.0**exponent), 7.5, class_="tick"))
    for name, numbers, shown, colour, mark in (
        ("outputs", flow.outs, places < stage.forward, BLUE, "circle"),
        ("gradients", flow.douts, places >= stage.backward, ORANGE, "square"),
    ):
        sizes = np.clip([array.size for array in numbers], floor, top)
        x, y = plane.x(places[shown]), plane.y(sizes[shown])
        old = np.clip((last_setting() or {}).get(name, ()), floor, top)[:arrays]
        seen = shown[: len(old)]  # no further than the present pass has come
        look = {"stroke": colour, "stroke_width": 1.2, "stroke_dasharray": "4 3", "opacity": 0.65}
        parts.append(path(plane.x(places[: len(old)][seen]), plane.y(old[seen]), id=f"ghost-sizes-{name}", **look))
        parts.append(path(x, y, stroke=colour, stroke_width=1.5, id=f"sizes-{name}"))
        for array, (here, there) in zip(places[shown], np.column_stack([x, y]), strict=True):
            shape = (
                element("circle", cx=float(here), cy=float(there), r=4, fill=colour) if mark == "circle"
                else element("rect", x=float(here) - 3.5, y=float(there) - 3.5, width=7, height=7, fill=colour)
            )  # fmt: skip
            parts.append(element("g", shape, data_link=f"array-{array}"))
    parts.append(label(LEFT, plane.top + plane.height + 16, "● outputs, forward", 8.5, fill=BLUE))
    parts.append(label(LEFT + 110, plane.top + plane.height + 16, "■ gradients, backward", 8.5, fill=ORANGE))
    axis = Axis(state.scale, 1e-4, 10, plane.top + plane.height, plane.top, 0.1, log=True)
    track = element("line", x1=26, x2=26, y1=plane.top, y2=plane.top + plane.height, stroke=FAINT, stroke_width=3,
                    class_="tells")  # fmt: skip
    knob = element("circle", r=7, fill=FAINT, stroke="currentColor") + element(
        "circle", r=10, fill="none", stroke=ORANGE, stroke_width=2, opacity=0, class_="ring"
    )
    parts.append(track + handle("scale", "weight scale", knob, y=axis, beside=26, more='class="tells"'))
    for y, text in ((plane.top - 6, "scale"), (plane.top + plane.height + 16, f"{state.scale:.2g}")):
        parts.append(label(26, y, text, 8.5, "middle", class_="tells"))
    return "".join(parts)


def _names(flow: Flow, layer: int) -> list[str]:
    """The parameters of a layer."""
    return [f"{kind}{layer}" for kind in ("W", "b", "gamma", "beta") if f"{kind}{layer}" in flow.params]


def _shape(array: Numbers) -> str:
    return f"({', '.join(map(str, array.shape))}{',' if len(array.shape) == 1 else ''})"


def _size(array: Numbers) -> str:
    return f"Size {array.size:.1e}".replace("e-0", "e-").replace("e+0", "e+").replace("-", "−")
