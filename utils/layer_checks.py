"""What every layer asks of its arguments: one clear sentence each, before the arithmetic begins.

A layer that is handed a misspelt mode, a window larger than its image or another layer's cache could go on for
a while and fail far away, or return numbers that only look right. These helpers stop it where it happens. Each
takes the name of the layer that asks, so that the sentence can begin with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
MODES = ("train", "test")


def checked_mode(layer: str, name: str, settings: Mapping[str, Any]) -> str:
    """The mode of a layer that trains in one way and predicts in another.

    Parameters
    ----------
    layer : str
        Who asks: ``"batchnorm_forward"``.
    name : str
        What the settings are called there: ``"bn_param"``.
    settings : mapping
        Holds ``"mode"``.

    Returns
    -------
    str
        ``"train"`` or ``"test"``.

    Raises
    ------
    ValueError
        If it is anything else, or missing.
    """
    if "mode" not in settings:
        held = f"its keys are {', '.join(map(repr, settings))}" if settings else "it is empty"
        raise ValueError(f'{layer}: {name} has no "mode" ({held}); pass a dict in which "mode" is one of {MODES}.')
    mode = settings["mode"]
    if mode not in MODES:
        raise ValueError(f'{layer}: {name}["mode"] is {mode!r}; it must be one of {MODES}.')
    return str(mode)


def checked_probability(layer: str, name: str, value: Any) -> float:
    """A probability of dropping a unit, as a plain float; 1 would drop everything and is refused.

    Raises
    ------
    ValueError
        If it is not a number with 0 ≤ value < 1.
    """
    if not isinstance(value, int | float | np.number) or not 0 <= value < 1:
        raise ValueError(
            f"{layer}: {name} is {value!r}, not a probability; pass a number from 0 up to, not including, 1."
        )
    return float(value)


def checked_count(
    layer: str, name: str, settings: Mapping[str, Any], key: str, least: int = 1, most: int = 2**24
) -> int:
    """A whole number among a layer's settings, such as a stride.

    Raises
    ------
    ValueError
        If it is missing, not a whole number, smaller than `least` or larger than `most`. The default of `most` is far
        beyond any image, and far from where the counts of compiled loops overflow.
    """
    if key not in settings:
        raise ValueError(f'{layer}: {name} has no "{key}"; set it to a whole number, {least} or more.')
    value = settings[key]
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or not least <= value <= most:
        above = f", {most} at most" if isinstance(value, int | np.integer) and value > most else ""
        raise ValueError(f'{layer}: {name}["{key}"] is {value!r}; it must be a whole number, {least} or more{above}.')
    return int(value)


def check_axes(layer: str, name: str, array: Array, axes: str, *, empty: bool = False) -> None:
    """See that an array has the axes that its layer works on.

    Parameters
    ----------
    layer, name : str
        Who asks, and for which argument.
    array : ndarray
    axes : str
        What the axes are called: ``"N, C, H, W"``.
    empty : bool, default False
        Whether an axis may have length 0.

    Raises
    ------
    ValueError
        If the number of axes is another one, or an axis has length 0.
    """
    if array.ndim != axes.count(",") + 1 or (0 in array.shape and not empty):
        length = "" if empty else ", no axis of length 0"
        raise ValueError(f"{layer}: {name} has shape {array.shape}; pass an array of shape ({axes}){length}.")


def check_shape(layer: str, name: str, array: Array, shape: tuple[int, ...], why: str) -> None:
    """See that an array has exactly this shape; broadcasting would hide that it has not.

    Raises
    ------
    ValueError
        If it has not; `why` ends the sentence: ``"one entry per feature of x"``.
    """
    if np.shape(array) != shape:
        raise ValueError(f"{layer}: {name} has shape {np.shape(array)}; pass shape {shape}, {why}.")


def check_finite(layer: str, name: str, array: Array) -> None:
    """See that an array holds neither NaN nor infinity, which would spread to everything that follows.

    Raises
    ------
    ValueError
        If it does; the sentence says where.
    """
    finite = np.isfinite(array)
    if not finite.all():
        where = tuple(int(i) for i in np.argwhere(~finite)[0])
        raise ValueError(
            f"{layer}: {name}[{', '.join(map(str, where))}] is {array[where]}; every entry must be a finite number "
            "(while training, a smaller learning rate keeps it so)."
        )


def window_counts(
    layer: str, image: tuple[int, ...], window: tuple[int, ...], stride: int, pad: int = 0
) -> tuple[int, int]:
    """How many positions a window has on an image, down and across: 1 + ⌊(H + 2 pad − HH) / stride⌋.

    Rows and columns that are left over at the end, because another step would not fit, are ignored.

    Parameters
    ----------
    layer : str
        Who asks.
    image, window : tuple of int
        (H, W) and (HH, WW).
    stride, pad : int
        Steps between two positions; zeros around the image.

    Returns
    -------
    tuple of int
        (H', W').

    Raises
    ------
    ValueError
        If the window is larger than the padded image, or empty.
    """
    height, width = (size + 2 * pad for size in image)
    if not (1 <= window[0] <= height and 1 <= window[1] <= width):
        padded = f" padded by {pad}" if pad else ""
        fitting = f"at most {height} × {width}" if min(window) > 0 else "at least 1 × 1"
        raise ValueError(
            f"{layer}: a window of {window[0]} × {window[1]} does not fit into an image of {image[0]} × {image[1]}"
            f"{padded}; make it {fitting}."
        )
    return 1 + (height - window[0]) // stride, 1 + (width - window[1]) // stride


def label_cache(forward: str, shape: tuple[int, ...], cache: object) -> tuple[str, tuple[int, ...], object]:
    """A cache with the name of its layer and the shape of the output on it, for `open_cache` to read.

    Parameters
    ----------
    forward : str
        The layer's forward function.
    shape : tuple of int
        Shape of its output, and so of the upstream gradient.
    cache : object
        Whatever the backward pass needs.

    Returns
    -------
    tuple
        ``(forward, shape, cache)``.
    """
    return forward, shape, cache


def open_cache(backward: str, cache: Any, dout: Array) -> Any:
    """What `label_cache` wrapped, once the label fits.

    Parameters
    ----------
    backward : str
        Who asks: ``"batchnorm_backward"``.
    cache : tuple
        From the forward function of the same layer.
    dout : ndarray
        The upstream gradient.

    Returns
    -------
    object
        The cache inside.

    Raises
    ------
    ValueError
        If the cache is another layer's or comes from test mode, or `dout` has another shape than the output.
    """
    forward = _forward_of(backward)
    if not _is_labelled(cache) or cache[0] != forward:
        raise ValueError(f"{backward}: the cache is {_whose(cache)}; pass the one that {forward} returned.")
    if cache[2] is None:
        raise ValueError(f'{backward}: the cache is empty; {forward} keeps one in mode "train" only.')
    check_upstream(backward, dout, tuple(cache[1]))
    return cache[2]


def check_cache(backward: str, cache: Any, holds: str, *kinds: type) -> None:
    """See that a cache whose content the course states looks like that.

    Whoever keeps something else may: a dict is not looked at, nor are arrays and numbers behind the stated entries.

    Parameters
    ----------
    backward : str
        Who asks.
    cache : tuple
        From the forward function of the same layer.
    holds : str
        What that function keeps, in words: ``"(x, pool_param)"``.
    *kinds : type
        Of each entry; a single one is that of the cache itself.

    Raises
    ------
    ValueError
        If it is another layer's.
    """
    parts = (cache,) if len(kinds) == 1 else cache
    fits = (
        isinstance(parts, tuple | list)
        and len(parts) >= len(kinds)
        and all(map(isinstance, parts, kinds))
        and not any(isinstance(part, dict) for part in parts[len(kinds) :])  # settings: another layer's
    )
    if not fits and not isinstance(cache, dict):
        raise ValueError(
            f"{backward}: the cache is {_whose(cache)} where {holds} is expected; "
            f"pass the one that {_forward_of(backward)} returned."
        )


def check_upstream(backward: str, dout: Array, shape: tuple[int, ...]) -> None:
    """See that an upstream gradient has the shape of the output it belongs to; broadcasting would hide that it has not.

    Parameters
    ----------
    backward : str
        Who asks.
    dout : ndarray
    shape : tuple of int
        The output's.

    Raises
    ------
    ValueError
        If it has another shape.
    """
    check_shape(backward, "dout", dout, shape, f"that of the output of {_forward_of(backward)}")


def _forward_of(backward: str) -> str:
    """The forward function that a backward function belongs to."""
    return backward.removesuffix("_alt").replace("_backward", "_forward")


def _is_labelled(cache: Any) -> bool:
    return isinstance(cache, tuple) and len(cache) == 3 and isinstance(cache[0], str)


def _whose(cache: Any) -> str:
    """A cache in words."""
    if _is_labelled(cache):
        return f"the one of {cache[0]}"
    if isinstance(cache, tuple | list):
        return f"a {type(cache).__name__} of {', '.join(type(item).__name__ for item in cache) or 'nothing'}"
    return "None" if cache is None else f"a single {type(cache).__name__}"
