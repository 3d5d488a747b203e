"""The two normalisations of ``nndl/conv_layers.py``.

Batch normalisation itself is an exercise of ``layers`` and is answered by the reference while this file is judged:
what is looked for here is what becomes of the axes.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from utils.checks.case import Case
from utils.checks.rules import Equal, Rule

from .recipe import Recipe, enlarged, sizes, wrong

FORTRAN = "x = np.asfortranarray(x)  # another memory order, the same numbers\n"

# --- batch normalisation -----------------------------------------------------------------------------------

STEP = "out, cache = conv_layers.spatial_batchnorm_forward(x, gamma, beta, bn_param)\n"
RUNNING = 'running = {"mean": bn_param.get("running_mean"), "var": bn_param.get("running_var")}\n'
SEVERAL_STEPS = f"""\
conv_layers.spatial_batchnorm_forward(first, gamma, beta, bn_param)
{STEP}bn_param["mode"] = "test"
out_test, _ = conv_layers.spatial_batchnorm_forward(unseen, gamma, beta, bn_param)
"""
TEST_MODE = STEP.replace("out", "out_test")
BATCHNORM_BACKWARD = f"{STEP}dx, dgamma, dbeta = conv_layers.spatial_batchnorm_backward(dout, cache)"


def _batchnorm_inputs(rng: np.random.Generator, shape: list[int], dtype: str = "float64") -> dict[str, object]:
    """Channels of different means and spreads; gamma and beta away from 1 and 0; eps large enough to be seen."""
    c = shape[1]
    arrays = {
        "x": _images(rng, shape),
        "gamma": rng.uniform(1.5, 3, c),
        "beta": 1 + rng.standard_normal(c),
        "dout": 0.5 + rng.standard_normal(shape),
    }
    settings = {"mode": "train", "eps": float(rng.uniform(0.1, 0.5)), "momentum": float(rng.uniform(0.6, 0.8))}
    return {name: array.astype(dtype) for name, array in arrays.items()} | {"bn_param": settings}


def _images(rng: np.random.Generator, shape: list[int]) -> np.ndarray:
    spread = rng.uniform(0.5, 2, (1, shape[1], 1, 1))
    return np.asarray(rng.standard_normal(shape) * spread + 2 * rng.standard_normal((1, shape[1], 1, 1)))


def _situations(rng: np.random.Generator) -> Iterator[tuple[str, str, list[int], str]]:
    """Titles, opening lines, shapes and dtypes that all four functions share."""
    n, c, h, w = sizes(rng, 4, high=5)
    yield f"images of shape {(n, c, h, w)}", "", [n, c, h, w], "float64"
    yield "a single image", "", [1, c, h, w], "float64"
    yield "images of a single row", "", [n, c, 1, w], "float64"
    yield "a single channel", "", [n, 1, h, w], "float64"
    yield "float32", "", [n, c, w, h], "float32"
    yield "Fortran order in memory", FORTRAN, [c, n, h, w], "float64"


def batchnorm_forward_cases(rng: np.random.Generator) -> Iterator[Case]:
    """One step of training; several and then one call in test mode; test mode alone."""

    def case(title: str, program: str, inputs: dict[str, object], *outputs: str) -> Case:
        aspects: dict[str, Rule] = {name: Equal(dtype=title == "float32") for name in outputs}
        return Case(title, program + RUNNING, inputs, {**aspects, "running": Equal()}, writable=("bn_param",))

    for title, opening, shape, dtype in _situations(rng):
        inputs = _batchnorm_inputs(rng, shape, dtype)
        del inputs["dout"]
        yield case(title, opening + STEP, inputs, "out")
    n, c, h, w, m = sizes(rng, 5, high=6)
    inputs = _batchnorm_inputs(rng, [n, c, h, w])
    inputs |= {"first": _images(rng, [m, c, w, h]), "unseen": _images(rng, [m, c, h, w])}
    del inputs["dout"]
    yield case("two steps of training, then test mode", SEVERAL_STEPS, inputs, "out", "out_test")
    inputs = _batchnorm_inputs(rng, [n, c, w, h])
    del inputs["dout"]
    known = {"mode": "test", "running_mean": rng.standard_normal(c), "running_var": rng.uniform(0.5, 2, c)}
    inputs["bn_param"] = dict(inputs["bn_param"]) | known  # type: ignore[call-overload]
    yield case("test mode with running statistics from before", TEST_MODE, inputs, "out_test")


def batchnorm_backward_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Gradients for the student's own cache."""
    aspects: dict[str, Rule] = {"dx": Equal(), "dgamma": Equal(), "dbeta": Equal()}
    for title, opening, shape, dtype in _situations(rng):
        yield Case(
            title,
            opening + BATCHNORM_BACKWARD,
            _batchnorm_inputs(rng, shape, dtype),
            aspects,
            writable=("x", "gamma", "beta", "bn_param"),
            gradients={"dx": "x", "dgamma": "gamma", "dbeta": "beta"},
            objective=("out", "dout"),
        )


