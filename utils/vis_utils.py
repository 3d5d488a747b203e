"""Pictures: grids of images, first-layer weights, and the course's plotting style."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

Array = NDArray[Any]

# The palette of Okabe & Ito, "Color Universal Design" (2008), which people with any kind of colour vision
# tell apart; without its yellow, which vanishes on a light background. Line style and marker say the same
# again, for a print in grey.
_COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"]
_LINES = ["-", "--", "-.", ":", "-", "--", "-."]
_MARKERS = ["o", "s", "^", "D", "v", "P", "X"]

# An opaque light card: the text is dark on light whether JupyterLab's theme is light or dark.
STYLE: dict[str, Any] = {
    "axes.prop_cycle": cycler(color=_COLOURS, linestyle=_LINES, marker=_MARKERS, markevery=[0.1] * 7),
    "figure.facecolor": "#FAFAF7",
    "savefig.facecolor": "#FAFAF7",
    "axes.facecolor": "#FFFFFF",
    "axes.edgecolor": "#555555",
    "axes.labelcolor": "#222222",
    "axes.titlecolor": "#222222",
    "text.color": "#222222",
    "xtick.color": "#222222",
    "ytick.color": "#222222",
    "axes.grid": True,
    "grid.color": "#DDDDDD",
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": "medium",
    "lines.linewidth": 1.6,
    "lines.markersize": 5,
    "legend.frameon": False,
    "figure.figsize": (8.0, 4.5),
    "figure.dpi": 110,
    "image.interpolation": "nearest",
    "image.cmap": "gray",
}


def course_style() -> None:
    """Draw every following figure in the course's style.

    The colours are told apart by people with any kind of colour vision, lines differ in dash and marker too,
    and figures bring their own light background, so that they read the same in JupyterLab's light and dark
    themes.
    """
    plt.style.use(STYLE)


def visualize_grid(Xs: Array, ubound: float = 255.0, padding: int = 1) -> Array:
    """Put images side by side into one, as near to a square as their number allows.

    Every image is stretched to its own full range on the way, so this shows patterns, not brightness.

    Parameters
    ----------
    Xs : ndarray of shape (N, H, W, C)
        Images; an image of one single value comes out black.
    ubound : float, default 255.0
        The values of the result lie in [0, ubound].
    padding : int, default 1
        Black pixels between two images.

    Returns
    -------
    ndarray of shape (rows·H + (rows−1)·padding, columns·W + (columns−1)·padding, C), float64

    Raises
    ------
    ValueError
        If ``Xs`` is not a stack of at least one image.
    """
    Xs = np.asarray(Xs, dtype=np.float64)
    if Xs.ndim != 4 or Xs.size == 0:
        raise ValueError(f"visualize_grid takes images of shape (N, H, W, C), but got {Xs.shape}.")
    low = Xs.min(axis=(1, 2, 3), keepdims=True)
    span = Xs.max(axis=(1, 2, 3), keepdims=True) - low
    return _tile(ubound * ((Xs - low) / np.where(span == 0, 1, span)), padding)


def show_net_weights(W: Array, ax: Axes | None = None, title: str = "First-layer weights") -> Axes:
    """Show what every hidden unit looks for: its weights as an image.

    Parameters
    ----------
    W : ndarray of shape (H, 3072) or (3072, H)
        First-layer weights of a net on (3, 32, 32) images. A square one is read as (H, 3072).
    ax : matplotlib Axes, optional
        Where to draw; a new figure by default.
    title : str
        Printed above.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ValueError
        If neither side of ``W`` is 3072 long.
    """
    W = np.asarray(W)
    if W.ndim != 2 or 3072 not in W.shape:
        raise ValueError(f"show_net_weights takes weights of shape (H, 3072) or (3072, H), but got {W.shape}.")
    units = W if W.shape[1] == 3072 else W.T
    images = units.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    return _image_axes(visualize_grid(images, padding=2), ax, title)


def show_images(X: Array, ax: Axes | None = None, title: str = "", mean_image: Array | float = 0.0) -> Axes:
    """Show images as they are, in a grid.

    Parameters
    ----------
    X : ndarray of shape (N, 3, 32, 32)
        Values 0..255 once ``mean_image`` is added.
    ax : matplotlib Axes, optional
        Where to draw; a new figure by default.
    title : str, default ""
        Printed above.
    mean_image : ndarray of shape (3, 32, 32), default 0
        What was subtracted, ``data["mean_image"]``.

    Returns
    -------
    matplotlib Axes
    """
    images = np.clip(np.asarray(X) + mean_image, 0, 255).transpose(0, 2, 3, 1)
    return _image_axes(_tile(images, padding=1), ax, title)


def show_confusion(
    y: Array, predicted: Array, names: Sequence[str], ax: Axes | None = None, title: str = "Confusion"
) -> Array:
    """Show which classes are taken for which.

    Parameters
    ----------
    y : ndarray of int, shape (N,)
        The true classes.
    predicted : ndarray of int, shape (N,)
        What a net took them for.
    names : sequence of str
        The names of the classes; a class is its place in it.
    ax : matplotlib Axes, optional
        Where to draw; a new figure by default.
    title : str, default "Confusion"
        Printed above.

    Returns
    -------
    ndarray of shape (C, C)
        Row by row, for each true class: the share that was taken for each class. A class without an example has a
        row of 0.
    """
    confusion = np.zeros((len(names), len(names)))
    np.add.at(confusion, (y, predicted), 1)
    confusion /= np.maximum(1, confusion.sum(axis=1, keepdims=True))
    if ax is None:
        ax = plt.subplots(figsize=(7, 6), layout="constrained")[1]
    shares = ax.imshow(confusion, cmap="cividis", vmin=0)
    ax.set_xticks(range(len(names)), names, rotation=45, ha="right")
    ax.set_yticks(range(len(names)), names)
    ax.set(xlabel="predicted", ylabel="true", title=title)
    ax.grid(visible=False)
    ax.figure.colorbar(shares, ax=ax, label="share of the true class")
    return confusion


def plot_history(
    history: Any, axes: Sequence[Axes] | None = None, label: str = "", smooth: int | None = None
) -> Sequence[Axes]:
    """Plot a training run: the loss of every iteration, and the accuracies.

    Call it again with the axes it returned, and another label, to compare runs.

    Parameters
    ----------
    history : Solver, or dict
        Has ``loss_history``, ``train_acc_history`` and ``val_acc_history``, as attributes or keys.
    axes : two matplotlib Axes, optional
        Where to draw; a new figure by default.
    label : str, default ""
        Names the run in the legend.
    smooth : int, optional
        Iterations that the bold loss line averages over; a fiftieth of the run by default.

    Returns
    -------
    sequence of two matplotlib Axes
        Loss, accuracy.

    Raises
    ------
    ValueError
        If a history is missing.
    """
    loss, train, val = (_history(history, name) for name in ("loss", "train_acc", "val_acc"))
    if axes is None:
        axes = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")[1]
    losses, accuracies = axes
    prefix = f"{label}, " if label else ""

    window = min(smooth or max(1, len(loss) // 50), len(loss))
    steps = np.arange(window, len(loss) + 1)
    (line,) = losses.plot(steps, np.convolve(loss, np.full(window, 1 / window), "valid"), label=label)
    losses.plot(loss, color=line.get_color(), alpha=0.25, linewidth=0.7, linestyle="-", marker="")
    losses.set(xlabel="iteration", ylabel="loss", title="Training loss")

    accuracies.plot(train, label=f"{prefix}training", markevery=1 if len(train) < 30 else 0.1)
    accuracies.plot(val, label=f"{prefix}validation", markevery=1 if len(val) < 30 else 0.1)
    accuracies.set(xlabel="epoch", ylabel="accuracy", title="Accuracy")
    accuracies.xaxis.set_major_locator(MaxNLocator(integer=True))
    accuracies.legend()
    if label:
        losses.legend()
    return axes


def _history(history: Any, name: str) -> Array:
    key = f"{name}_history"
    found = history.get(key) if isinstance(history, Mapping) else getattr(history, key, None)
    if found is None or len(found) == 0:
        raise ValueError(f"There is no {key} to plot: train first, then hand over the solver or its dict.")
    return np.asarray(found, dtype=np.float64)


def _tile(images: Array, padding: int) -> Array:
    """Images (N, H, W, C) in rows of equal length, with ``padding`` zeros between them."""
    number, height, width, channels = images.shape
    columns = int(np.ceil(np.sqrt(number)))
    rows = int(np.ceil(number / columns))
    cells = np.zeros((rows * columns, height + padding, width + padding, channels))
    cells[:number, :height, :width] = images
    grid = cells.reshape(rows, columns, height + padding, width + padding, channels).swapaxes(1, 2)
    grid = grid.reshape(rows * (height + padding), columns * (width + padding), channels)
    return grid[: grid.shape[0] - padding, : grid.shape[1] - padding]


def _image_axes(image: Array, ax: Axes | None, title: str) -> Axes:
    if ax is None:
        ax = plt.subplots(figsize=(7, 7), layout="constrained")[1]
    ax.imshow(np.rint(image).astype(np.uint8))
    ax.set_axis_off()
    ax.set_title(title)
    return ax
