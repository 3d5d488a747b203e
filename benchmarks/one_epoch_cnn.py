"""Train the courses' three-layer CNN for one epoch, and again with each thing changed that could explain its accuracy.

    NNDL_DATA=<folder with cifar-10-batches-py> OMP_NUM_THREADS=1 python -m benchmarks.one_epoch_cnn

The table goes between the markers in docs/accuracy.md. A run takes about three quarters of a minute of one processor
core, all of them about half an hour. ``--only NAME`` runs the settings whose name begins like that and writes nothing;
``--replay`` goes through CS231n's notebook with CS231n's seed instead, and draws the same weights and minibatches.
"""

from __future__ import annotations

import argparse
import io
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from utils.cifar10 import find_cifar10
from utils.data_utils import get_CIFAR10_data
from utils.solver import Solver

from .reference import reference

ThreeLayerConvNet, adam = reference("cnn").ThreeLayerConvNet, reference("optim").adam

PAGE = Path(__file__).resolve().parent.parent / "docs" / "accuracy.md"
BATCH, WATCH = 50, 20  # images in a minibatch; steps between two looks at the validation accuracy near the end
Data = dict[str, Any]


@dataclass(frozen=True)
class Setting:
    """One epoch as in the courses, unless a field says otherwise."""

    rate: float = 1e-3
    seeds: int = 3
    falling: bool = False  # the rate goes down to 0 in a straight line
    dtype: type = np.float32
    replacement: bool = True  # a minibatch is drawn from all images, and not from those that are left of the epoch
    weight_scale: float | None = 1e-3  # None: as in He et al. (2015), for pixels divided by 64
    pad: bool = True
    prepare: Callable[[Data], Data] = lambda data: data


@dataclass(frozen=True)
class Result:
    """What one run reached: accuracies from 0 to 1, and the mean loss of its last 200 minibatches."""

    val: float
    test: float
    loss: float
    watched: list[float]  # validation accuracy every WATCH steps, the last ten


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", metavar="NAME")
    parser.add_argument("--replay", action="store_true")
    asked = parser.parse_args()
    if find_cifar10() is None:
        print("Set NNDL_DATA to a folder with CIFAR-10: these are figures of the photographs.", file=sys.stderr)
        return 2
    data = get_CIFAR10_data(num_test=10_000)
    if asked.replay:
        replay(data)
        return 0
    results: dict[str, list[Result]] = {}
    for name, setting in SETTINGS.items():
        if not name.startswith(asked.only):
            continue
        prepared = setting.prepare(data)
        results[name] = []
        for seed in range(setting.seeds):
            result = train(setting, prepared, seed)
            results[name].append(result)
            print(
                f"{name}, seed {seed}: validation {result.val:.1%}, test {result.test:.1%}, loss {result.loss:.3f}, "
                f"near the end {min(result.watched):.1%} to {max(result.watched):.1%}",
                flush=True,
            )
    table = as_table(results)
    print(table)
    if not asked.only:
        text = PAGE.read_text(encoding="utf-8")
        marked = f"<!-- one epoch -->\n{table}\n<!-- /one epoch -->"
        PAGE.write_text(re.sub(r"<!-- one epoch -->.*<!-- /one epoch -->", lambda _: marked, text, flags=re.S), "utf-8")
    return 0


def train(setting: Setting, data: Data, seed: int) -> Result:
    """One epoch of Adam, in minibatches of 50."""
    np.random.seed(seed)
    net = built(setting)
    X, y = data["X_train"], data["y_train"]
    steps = len(X) // BATCH
    order = np.random.permutation(len(X))
    configs: dict[str, dict[str, Any]] = {name: {} for name in net.params}
    losses, watched = [], []
    for step in range(steps):
        now = slice(step * BATCH, (step + 1) * BATCH)
        chosen = np.random.choice(len(X), BATCH) if setting.replacement else order[now]
        loss, grads = net.loss(X[chosen], y[chosen])
        losses.append(float(loss))
        for name, w in net.params.items():
            configs[name]["learning_rate"] = setting.rate * (1 - step / steps if setting.falling else 1)
            net.params[name], configs[name] = adam(w, grads[name], configs[name])
        left = steps - 1 - step
        if left % WATCH == 0 and left < 10 * WATCH:
            watched.append(accuracy(net, data["X_val"], data["y_val"]))
    return Result(watched[-1], accuracy(net, data["X_test"], data["y_test"]), float(np.mean(losses[-200:])), watched)