_TABLE = "table = x.transpose(0, 2, 3, 1).reshape(-1, channels)"
_CALL = "table_out, cache = batchnorm_forward(table, gamma, beta, bn_param)"
_OUT = "out = table_out.reshape(n, height, width, channels).transpose(0, 3, 1, 2)"

_BACK_TABLE = "table = dout.transpose(0, 2, 3, 1).reshape(-1, channels)"
_BACK_CALL = "table_dx, dgamma, dbeta = batchnorm_backward_alt(table, cache)"
_DX = "dx = table_dx.reshape(n, height, width, channels).transpose(0, 3, 1, 2)"


def _settings(change: str, after: str = "") -> tuple[str, str]:
    """An edit: batch normalisation is called with changed settings, and what it learned is kept."""
    return (
        _CALL,
        (
            f"changed = {{**bn_param, {change}}}\n"
            f"    {_CALL.replace('bn_param', 'changed')}\n"
            f"    {after or 'learned = changed'}\n"
            '    bn_param["running_mean"], bn_param["running_var"] = learned["running_mean"], learned["running_var"]'
        ),
    )


BATCHNORM_FORWARD_RECIPE = Recipe(
    "conv_layers.spatial_batchnorm_forward",
    batchnorm_forward_cases,
    (
        wrong(
            "reshape-for-transpose",
            "The table is made by a reshape alone, so its columns mix channels and pixels and the image comes back scrambled; channels have to become the last axis first.",
            (_TABLE, "table = x.reshape(-1, channels)"),
        ),
        wrong(
            "reshape-both-ways",
            "A reshape to the table and one back restore the places, but the columns in between are not channels; channels have to become the last axis first.",
            (_TABLE, "table = x.reshape(-1, channels)"),
            (_OUT, "out = table_out.reshape(x.shape)"),
        ),
        wrong(
            "reshape-on-the-way-back",
            "The table is right, but the way back is a reshape alone and scrambles the image; undo what was done to the axes, in the opposite order.",
            (_OUT, "out = table_out.reshape(x.shape)"),
        ),
        wrong(
            "channels-stay-last",
            "The output has its channels as the last axis; it has the shape of x.",
            (_OUT, "out = table_out.reshape(n, height, width, channels)"),
        ),
        wrong(
            "height-and-width-swapped",
            "Rows and columns of the output are exchanged; follow the four axes through each transpose.",
            (_OUT, _OUT.replace("(0, 3, 1, 2)", "(0, 3, 2, 1)")),
        ),
        wrong(
            "statistics-of-each-image",
            "Every image is normalised by itself; a channel's mean and variance are taken over the examples too.",
            (
                _CALL,
                (
                    "rows = table.reshape(n, -1, channels)\n"
                    "    rows = (rows - rows.mean(axis=1, keepdims=True)) / np.sqrt(rows.var(axis=1, keepdims=True) + bn_param['eps'])\n"
                    f"    {_CALL}\n"
                    '    table_out = table_out if mode == "test" else (gamma * rows + beta).reshape(table.shape)'
                ),
            ),
        ),
        wrong(
            "statistics-of-each-pixel",
            "Every pixel is normalised by itself; a channel's mean and variance are taken over rows and columns too.",
            (
                _CALL,
                (
                    "rows = table.reshape(n, -1, channels)\n"
                    "    rows = (rows - rows.mean(axis=0)) / np.sqrt(rows.var(axis=0) + bn_param['eps'])\n"
                    f"    {_CALL}\n"
                    '    table_out = table_out if mode == "test" else (gamma * rows + beta).reshape(table.shape)'
                ),
            ),
        ),
        wrong(
            "statistics-of-all-channels",
            "All channels share one mean and one variance; each channel has its own.",
            (
                _CALL,
                (
                    "rows = (table - table.mean()) / np.sqrt(table.var() + bn_param['eps'])\n"
                    f"    {_CALL}\n"
                    '    table_out = table_out if mode == "test" else gamma * rows + beta'
                ),
            ),
        ),
        wrong(
            "test-mode-ignored",
            "Test mode normalises with the statistics of its own minibatch; it uses the running ones.",
            _settings('"mode": "train"', 'learned = changed if mode == "train" else bn_param'),
        ),
        wrong(
            "updated-in-test-mode",
            "Test mode changes the running statistics; it only reads them.",
            (
                _CALL,
                (
                    'learned = {**bn_param, "mode": "train"}\n'
                    f"    {_CALL}\n"
                    "    batchnorm_forward(table, gamma, beta, learned)\n"
                    '    bn_param["running_mean"], bn_param["running_var"] = learned["running_mean"], learned["running_var"]'
                ),
            ),
        ),
        wrong(
            "running-statistics-not-kept",
            "The running statistics are not written back to bn_param, so that test mode has nothing to go by.",
            (_CALL, _CALL.replace("bn_param", "dict(bn_param)")),
        ),
        wrong(
            "running-statistics-of-last-minibatch",
            "The running statistics are those of the last minibatch; they are an average that remembers the earlier ones.",
            _settings('"momentum": 0.0 if mode == "train" else 1.0'),
        ),
        wrong(
            "momentum-swapped",
            "The running statistics take the share momentum of the new minibatch; momentum is the share that stays.",
            _settings('"momentum": 1 - bn_param["momentum"]'),
        ),
        wrong(
            "momentum-ignored",
            "The momentum in bn_param is not used; it says how much of the old running statistics stays.",
            _settings('"momentum": 0.9'),
        ),
        wrong(
            "unbiased-running-variance",
            "The running variance is divided by one less than the number of values; divide by their number.",
            (
                _CALL,
                (
                    f"{_CALL}\n"
                    '    if mode == "train" and len(table) > 1:\n'
                    '        unbiased = (1 - bn_param["momentum"]) * table.var(axis=0) / (len(table) - 1)\n'
                    '        bn_param["running_var"] = bn_param["running_var"] + unbiased'
                ),
            ),
        ),
        wrong(
            "eps-ignored",
            "The eps in bn_param is not added to the variance; it keeps the division away from 0 where a channel is constant.",
            _settings('"eps": 0.0'),
        ),
        wrong(
            "eps-hard-coded",
            "The eps in bn_param is not used; the variance is always given 1e-5.",
            _settings('"eps": 1e-5'),
        ),
        wrong(
            "no-eps-in-test-mode",
            "In test mode eps is not added to the variance; training adds it, and both modes divide alike.",
            _settings('"eps": bn_param["eps"] if mode == "train" else 0.0'),
        ),
        wrong(
            "gamma-ignored",
            "The output is never scaled by gamma: the normalised numbers have spread 1 still, each channel should have its own.",
            (_CALL, _CALL.replace("gamma", "np.ones_like(gamma)")),
        ),
        wrong(
            "beta-ignored",
            "The output is never shifted by beta: the normalised numbers have mean 0 still, each channel should have its own.",
            (_CALL, _CALL.replace("beta", "np.zeros_like(beta)")),
        ),
        wrong(
            "gamma-and-beta-swapped",
            "The output is scaled by beta and shifted by gamma: it is the other way round.",
            (_CALL, _CALL.replace("gamma, beta", "beta, gamma")),
        ),
        wrong(
            "no-scale-and-shift-in-test-mode",
            "In test mode gamma and beta are left out; scale and shift belong to both modes.",
            (
                _CALL,
                'if mode == "test":\n        gamma, beta = np.ones_like(gamma), np.zeros_like(beta)\n    ' + _CALL,
            ),
        ),
    ),
)

