"""The plots of docs/scale.md: on no background of their own, so that they are read on white and on black."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

if TYPE_CHECKING:
    from .cluster_simulation import Outcome

GREY = "#808080"
# Colours that people with any colour vision tell apart (M. Okabe, K. Ito, 2008), and a shape and a line for each.
STYLES = (("#D55E00", "o", "-"), ("#0072B2", "s", "--"), ("#009E73", "^", ":"))
LOOK = dict.fromkeys(("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color"), GREY) | {
    "font.size": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "svg.hashsalt": "nndl",
}


def cores(curves: Mapping[float, Sequence[Outcome]], path: Path) -> None:
    """Draw how fast a class is graded and how busy cores and parent are, against the number of cores.

    Parameters
    ----------
    curves : mapping of float to sequence of Outcome
        How many times as fast the gradebook is as was measured → outcomes, from few cores to many.
    path : Path
        Where the picture is written, as SVG.
    """
    with plt.rc_context(LOOK):
        figure, (speed, busy) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
        for (faster, outcomes), (colour, marker, line) in zip(curves.items(), STYLES, strict=False):
            label = "gradebook as measured" if faster == 1 else f"{faster:g} times as fast"
            counts = [one.cores for one in outcomes]
            rates = [one.rate for one in outcomes]
            speed.plot(counts, rates, color=colour, marker=marker, linestyle=line, label=label)
            for values, shape, what in (
                ([one.cores_busy for one in outcomes], marker, "cores"),
                ([one.parent_busy for one in outcomes], "x", "parent"),
            ):
                percent = [100 * value for value in values]
                busy.plot(counts, percent, color=colour, marker=shape, linestyle=line, label=f"{what}, {label}")
        first = next(iter(curves.values()))
        ideal = [first[0].rate * one.cores / first[0].cores for one in first]
        speed.plot(counts, ideal, color=GREY, linestyle="-.", label="if only cores mattered")
        speed.set(xscale="log", yscale="log", xlabel="cores", ylabel="submissions a minute")
        busy.set(xscale="log", xlabel="cores", ylabel="busy, %", ylim=(0, 105))
        for axes in (speed, busy):
            axes.set_xticks([one.cores for one in first][::2], [f"{one.cores:,}" for one in first][::2])
            axes.minorticks_off()
        speed.legend(frameon=False, fontsize=9)
        busy.legend(frameon=False, fontsize=9, ncols=2, loc="lower center", bbox_to_anchor=(0.45, 1.02))
        _save(figure, path)


def growth(found: Mapping[str, Any], path: Path) -> None:
    """Draw how many submissions were entered, and the parent's peak memory, against the time.

    Parameters
    ----------
    found : mapping
        What `benchmarks.scale` has found.
    path : Path
        Where the picture is written, as SVG.
    """
    first, second = found["runs"][:2]
    with plt.rc_context(LOOK):
        figure, (done, memory) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
        parts = ((first, 0.0, "until it was killed"), (second, first["seconds"], "started again"))
        for (run, before, label), (colour, marker, line) in zip(parts, STYLES, strict=False):
            looks = [one for one in run["looks"] if run is first or one["entered"] > found["kill at"]]
            minutes = [(before + one["seconds"]) / 60 for one in looks]
            entered = [one["entered"] for one in looks]
            style = {"color": colour, "marker": marker, "linestyle": line, "label": label}
            done.plot(minutes, entered, **style)
            memory.plot(entered, [one["peak"] for one in looks], **style)
        done.set(xlabel="minutes", ylabel="submissions entered", ylim=(0, None))
        top = 1.1 * max(one["peak"] for run in (first, second) for one in run["looks"])
        memory.set(xlabel="submissions entered", ylabel="parent's peak memory, MiB", ylim=(0, top))
        done.legend(frameon=False)
        _save(figure, path)


def _save(figure: Any, path: Path) -> None:
    figure.savefig(path, transparent=True, metadata={"Date": None})
    plt.close(figure)
