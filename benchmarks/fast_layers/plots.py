"""The plots of docs/fast_layers.md: on no background of their own, so that they are read on white and on black."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib
import numpy as np

matplotlib.use("Agg")
import matplotlib.pyplot as plt

GREY = "#808080"
# Orange, blue and green that people with any colour vision tell apart (M. Okabe, K. Ito, 2008), and a shape for each.
STYLES = {
    "ours": ("#D55E00", "o", "this kit"),
    "torch": ("#0072B2", "s", "PyTorch"),
    "numpy": ("#009E73", "^", "NumPy"),
}
AXES = {"N": "images N", "C": "channels C", "F": "filters F", "kernel": "height and width of the filters"}
plt.rcParams.update(
    dict.fromkeys(("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color"), GREY)
    | {"font.size": 11, "axes.spines.top": False, "axes.spines.right": False, "svg.hashsalt": "nndl"}
)


def draw(results: dict[str, Any], folder: Path) -> None:
    """Write ``fast-layers-growth.svg`` and ``fast-layers-rows.svg``."""
    _growth(results, folder / "fast-layers-growth.svg")
    _rows(results, folder / "fast-layers-rows.svg")


def _median(rounds: list[dict[str, Any]], who: str, *names: str) -> float:
    return float(np.median([sum(each[who][name] for name in names) for each in rounds]))


def _growth(results: dict[str, Any], path: Path) -> None:
    """Time of forward and backward together, against what the machine's fastest matrix product would need for it."""
    figure, panels = plt.subplots(2, 2, figsize=(10, 7.5), layout="constrained")
    for axes, (size, points) in zip(panels.flat, results["growth"].items(), strict=True):
        values = [point["value"] for point in points]
        for who, (colour, marker, label) in STYLES.items():
            if who in points[0]["rounds"][0]:
                times = [_median(point["rounds"], who, "forward", "backward") for point in points]
                axes.plot(values, times, color=colour, marker=marker, label=label)
        limit = [3 * point["flops"] / results["limit"]["float32"] / 1e6 for point in points]
        axes.plot(values, limit, color=GREY, linestyle="--", label="limit")
        axes.set(xscale="log", yscale="log", xlabel=AXES[size], ylabel="ms")
        axes.set_xticks(values, [str(value) for value in values])
        axes.minorticks_off()
    panels.flat[0].legend(frameon=False)
    figure.savefig(path, transparent=True, metadata={"Date": None})
    plt.close(figure)


def _rows(results: dict[str, Any], path: Path) -> None:
    """How many times as fast as PyTorch and as NumPy each row is."""
    others = [who for who in ("torch", "numpy") if who in results["contenders"]]
    bars = [
        (", ".join([row["name"].partition(":")[0], row["dtype"], *([name] if len(passes) > 1 else [])]), row, name)
        for row in results["rows"]
        for passes in [row["rounds"][0]["ours"]]
        for name in passes
    ]
    figure, axes = plt.subplots(figsize=(10, 0.32 * len(bars) + 1), layout="constrained")
    places = np.arange(len(bars))
    for who in others:
        colour, marker, label = STYLES[who]
        faster = [
            np.median([each[who][name] / each["ours"][name] for each in row["rounds"] if who in each] or [np.nan])
            for _, row, name in bars
        ]
        axes.plot(faster, places, color=colour, marker=marker, linestyle="", label=f"than {label}")
    axes.axvline(1, color=GREY, linestyle="--")
    axes.set_yticks(places, [label for label, _, _ in bars])
    axes.invert_yaxis()
    axes.grid(axis="y", color=GREY, alpha=0.3)
    axes.set(xscale="log", xlabel="times as fast")
    axes.xaxis.set_major_formatter("{x:g}")
    axes.legend(frameon=False)
    figure.savefig(path, transparent=True, metadata={"Date": None})
    plt.close(figure)