_CONSTANT = "x_hat, inv_std, gamma = cache[2]\n    table_dx = "


def _table_dx(formula: str) -> tuple[str, str]:
    """An edit: another formula for the gradient of the table."""
    return _BACK_CALL, f"{_BACK_CALL}\n    {_CONSTANT}{formula}"


BATCHNORM_BACKWARD_RECIPE = Recipe(
    "conv_layers.spatial_batchnorm_backward",
    batchnorm_backward_cases,
    (
        wrong(
            "reshape-for-transpose",
            "The table is made by a reshape alone, so that its columns mix channels and pixels; channels have to become the last axis first.",
            (_BACK_TABLE, "table = dout.reshape(-1, channels)"),
        ),
        wrong(
            "reshape-both-ways",
            "A reshape to the table and one back restore the places, but the columns in between are not channels; channels have to become the last axis first.",
            (_BACK_TABLE, "table = dout.reshape(-1, channels)"),
            (_DX, "dx = table_dx.reshape(dout.shape)"),
        ),
        wrong(
            "reshape-on-the-way-back",
            "The way back from the table is a reshape alone and scrambles dx; undo what was done to the axes, in the opposite order.",
            (_DX, "dx = table_dx.reshape(dout.shape)"),
        ),
        wrong(
            "channels-stay-last",
            "dx has its channels as the last axis; it has the shape of x.",
            (_DX, "dx = table_dx.reshape(n, height, width, channels)"),
        ),
        wrong(
            "height-and-width-swapped",
            "Rows and columns of dx are exchanged; follow the four axes through each transpose.",
            (_DX, _DX.replace("(0, 3, 1, 2)", "(0, 3, 2, 1)")),
        ),
        wrong(
            "statistics-held-constant",
            "Mean and variance are treated as constants; both depend on x, and these paths belong to dx as well.",
            _table_dx("table * gamma * inv_std"),
        ),
        wrong(
            "path-through-variance-missing",
            "dx lacks the path through the variance: whoever moves one x moves the variance, and with it every number that it normalises.",
            _table_dx("gamma * inv_std * (table - dbeta / len(table))"),
        ),
        wrong(
            "path-through-mean-missing",
            "dx lacks the path through the mean: whoever moves one x moves the mean, and with it every number that it is taken from.",
            _table_dx("gamma * inv_std * (table - x_hat * dgamma / len(table))"),
        ),
        wrong(
            "divided-by-examples",
            "The paths through mean and variance are divided by N; the statistics are over N·H·W numbers.",
            _table_dx("gamma * inv_std * (table - (dbeta + x_hat * dgamma) / n)"),
        ),
        wrong(
            "gamma-forgotten",
            "dx lacks the factor gamma: the scale of the way forwards is the scale of the way back.",
            _table_dx("table_dx / gamma"),
        ),
        wrong(
            "gradients-keep-axes",
            "dgamma and dbeta have four axes; gamma and beta have shape (C,), and so have their gradients.",
            (_BACK_CALL, f"{_BACK_CALL}\n    dgamma, dbeta = dgamma.reshape(1, -1, 1, 1), dbeta.reshape(1, -1, 1, 1)"),
        ),
        wrong(
            "gradients-as-rows",
            "dgamma and dbeta have shape (1, C); gamma and beta have shape (C,), and so have their gradients.",
            (_BACK_CALL, f"{_BACK_CALL}\n    dgamma, dbeta = dgamma[np.newaxis], dbeta[np.newaxis]"),
        ),
        wrong(
            "gradients-of-each-pixel",
            "dgamma and dbeta are summed over the examples alone; all pixels of a channel share gamma and beta.",
            (
                _BACK_CALL,
                (
                    f"{_BACK_CALL}\n"
                    "    dbeta = dout.sum(axis=0)\n"
                    "    dgamma = (table * cache[2][0]).reshape(n, height, width, channels).sum(axis=0).transpose(2, 0, 1)"
                ),
            ),
        ),
        wrong(
            "gradients-are-means",
            "dgamma and dbeta are means; every number of the channel adds its share, so they are sums.",
            (_BACK_CALL, f"{_BACK_CALL}\n    dgamma, dbeta = dgamma / len(table), dbeta / len(table)"),
        ),
        wrong(
            "gradients-swapped",
            "dgamma and dbeta are exchanged: gamma scales and beta shifts; look at which is which, and in what order they are returned.",
            (_BACK_CALL, _BACK_CALL.replace("dgamma, dbeta", "dbeta, dgamma")),
        ),
        wrong(
            "dgamma-without-normalised-input",
            "dgamma is the sum of dout; gamma multiplies the normalised input, so that belongs to its gradient.",
            (_BACK_CALL, f"{_BACK_CALL}\n    dgamma = dbeta.copy()"),
        ),
    ),
    large=enlarged(batchnorm_backward_cases, "images of 31 × 32", lambda rng: _batchnorm_inputs(rng, [4, 40, 31, 32])),
)