def replay(data: Data) -> None:
    """CS231n's cells in their order: a hundred images by heart, and then an epoch of all."""
    np.random.seed(231)
    hundred = {**data, "X_train": data["X_train"][:100], "y_train": data["y_train"][:100]}
    cells: list[tuple[Data, dict[str, float], int]] = [
        (hundred, {"weight_scale": 1e-2}, 15),
        (data, {"weight_scale": 1e-3, "hidden_dim": 500, "reg": 1e-3}, 1),
    ]
    for images, options, epochs in cells:
        rule = {"learning_rate": 1e-3}
        solver = Solver(ThreeLayerConvNet(**options), images, "adam", rule, 1.0, BATCH, epochs, verbose=False)
        solver.train()
        print(
            f"{len(images['X_train'])} images: first loss {solver.loss_history[0]:.3f}, loss every 20 steps",
            *(f"{loss:.2f}" for loss in solver.loss_history[::20]),
        )
        for part, history in (("training", solver.train_acc_history), ("validation", solver.val_acc_history)):
            print(f"    {part} accuracy {history[0]:.1%} after the first step, {history[-1]:.1%} at the end")


def built(setting: Setting) -> Any:
    """The courses' net with 500 hidden units, initialised and padded as asked."""
    # Unpadded, filters of 7 × 7 leave 26 of 32 rows: then the affine layer is as large as for a padded image of 26.
    size = 32 if setting.pad else 26
    scale = setting.weight_scale or 1.0
    net = ThreeLayerConvNet((3, size, size), hidden_dim=500, weight_scale=scale, reg=1e-3, dtype=setting.dtype)
    if not setting.pad:
        net.conv_param["pad"] = 0
    if setting.weight_scale is None:
        for name in ("W1", "W2", "W3"):
            w = net.params[name]
            fan_in = w[0].size if w.ndim == 4 else len(w)
            w *= np.sqrt(2 / fan_in)
    return net


def accuracy(net: Any, X: np.ndarray, y: np.ndarray) -> float:
    parts = range(0, len(X), 500)
    return float(np.mean(np.concatenate([net.loss(X[i : i + 500]).argmax(axis=1) for i in parts]) == y))


def images(data: Data, change: Callable[[np.ndarray], np.ndarray]) -> Data:
    """The data with all its images changed."""
    return {name: change(value) if name.startswith("X_") else value for name, value in data.items()}


def with_mean(data: Data) -> Data:
    return images(data, lambda X: X + data["mean_image"])


def jpeg_again(data: Data) -> Data:
    """Compress each image once more, as strongly as the copy was, on a grid of blocks that is four pixels off."""

    def compressed(pixels: np.ndarray) -> np.ndarray:
        file = io.BytesIO()
        Image.fromarray(np.pad(pixels, ((4, 0), (4, 0), (0, 0)), mode="edge")).save(file, "JPEG", quality=75)
        return np.asarray(Image.open(file))[4:, 4:]

    def change(X: np.ndarray) -> np.ndarray:
        pixels = (X + data["mean_image"]).round().astype(np.uint8).transpose(0, 2, 3, 1)
        again = np.stack([compressed(image) for image in pixels]).transpose(0, 3, 1, 2)
        return again - data["mean_image"]

    return images(data, change)


def as_table(results: dict[str, list[Result]]) -> str:
    """Means and standard deviations over the seeds, as a Markdown table."""
    head = "| one epoch | runs | validation | test (10,000) | loss, last 200 steps | validation, last 200 steps |"
    rows = [head, "|---|---:|---:|---:|---:|---:|"]
    for name, runs in results.items():
        cells = [f"{mean_and_spread([getattr(run, part) for run in runs])} %" for part in ("val", "test")]
        low, high = (np.mean([end(run.watched) for run in runs]) for end in (min, max))
        loss = np.mean([run.loss for run in runs])
        rows.append(
            f"| {name} | {len(runs)} | {' | '.join(cells)} | {loss:.2f} | {100 * low:.1f} – {100 * high:.1f} % |"
        )
    return "\n".join(rows)


def mean_and_spread(values: list[float]) -> str:
    return f"{100 * np.mean(values):.1f} ± {100 * np.std(values, ddof=1):.1f}"


SETTINGS = {
    "the courses' settings: Adam at 1e-3": Setting(seeds=5),
    "the notebook's: Adam at 5e-4": Setting(rate=5e-4, seeds=5),
    "1e-3, falling to 0": Setting(falling=True),
    "1e-3, JPEG once more": Setting(prepare=jpeg_again),
    "1e-3, in float64": Setting(dtype=np.float64),
    "1e-3, each image once": Setting(replacement=False),
    "1e-3, mean image left in": Setting(prepare=with_mean),
    "1e-3, `weight_scale` 1e-2": Setting(weight_scale=1e-2),
    "1e-3, He et al.'s weights, pixels / 64": Setting(
        weight_scale=None, prepare=lambda data: images(data, lambda X: X / 64)
    ),
    "1e-3, no padding": Setting(pad=False),
}


if __name__ == "__main__":
    sys.exit(main())
