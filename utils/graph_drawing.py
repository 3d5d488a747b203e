"""Draw a computation graph: what flows forward above each arrow, what flows backward below it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import matplotlib.pyplot as plt
from matplotlib.axes import Axes

# Two colours of the course's palette (see `utils.vis_utils`), one for each direction.
FORWARD, BACKWARD = "#0072B2", "#D55E00"


@dataclass(frozen=True)
class Edge:
    """An arrow of the graph.

    Attributes
    ----------
    start, end : str
        Names of two nodes.
    forward : str
        Printed above the arrow: a value or a shape.
    backward : str
        Printed below the arrow: the gradient that comes back along it.
    bend : float
        How far the arrow bows out, as a share of its length; 0 is straight.
    """

    start: str
    end: str
    forward: str = ""
    backward: str = ""
    bend: float = 0.0


def draw_graph(
    nodes: Mapping[str, tuple[float, float]],
    edges: Sequence[Edge],
    ax: Axes | None = None,
    title: str = "",
) -> Axes:
    """Draw a computation graph.

    Parameters
    ----------
    nodes : dict of str to (x, y)
        Where each node stands; its name is printed in it, and may be LaTeX between dollar signs.
    edges : sequence of Edge
        The arrows, from an operand to the operation that uses it.
    ax : matplotlib Axes, optional
        Where to draw; a new figure, one inch per unit of x and y, by default.
    title : str, default ""
        Printed above.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ValueError
        If an edge names a node that is not there.
    """
    for edge in edges:
        for name in (edge.start, edge.end):
            if name not in nodes:
                raise ValueError(f"The edge {edge.start!r} → {edge.end!r} needs a node {name!r}: add it to nodes.")
    xs, ys = zip(*nodes.values(), strict=True)
    left, right, low, high = min(xs) - 0.6, max(xs) + 0.6, min(ys) - 0.6, max(ys) + 0.6
    if ax is None:
        size = (max(4.0, 1.1 * (right - left)), max(1.8, 1.1 * (high - low)))
        ax = plt.subplots(figsize=size, layout="constrained")[1]
    ax.set(xlim=(left, right), ylim=(low, high), title=title, aspect="equal")
    ax.set_axis_off()

    box = {"boxstyle": "round,pad=0.4", "facecolor": "#F0F0F0", "edgecolor": "#555555"}
    drawn = {name: ax.text(x, y, name, ha="center", va="center", bbox=box, zorder=3) for name, (x, y) in nodes.items()}
    for edge in edges:
        (x0, y0), (x1, y1) = nodes[edge.start], nodes[edge.end]
        ax.annotate(
            "",
            xy=(x1, y1),
            xytext=(x0, y0),
            arrowprops={
                "arrowstyle": "-|>",
                "color": "#555555",
                "connectionstyle": f"arc3,rad={-edge.bend}",
                "patchA": drawn[edge.start].get_bbox_patch(),
                "patchB": drawn[edge.end].get_bbox_patch(),
            },
        )
        # The labels run along the arrow and sit at its middle, which arc3 pulls half of `bend` lengths aside.
        mx, my = (x0 + x1) / 2 - edge.bend * (y1 - y0) / 2, (y0 + y1) / 2 + edge.bend * (x1 - x0) / 2
        angle = math.degrees(math.atan2(y1 - y0, x1 - x0))
        angle -= 180 * round(angle / 180)  # never upside down
        steep = abs(angle) > 60  # then upright beside the arrow reads better than along it
        across = math.radians(angle + 90) if not steep else 0.0
        for text, colour, distance in ((edge.forward, FORWARD, 4), (edge.backward, BACKWARD, -4)):
            ax.annotate(
                text,
                (mx, my),
                (distance * math.cos(across), distance * math.sin(across)),
                textcoords="offset points",
                color=colour,
                ha=("left" if distance > 0 else "right") if steep else "center",
                va="center" if steep else ("bottom" if distance > 0 else "top"),
                rotation=0.0 if steep else angle,
                rotation_mode="anchor",
            )
    return ax