# --- group normalisation -----------------------------------------------------------------------------------

GROUPNORM_FORWARD = "out, cache = conv_layers.spatial_groupnorm_forward(x, gamma, beta, G, gn_param)\n"
GROUPNORM_BACKWARD = f"{GROUPNORM_FORWARD}dx, dgamma, dbeta = conv_layers.spatial_groupnorm_backward(dout, cache)"


def _groupnorm_inputs(
    rng: np.random.Generator, shape: list[int], groups: int, dtype: str = "float64"
) -> dict[str, object]:
    per_channel = (1, shape[1], 1, 1)
    arrays = {
        "x": _images(rng, shape) + rng.standard_normal((shape[0], 1, 1, 1)),
        "gamma": rng.uniform(1.5, 3, per_channel),
        "beta": 1 + rng.standard_normal(per_channel),
        "dout": 0.5 + rng.standard_normal(shape),
    }
    settings = {"eps": float(rng.uniform(0.1, 0.5))}
    return {name: array.astype(dtype) for name, array in arrays.items()} | {"G": groups, "gn_param": settings}


def _groups(rng: np.random.Generator) -> Iterator[tuple[str, str, dict[str, object]]]:
    n, h, w = (int(size) for size in rng.permutation([2, 4, 5]))
    channels, groups = 6, int(rng.permutation([2, 3])[0])
    shape = [n, channels, h, w]
    yield f"images of shape {tuple(shape)} in {groups} groups", "", _groupnorm_inputs(rng, shape, groups)
    other = [n, channels, w, h]
    yield f"images of shape {tuple(other)} in {6 // groups} groups", "", _groupnorm_inputs(rng, other, 6 // groups)
    yield "a single image", "", _groupnorm_inputs(rng, [1, *shape[1:]], groups)
    yield "one group of all channels", "", _groupnorm_inputs(rng, [n, 3, h, w], 1)
    yield "each channel its own group", "", _groupnorm_inputs(rng, [n, 3, h, w], 3)
    yield "images of a single pixel", "", _groupnorm_inputs(rng, [n, channels, 1, 1], groups)
    yield "float32", "", _groupnorm_inputs(rng, shape, groups, "float32")
    yield "Fortran order in memory", FORTRAN, _groupnorm_inputs(rng, shape, groups)


def groupnorm_forward_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Every way to cut six channels into groups, one group, as many as channels."""
    for title, opening, inputs in _groups(rng):
        del inputs["dout"]
        aspects = {"out": Equal(dtype=title == "float32")}
        yield Case(title, opening + GROUPNORM_FORWARD, inputs, aspects, separate={"out": "x"})


def groupnorm_backward_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Gradients for the student's own cache."""
    aspects: dict[str, Rule] = {"dx": Equal(), "dgamma": Equal(), "dbeta": Equal()}
    for title, opening, inputs in _groups(rng):
        yield Case(
            title,
            opening + GROUPNORM_BACKWARD,
            inputs,
            aspects,
            writable=("x", "gamma", "beta", "gn_param"),
            gradients={"dx": "x", "dgamma": "gamma", "dbeta": "beta"},
            objective=("out", "dout"),
        )


_GROUPS = "groups = x.reshape(x.shape[0], G, -1)"
_CENTRED = "centred = groups - groups.mean(axis=2, keepdims=True)"
_INV_STD = "inv_std = 1 / np.sqrt((centred * centred).mean(axis=2, keepdims=True) + eps)"
_X_HAT = "x_hat = (centred * inv_std).reshape(x.shape)"
_SCALED = "out = gamma * x_hat + beta"

_DBETA = "dbeta = dout.sum(axis=(0, 2, 3), keepdims=True)"
_DGAMMA = "dgamma = (dout * x_hat).sum(axis=(0, 2, 3), keepdims=True)"
_DX_HAT = "(dout * gamma).reshape(in_groups)"
_MEAN = "through_mean = dx_hat.mean(axis=2, keepdims=True)"
_VAR = "through_var = x_hat * (dx_hat * x_hat).mean(axis=2, keepdims=True)"
_GROUP_DX = "dx = (inv_std * (dx_hat - through_mean - through_var)).reshape(dout.shape)"

GROUPNORM_FORWARD_RECIPE = Recipe(
    "conv_layers.spatial_groupnorm_forward",
    groupnorm_forward_cases,
    (
        wrong(
            "groups-ignored",
            "All channels of an image are normalised together; each of the G groups has its own statistics.",
            (_GROUPS, _GROUPS.replace("G,", "1,")),
        ),
        wrong(
            "each-channel-by-itself",
            "Each channel is normalised by itself; the C/G channels of a group share their statistics.",
            (_GROUPS, _GROUPS.replace("G,", "x.shape[1],")),
        ),
        wrong(
            "groups-and-their-size-swapped",
            "There are C/G groups of G channels; it should be G groups of C/G channels.",
            (_GROUPS, _GROUPS.replace("G,", "x.shape[1] // G,")),
        ),
        wrong(
            "every-gth-channel",
            "A group is made of every G-th channel; it should be of neighbours.",
            (
                _GROUPS,
                "groups = x.reshape(x.shape[0], x.shape[1] // G, G, -1).swapaxes(1, 2).reshape(x.shape[0], G, -1)",
            ),
            (
                _X_HAT,
                "x_hat = (centred * inv_std).reshape(x.shape[0], G, x.shape[1] // G, -1).swapaxes(1, 2).reshape(x.shape)",
            ),
        ),
        wrong(
            "statistics-over-the-minibatch",
            "Mean and variance are taken over the examples as well; in group normalisation no image sees another one.",
            (_CENTRED, _CENTRED.replace("axis=2", "axis=(0, 2)")),
            (_INV_STD, _INV_STD.replace("axis=2", "axis=(0, 2)")),
        ),
        wrong(
            "statistics-over-examples-only",
            "Mean and variance are taken over the examples; they belong to one group of one image.",
            (_CENTRED, _CENTRED.replace("axis=2", "axis=0")),
            (_INV_STD, _INV_STD.replace("axis=2", "axis=0")),
        ),
        wrong(
            "mean-not-subtracted",
            "The mean is not subtracted: before gamma and beta, the numbers of a group should have mean 0.",
            (_X_HAT, _X_HAT.replace("centred", "groups")),
        ),
        wrong(
            "divided-by-variance",
            "The centred numbers are divided by the variance; it should be its square root.",
            (_INV_STD, _INV_STD.replace("np.sqrt", "")),
        ),
        wrong(
            "not-divided",
            "The centred numbers are not divided by their standard deviation.",
            (_X_HAT, _X_HAT.replace(" * inv_std", "")),
        ),
        wrong(
            "variance-of-a-sample",
            "The variance is divided by one less than the number of entries; divide by their number.",
            (_INV_STD, "inv_std = 1 / np.sqrt(groups.var(axis=2, keepdims=True, ddof=1) + eps)"),
        ),
        wrong(
            "eps-outside-root",
            "eps is added to the standard deviation; it is added to the variance, inside the root.",
            (_INV_STD, "inv_std = 1 / (np.sqrt((centred * centred).mean(axis=2, keepdims=True)) + eps)"),
        ),
        wrong(
            "eps-forgotten",
            "eps is not added to the variance; without it a group whose numbers are equal is divided by 0.",
            (_INV_STD, _INV_STD.replace(" + eps", "")),
        ),
        wrong(
            "eps-hard-coded",
            "The eps in gn_param is not used; the variance is always given 1e-5.",
            (_INV_STD, _INV_STD.replace("+ eps", "+ 1e-5")),
        ),
        wrong(
            "gamma-ignored",
            "The output is never scaled by gamma: the normalised numbers have spread 1 still, each channel should have its own.",
            (_SCALED, "out = x_hat + beta"),
        ),
        wrong(
            "beta-ignored",
            "The output is never shifted by beta: the normalised numbers have mean 0 still, each channel should have its own.",
            (_SCALED, "out = gamma * x_hat"),
        ),
        wrong(
            "gamma-and-beta-swapped",
            "The output is scaled by beta and shifted by gamma: it is the other way round.",
            (_SCALED, "out = beta * x_hat + gamma"),
        ),
        wrong(
            "shift-before-scale",
            "beta is added before gamma is multiplied; scale first, then shift.",
            (_SCALED, "out = gamma * (x_hat + beta)"),
        ),
        wrong(
            "left-in-groups",
            "The output is flat where it should have the shape of x; look at what a reshape or ravel leaves behind.",
            (_SCALED, f"{_SCALED}\n    out = out.reshape(len(x), -1)"),
        ),
        wrong(
            "dtype-lost",
            "The output is float64 although x is float32; the output keeps the dtype of x.",
            (_SCALED, f"{_SCALED}\n    out = out.astype(np.float64)"),
        ),
    ),
)

GROUPNORM_BACKWARD_RECIPE = Recipe(
    "conv_layers.spatial_groupnorm_backward",
    groupnorm_backward_cases,
    (
        wrong(
            "statistics-held-constant",
            "Mean and variance are treated as constants; both depend on x, and these paths belong to dx as well.",
            (_GROUP_DX, _GROUP_DX.replace("(dx_hat - through_mean - through_var)", "dx_hat")),
        ),
        wrong(
            "path-through-variance-missing",
            "dx lacks the path through the variance: whoever moves one x moves the variance, and with it every number that it normalises.",
            (_GROUP_DX, _GROUP_DX.replace(" - through_var", "")),
        ),
        wrong(
            "path-through-mean-missing",
            "dx lacks the path through the mean: whoever moves one x moves the mean, and with it every number that it is taken from.",
            (_GROUP_DX, _GROUP_DX.replace(" - through_mean", "")),
        ),
        wrong(
            "sums-for-means",
            "The paths through mean and variance are sums; each is a mean over the entries of the group.",
            (_MEAN, _MEAN.replace(".mean(", ".sum(")),
            (_VAR, _VAR.replace(".mean(", ".sum(")),
        ),
        wrong(
            "means-over-the-minibatch",
            "The paths through mean and variance are taken over the examples as well; no image sees another one.",
            (_MEAN, _MEAN.replace("axis=2", "axis=(0, 2)")),
            (_VAR, _VAR.replace("axis=2", "axis=(0, 2)")),
        ),
        wrong(
            "groups-ignored",
            "The paths through mean and variance are taken over all channels of an image; each group has its own.",
            (_MEAN, _MEAN.replace("axis=2", "axis=(1, 2)")),
            (_VAR, _VAR.replace("axis=2", "axis=(1, 2)")),
        ),
        wrong(
            "gamma-forgotten",
            "dx lacks the factor gamma: the scale of the way forwards is the scale of the way back.",
            (_DX_HAT, "dout.reshape(in_groups)"),
        ),
        wrong(
            "gamma-after-the-means",
            "gamma is multiplied after the means; the channels of a group have different ones, so multiply it before.",
            (_DX_HAT, "dout.reshape(in_groups)"),
            (_GROUP_DX, f"{_GROUP_DX} * gamma"),
        ),
        wrong(
            "std-forgotten",
            "dx lacks the division by the standard deviation: the forward pass divides by it, and so does the way back.",
            (_GROUP_DX, _GROUP_DX.replace("inv_std * ", "")),
        ),
        wrong(
            "variance-path-added",
            "The path through the variance is added; it has a minus.",
            (_GROUP_DX, _GROUP_DX.replace("- through_var", "+ through_var")),
        ),
        wrong(
            "gradients-without-axes",
            "dgamma and dbeta have shape (C,); gamma and beta have shape (1, C, 1, 1), and so have their gradients.",
            (_DBETA, _DBETA.replace(", keepdims=True", "")),
            (_DGAMMA, _DGAMMA.replace(", keepdims=True", "")),
        ),
        wrong(
            "gradients-of-each-image",
            "dgamma and dbeta are summed over rows and columns alone; the examples share gamma and beta too.",
            (_DBETA, _DBETA.replace("(0, 2, 3)", "(2, 3)")),
            (_DGAMMA, _DGAMMA.replace("(0, 2, 3)", "(2, 3)")),
        ),
        wrong(
            "gradients-of-each-pixel",
            "dgamma and dbeta are summed over the examples alone; all pixels of a channel share gamma and beta.",
            (_DBETA, _DBETA.replace("(0, 2, 3)", "0")),
            (_DGAMMA, _DGAMMA.replace("(0, 2, 3)", "0")),
        ),
        wrong(
            "gradients-are-means",
            "dgamma and dbeta are means; every number of the channel adds its share, so they are sums.",
            (_DBETA, _DBETA.replace(".sum(", ".mean(")),
            (_DGAMMA, _DGAMMA.replace(".sum(", ".mean(")),
        ),
        wrong(
            "gradients-swapped",
            "dgamma and dbeta are exchanged: gamma scales and beta shifts; look at which is which, and in what order they are returned.",
            (_DGAMMA, f"{_DGAMMA}\n    dgamma, dbeta = dbeta, dgamma"),
        ),
        wrong(
            "dgamma-without-normalised-input",
            "dgamma is the sum of dout; gamma multiplies the normalised input, so that belongs to its gradient.",
            (_DGAMMA, _DGAMMA.replace("(dout * x_hat)", "dout")),
        ),
        wrong(
            "dx-left-in-groups",
            "dx is flat where it should have the shape of x; look at what a reshape or ravel leaves behind.",
            (_GROUP_DX, _GROUP_DX.replace("reshape(dout.shape)", "reshape(len(dout), -1)")),
        ),
    ),
    large=enlarged(
        groupnorm_backward_cases, "images of 31 × 32", lambda rng: _groupnorm_inputs(rng, [4, 40, 31, 32], 2)
    ),
)

RECIPES = (
    BATCHNORM_FORWARD_RECIPE,
    BATCHNORM_BACKWARD_RECIPE,
    GROUPNORM_FORWARD_RECIPE,
    GROUPNORM_BACKWARD_RECIPE,
)
