"""A curve that somebody draws as a prediction: its picture, and how far it is from the right one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .challenges import CurvePrediction, Scale
from .drawing import BLUE, FAINT, ORANGE, Drawing, picture_of
from .picture import Axis, handle
from .plane import Plane
from .svg import element, label, path
from .ticks import power

Array = NDArray[Any]
WIDTH, HEIGHT = 560.0, 264.0
LEFT, TOP, WIDE, TALL = 62.0, 30.0, 484.0, 196.0  # of the plane in it
STEPS = 40  # arrow keys from the bottom to the top
CLOSE = 0.1  # of the height of the picture: a curve that is no farther away on average is close
GROUP = "curve"


def first_heights(predict: CurvePrediction) -> list[float]:
    """Where the points lie before anything is drawn: in the middle."""
    low, high = _ends(predict.along)
    return [_value(predict.along, (low + high) / 2)] * len(predict.points)


def picture_to_draw(predict: CurvePrediction, heights: Sequence[float]) -> Drawing:
    """The curve as far as it is drawn, with a handle at each point."""
    plane, xs = _plane(predict), _places(predict, predict.points)
    box = element("rect", x=LEFT - 12, y=TOP - 6, width=WIDE + 24, height=TALL + 12, fill="transparent",
                  data_stroke=GROUP)  # fmt: skip
    grips = "".join(_handle(predict, index, xs[index], height) for index, height in enumerate(heights))
    said = f"drag its {len(heights)} points, draw over them, or move them with the arrow keys"
    line = path(xs, plane.y(heights), stroke=ORANGE, stroke_width=2, stroke_dasharray="6 3", id="drawn",
                style="pointer-events:none")  # fmt: skip
    hint = label(LEFT + WIDE, TOP - 8, said.capitalize(), 9, "end")
    return picture_of(WIDTH, HEIGHT, "Your curve", said, _frame(predict), hint, box, line, grips)


def picture_of_both(predict: CurvePrediction, heights: Sequence[float], xs: Sequence[float], ys: Any) -> Drawing:
    """The drawn curve and the right one, as far as that is known."""
    plane = _plane(predict)
    held = np.clip(np.nan_to_num(np.asarray(ys, dtype=float), nan=predict.along.high), predict.along.low, None)
    right = path(_places(predict, xs), plane.y(np.minimum(held, predict.along.high)), stroke=BLUE, stroke_width=2.5,
                 id="right")  # fmt: skip
    at = _places(predict, predict.points)
    drawn = path(at, plane.y(heights), stroke=ORANGE, stroke_width=2, stroke_dasharray="6 3", id="drawn")
    dots = "".join(
        element("circle", cx=float(x), cy=float(y), r=3.5, fill=ORANGE)
        for x, y in zip(at, plane.y(heights), strict=True)
    )
    legend = label(LEFT + WIDE - 116, TOP - 8, "– – yours", 9.5, "end", fill=ORANGE, font_weight="bold")
    legend += label(LEFT + WIDE, TOP - 8, "— what it is", 9.5, "end", fill=BLUE, font_weight="bold")
    said = (
        distance(predict, heights, xs, ys).said if covers(predict, xs) else "the right one is not known to its end yet"
    )
    series = [("curves", "yours", predict.points, heights), ("curves", "what it is", xs, ys)]
    return picture_of(WIDTH, HEIGHT, "Your curve and the right one", said.rstrip("."), _frame(predict), right, drawn,
                      dots, legend, series=series)  # fmt: skip


@dataclass(frozen=True)
class Distance:
    """How far a drawn curve is from the right one.

    Attributes
    ----------
    share : float
        On average over its points, as a share of the height of the picture.
    said : str
        In the units of the curve, and where it is farthest.
    """

    share: float
    said: str

    @property
    def close(self) -> bool:
        """Whether that is a good prediction."""
        return self.share <= CLOSE


def covers(predict: CurvePrediction, xs: Sequence[float]) -> bool:
    """Whether the right curve is known wherever the drawn one has a point."""
    return len(xs) > 0 and min(xs) <= min(predict.points) and max(predict.points) <= max(xs)


def distance(predict: CurvePrediction, heights: Sequence[float], xs: Sequence[float], ys: Any) -> Distance:
    """Compare a drawn curve with the right one at the points of the drawn one.

    Parameters
    ----------
    predict : CurvePrediction
    heights : sequence of float
        What was drawn at its points.
    xs, ys : sequence of float
        The right curve; what lies outside of the picture counts as its edge.
    """
    along = predict.along
    low, high = _ends(along)
    values = np.clip(np.nan_to_num(np.asarray(ys, dtype=float), nan=along.high), along.low, along.high)
    right = np.interp(
        _axis(predict.across, predict.points), _axis(predict.across, xs), _axis(along, values)
    )  # as the lines of the picture go
    off = np.abs(_axis(along, heights) - right)
    worst = int(np.argmax(off))
    share = float(off.mean() / (high - low))
    mean = f"a factor of {_said(10 ** float(off.mean()))}" if along.log else f"{_said(float(off.mean()))}"
    where = f"{predict.across.label} {_said(predict.points[worst])}"
    drawn, real = (_held(along, value) for value in (heights[worst], _value(along, float(right[worst]))))
    return Distance(
        share,
        f"On average, your curve is off by {mean}. It is farthest at {where}: you drew {drawn}, and it is {real}.",
    )


def _handle(predict: CurvePrediction, index: int, x: float, height: float) -> str:
    """A point of the curve, which moves up and down."""
    along, place = predict.along, predict.points[index]
    low, high = _ends(along)
    step = (high - low) / STEPS
    axis = Axis(height, along.low, along.high, TOP + TALL, TOP, step, log=along.log)
    knob = element("circle", r=13, fill="transparent") + element("circle", r=5, fill=ORANGE, stroke="currentColor")
    knob += element("circle", r=9, fill="none", stroke=ORANGE, stroke_width=2, opacity=0, class_="ring")
    name = f"{along.label} at {predict.across.label} {_said(place)}"
    more = f'data-stroke-group="{GROUP}"'
    return handle(f"point-{index}", name, knob, y=axis, beside=float(x), says=_said(height), more=more)


def _frame(predict: CurvePrediction) -> str:
    """Axes with names, and marks at their ticks."""
    across, along = predict.across, predict.along
    plane = _plane(predict)
    middle = TOP + TALL / 2
    parts = [
        plane.frame(""),
        label(LEFT + WIDE / 2, TOP + TALL + 28, across.label, 9.5, "middle"),
        label(14, middle, along.label, 9.5, "middle", transform=f"rotate(-90 14 {middle:g})"),
    ]
    for value, x in zip(across.ticks, _places(predict, across.ticks), strict=True):
        parts.append(element("line", x1=float(x), x2=float(x), y1=TOP + TALL, y2=TOP + TALL + 3, stroke=FAINT))
        parts.append(label(float(x), TOP + TALL + 13, _tick(across, value), 8.5, "middle"))
    for value in along.ticks:
        y = float(plane.y(value))
        parts.append(element("line", x1=LEFT, x2=LEFT + WIDE, y1=y, y2=y, stroke=FAINT, stroke_opacity=0.3))
        parts.append(label(LEFT - 6, y + 3, _tick(along, value), 8.5, "end"))
    return "".join(parts)


def _plane(predict: CurvePrediction) -> Plane:
    along = predict.along
    return Plane(LEFT, TOP, WIDE, TALL, _ends(predict.across), (along.low, along.high), log=along.log)


def _places(predict: CurvePrediction, xs: Any) -> Array:
    """Where values of x are in the picture."""
    found: Array = _plane(predict).x(_axis(predict.across, xs))
    return found


def _axis(scale: Scale, values: Any) -> Array:
    """Values as they lie on an axis: powers of ten where that is logarithmic."""
    array = np.asarray(values, dtype=float)
    return np.log10(np.maximum(array, 1e-300)) if scale.log else array


def _value(scale: Scale, place: float) -> float:
    return 10**place if scale.log else place


def _ends(scale: Scale) -> tuple[float, float]:
    low, high = _axis(scale, (scale.low, scale.high))
    return float(low), float(high)


def _said(value: float) -> str:
    """A number with two digits, as in a sentence."""
    plain = f"{value:.2g}" if abs(value) < 10 else f"{value:.0f}"
    return plain.replace("e-0", "e-").replace("e+0", "e").replace("-", "−")


def _held(scale: Scale, value: float) -> str:
    """A value of an axis; on one that is not logarithmic, 0 where nobody could see that it is not."""
    return _said(0 if not scale.log and abs(value) < (scale.high - scale.low) / 1000 else value)


def _tick(scale: Scale, value: float) -> str:
    if scale.log:
        return power(value)
    return f"{value:g}"
