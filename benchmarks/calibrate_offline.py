"""Train the same nets on CIFAR-10 and on the offline set, and write what they reach into docs/data.md.

    NNDL_DATA=<folder with cifar-10-batches-py> python -m benchmarks.calibrate_offline

Takes about a quarter of an hour on two cores, most of it for the convolutional nets, which need PyTorch and are left
out without it. The table goes between the markers in docs/data.md, the figures to docs/images/.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np

from utils.cifar10 import find_cifar10
from utils.data_utils import get_CIFAR10_data
from utils.offline_images import OFFLINE_CLASSES, offline_pixels
from utils.solver import Solver
from utils.vis_utils import course_style

from .reference import reference

DOCS = Path(__file__).resolve().parent.parent / "docs"
SETS = {"cifar10": "CIFAR-10", "offline": "offline set"}
Data = dict[str, Any]


@dataclass
class Run:
    """What one net reached on one set: accuracies in percent, and validation accuracy over the epochs."""

    val: float
    test: float
    curve: list[float]


def two_layer(iterations: int, rate: float, reg: float) -> Callable[[Data, int], Run]:
    """The un-modular net of the two_layer_nn notebook: 50 hidden units, minibatches of 200, decay 0.95."""

    def run(data: Data, seed: int) -> Run:
        np.random.seed(seed)
        X, X_val, X_test = (data[f"X_{part}"].reshape(-1, 3072) for part in ("train", "val", "test"))
        net = reference("neural_net").TwoLayerNet(3072, 50, 10)
        stats = net.train(
            X,
            data["y_train"],
            X_val,
            data["y_val"],
            learning_rate=rate,
            learning_rate_decay=0.95,
            reg=reg,
            num_iters=iterations,
        )
        val, test = (
            np.mean(net.predict(images) == data[labels]) for images, labels in ((X_val, "y_val"), (X_test, "y_test"))
        )
        return Run(val, test, [*stats["val_acc_history"], val])

    return run


def solved(build: Callable[[], Any], epochs: int, **options: Any) -> Callable[[Data, int], Run]:
    """A modular net, trained by the solver."""

    def run(data: Data, seed: int) -> Run:
        np.random.seed(seed)
        net = build()
        solver = Solver(net, data, num_epochs=epochs, verbose=False, **options)
        solver.train()
        test = solver.check_accuracy(data["X_test"], data["y_test"])
        return Run(solver.best_val_acc, test, solver.val_acc_history)

    return run


def convolutional(layers: str, epochs: int, rate: float, batch: int, scale: float) -> Callable[[Data, int], Run]:
    """A convolutional net in PyTorch, trained by Adam with a falling learning rate."""

    def run(data: Data, seed: int) -> Run:
        from benchmarks import torch_nets

        return Run(*torch_nets.train(layers, data, epochs, rate, batch, scale, seed))

    return run


NETS: dict[str, tuple[Callable[[Data, int], Run], int]] = {  # name: how to run it, how many seeds
    "two layers, 50 units, the poor settings": (two_layer(1000, 1e-4, 0.25), 3),
    "two layers, 50 units, rate 1e-3, reg 0.25, 3000 iterations": (two_layer(3000, 1e-3, 0.25), 2),
    "two layers, 50 units, rate 1e-3, reg 0.5, 5000 iterations": (two_layer(5000, 1e-3, 0.5), 2),
    "two layers, 200 units": (
        solved(
            lambda: reference("fc_net").TwoLayerNet(hidden_dims=200, reg=0.25),
            10,
            optim_config={"learning_rate": 1e-3},
            lr_decay=0.9,
            batch_size=200,
        ),
        1,
    ),
}
TORCH_NETS: dict[str, tuple[Callable[[Data, int], Run], int]] = {
    "four layers, 256-128-64 units, batch norm and dropout": (convolutional("deep", 10, 1e-3, 100, 1 / 60), 1),
    "three-layer CNN, one epoch": (convolutional("three", 1, 1e-3, 50, 1.0), 1),
    "small CNN, batch norm, five epochs": (convolutional("small", 5, 3e-3, 100, 1 / 60), 1),
}


def main() -> int:
    if find_cifar10() is None:
        print("Set NNDL_DATA to a folder with CIFAR-10: the offline set is measured against it.", file=sys.stderr)
        return 2
    nets = dict(NETS)
    try:
        import torch  # noqa: F401  # whether it is there is all that matters
    except ImportError:
        print("PyTorch is not installed: the convolutional nets are left out.")
    else:
        nets |= TORCH_NETS
    results: dict[str, dict[str, list[Run]]] = {name: {} for name in nets}
    photographs = os.environ.get("NNDL_DATA", "")
    for key in SETS:
        os.environ["NNDL_DATA"] = "offline" if key == "offline" else photographs
        data = get_CIFAR10_data(num_test=10000)
        for name, (run, seeds) in nets.items():
            results[name][key] = [run(data, seed) for seed in range(seeds)]
            print(f"{SETS[key]}: {name}: {', '.join(f'{run.val:.1%}' for run in results[name][key])}", flush=True)
        del data
    write_table(results)
    course_style()
    draw_samples()
    draw_curves(results)
    return 0


def write_table(results: dict[str, dict[str, list[Run]]]) -> None:
    """The means over the seeds, between the markers in docs/data.md."""
    head = "| net | " + " | ".join(f"{name}, validation | test" for name in SETS.values()) + " |"
    rows = [head, "|---|" + "---:|" * (2 * len(SETS))]
    for name, runs in results.items():
        cells = [f"{np.mean([getattr(r, part) for r in runs[key]]):.1%}" for key in SETS for part in ("val", "test")]
        rows.append(f"| {name} | " + " | ".join(cells) + " |")
    page = DOCS / "data.md"
    text = page.read_text(encoding="utf-8")
    table = "<!-- calibration -->\n" + "\n".join(rows) + "\n<!-- /calibration -->"
    page.write_text(
        re.sub(r"<!-- calibration -->.*<!-- /calibration -->", lambda _: table, text, flags=re.S), encoding="utf-8"
    )


def draw_samples() -> None:
    """Twelve images of every class."""
    X, y = offline_pixels(1000)
    fig, axes = plt.subplots(10, 1, figsize=(7.4, 6.6), layout="constrained")
    for label, (name, ax) in enumerate(zip(OFFLINE_CLASSES, axes, strict=True)):
        ax.imshow(np.concatenate([*X[y == label][:12].transpose(0, 2, 3, 1)], axis=1))
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
        ax.set_ylabel(name, rotation=0, ha="right", va="center")
    fig.savefig(DOCS / "images" / "offline-samples.png")


def draw_curves(results: dict[str, dict[str, list[Run]]]) -> None:
    """Validation accuracy of the two-layer nets over the epochs, and where every net ends on the two sets."""
    fig, (curves, ends) = plt.subplots(1, 2, figsize=(11, 4.6), layout="constrained")
    for colour, name in zip(("C0", "C1"), [*results][1:3], strict=True):
        for style, key in zip(("-", ":"), SETS, strict=True):
            run = results[name][key][0]
            label = f"{SETS[key]}, {name.split(', ')[-1]}"
            curves.plot(run.curve, linestyle=style, color=colour, marker="", label=label)
    poor = next(iter(results))
    for style, key in zip(("-", ":"), SETS, strict=True):
        curves.plot(
            results[poor][key][0].curve, linestyle=style, color="C6", marker="", label=f"{SETS[key]}, poor settings"
        )
    curves.set(xlabel="epoch", ylabel="validation accuracy", title="Two layers, 50 hidden units")
    curves.legend(fontsize="small")

    names = [*results][::-1]
    for marker, key in zip(("o", "D"), SETS, strict=True):
        reached = [np.mean([run.test for run in results[name][key]]) for name in names]
        ends.plot(reached, range(len(names)), linestyle="", marker=marker, markevery=1, label=SETS[key])
    ends.set(yticks=range(len(names)), xlabel="test accuracy", title="What every net reaches")
    ends.set_yticklabels([name.replace(", ", "\n", 1) for name in names], fontsize="x-small")
    ends.legend(loc="center right")
    fig.savefig(DOCS / "images" / "calibration.png")


if __name__ == "__main__":
    mpl.use("Agg")
    sys.exit(main())
