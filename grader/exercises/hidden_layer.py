"""The exercises of ``nndl/fc_net.py`` in HW4: a hidden layer with normalisation and dropout.

A dropout mask may be any that was drawn rightly. So a forward pass is judged by what holds for each of them, and a
backward pass by that of the same layer without dropout, for the upstream gradient times the mask.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import numpy as np

from utils.checks.case import Case
from utils.checks.rules import Array, Dropped, Equal, Paired, Rule

from .recipe import Recipe, enlarged, sizes, wrong

NET = """\
net = fc_net.FullyConnectedNet(hidden_dims, input_dim=D, num_classes=C, dropout=p, normalization=normalization,
                               reg=reg, dtype=np.dtype(dtype), seed=seed)
"""
NET_ALONE = """\
net = fc_net.FullyConnectedNet.__new__(fc_net.FullyConnectedNet)
net.normalization, net.dropout, net.dtype = normalization, p, np.dtype(dtype)
net.reg, net.num_layers = reg, len(hidden_dims) + 1
layers = range(1, net.num_layers)
net.norm_params = {i: {"mode": "train"} for i in layers} if normalization else {}
net.dropout_params = {i: {"mode": "train", "p": p, "seed": seed + i} for i in layers} if p else {}
"""
USE = """\
net.params = params
for settings in net.norm_params.values():
    settings["eps"] = eps
for step in steps:
    net.hidden_forward(layer, step)
for settings in (*net.norm_params.values(), *net.dropout_params.values()):
    settings["mode"] = mode
out, cache = net.hidden_forward(layer, x)
"""
RUNNING = 'running_mean = net.norm_params[layer].get("running_mean")\n'
BACKWARD = "dx, grads = net.hidden_backward(layer, dout, cache)\n"
DROPPED_BACKWARD = f"""\
on = undropped > 0  # where the ReLU is off nothing comes back, dropped or not
if np.shape(out) == on.shape and 0 < np.mean(out[on] == 0) < 1:
    mask = np.where(on, out, 0) / np.where(on, undropped, 1)
{BACKWARD}\
net.dropout, net.dropout_params = 0, {{}}
_, cache = net.hidden_forward(layer, x)
same_dx, same_grads = net.hidden_backward(layer, dout * mask, cache)
dx, grads = (dx, same_dx), {{name: (grads.get(name), same_grads[name]) for name in same_grads}}
"""


def _params(rng: np.random.Generator, dims: Sequence[int], normalization: str | None, dtype: str) -> dict[str, object]:
    """Parameters of which none is at its first value."""
    params: dict[str, Array] = {}
    for layer, (fan_in, fan_out) in enumerate(itertools.pairwise(dims), 1):
        params[f"W{layer}"] = rng.standard_normal((fan_in, fan_out)) / np.sqrt(fan_in)
        params[f"b{layer}"] = rng.uniform(-0.5, 0.5, fan_out)
        if normalization and layer < len(dims) - 1:
            params[f"gamma{layer}"] = rng.uniform(0.8, 2, fan_out) * rng.choice([-1, 1], fan_out)
            params[f"beta{layer}"] = rng.uniform(0.1, 0.4, fan_out)
    return {name: value.astype(dtype) for name, value in params.items()}


def _inputs(
    rng: np.random.Generator,
    rows: int,
    dims: Sequence[int],
    normalization: str | None = None,
    p: float = 0,
    layer: int = 1,
    image: Sequence[int] = (),
    steps: int = 0,
    mode: str = "train",
    dtype: str = "float64",
) -> dict[str, object]:
    """A net with layers of these sizes, and the input of one of its hidden layers."""
    shape = tuple(image) or (dims[layer - 1],)
    return {
        "hidden_dims": list(dims[1:-1]), "D": dims[0], "C": dims[-1], "normalization": normalization, "p": p,
        "reg": 0.3, "dtype": dtype, "seed": int(rng.integers(1, 1000)), "eps": float(rng.uniform(0.2, 0.5)),
        "params": _params(rng, dims, normalization, dtype), "layer": layer, "mode": mode,
        "x": rng.standard_normal((rows, *shape)).astype(dtype),
        "steps": [rng.standard_normal((rows, *shape)).astype(dtype) for _ in range(steps)],
    }  # fmt: skip


def _undropped(inputs: dict[str, object]) -> Array:
    """What the layer gives in training before anything is dropped."""
    params, layer, x = inputs["params"], inputs["layer"], np.asarray(inputs["x"])
    assert isinstance(params, dict)
    out: Array = x.reshape(len(x), -1) @ params[f"W{layer}"] + params[f"b{layer}"]
    if inputs["normalization"]:
        axis = 0 if inputs["normalization"] == "batchnorm" else 1
        eps = float(str(inputs["eps"]))
        out = (out - out.mean(axis, keepdims=True)) / np.sqrt(out.var(axis, keepdims=True) + eps)
        out = params[f"gamma{layer}"] * out + params[f"beta{layer}"]
    return np.maximum(0, out)


def forward_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Each normalisation, dropout and both, in either mode, in the first hidden layer and in the second."""
    n, c, h, w, first, second = sizes(rng, 6, low=3)
    images = (h * w, first, second, c)
    wide = (n, *sizes(rng, 2, low=20, high=30), c)
    rows, p = int(rng.integers(31, 36)), float(rng.uniform(0.6, 0.75))
    kept: dict[str, Rule] = {"out": Equal()}
    batch = kept | {"running_mean": Equal()}
    dropped: dict[str, Rule] = {"out": Dropped(of="undropped")}

    def case(title: str, inputs: dict[str, object], aspects: dict[str, Rule]) -> Case:
        if any(isinstance(rule, Dropped) for rule in aspects.values()):
            inputs["undropped"] = _undropped(inputs)
        ending = USE + RUNNING * ("running_mean" in aspects)
        return Case(title, NET + ending, inputs, aspects, NET_ALONE + ending)

    yield case("batch normalisation", _inputs(rng, n, images, "batchnorm"), batch)
    yield case(
        "batch normalisation in the second layer, test mode after two steps",
        _inputs(rng, n, images, "batchnorm", layer=2, steps=2, mode="test"),
        batch,
    )
    yield case("layer normalisation, images", _inputs(rng, n, images, "layernorm", image=(h, w)), kept)
    yield case("layer normalisation in the second layer", _inputs(rng, n, images, "layernorm", layer=2), kept)
    yield case("dropout", _inputs(rng, rows, wide, None, p), dropped)
    yield case("dropout in test mode", _inputs(rng, n, images, None, p, image=(h, w), mode="test"), kept)
    both = batch | dropped
    yield case("batch normalisation and dropout", _inputs(rng, rows, wide, "batchnorm", p, layer=2), both)
    yield case(
        "batch normalisation and dropout, test mode after a step",
        _inputs(rng, n, images, "batchnorm", p, steps=1, mode="test"),
        batch,
    )
    yield case("layer normalisation and dropout", _inputs(rng, rows, wide, "layernorm", p), dropped)
    typed: dict[str, Rule] = {"out": Equal(dtype=True)}
    yield case("float32", _inputs(rng, n, images, "batchnorm", dtype="float32"), typed)


def backward_cases(rng: np.random.Generator) -> Iterator[Case]:
    """The same layers in training. A bias before batch normalisation has gradient 0 but for rounding."""
    n, c, h, w, first, second = sizes(rng, 6, low=3)
    images = (h * w, first, second, c)
    p = float(rng.uniform(0.4, 0.6))

    def case(title: str, inputs: dict[str, object]) -> Case:
        layer, x, params = inputs["layer"], np.asarray(inputs["x"]), inputs["params"]
        assert isinstance(params, dict)
        undropped = _undropped(inputs)
        inputs["dout"] = (0.5 + rng.standard_normal(undropped.shape)).astype(x.dtype)
        if not inputs["p"]:
            mine = [name for name in params if name.endswith(str(layer))]
            aspects: dict[str, Rule] = {"dx": Equal(), "grads": Equal(scale="dout")}
            gradients = {"dx": "x"} | {f"grads.{name}": f"params.{name}" for name in mine}
            ending, objective = USE + BACKWARD, ("out", "dout")
            return Case(title, NET + ending, inputs, aspects, NET_ALONE + ending, (), gradients, objective)
        mask = (rng.random(undropped.shape) >= p) / (1 - p)
        inputs |= {"undropped": undropped, "mask": mask}
        ending = USE + DROPPED_BACKWARD
        paired: dict[str, Rule] = {"dx": Paired(), "grads": Paired(scale="dout")}
        return Case(title, NET + ending, inputs, paired, NET_ALONE + ending)

    yield case("batch normalisation", _inputs(rng, n, images, "batchnorm"))
    yield case("batch normalisation in the second layer", _inputs(rng, n, images, "batchnorm", layer=2))
    yield case("layer normalisation, images", _inputs(rng, n, images, "layernorm", image=(h, w)))
    yield case("float32", _inputs(rng, n, images, "layernorm", layer=2, dtype="float32"))
    yield case("dropout", _inputs(rng, n + 4, images, None, p))
    yield case("dropout in the second layer", _inputs(rng, n + 4, images, None, p, layer=2))
    yield case("batch normalisation and dropout", _inputs(rng, n + 4, images, "batchnorm", p, layer=2))
    yield case("layer normalisation and dropout", _inputs(rng, n + 4, images, "layernorm", p, image=(h, w)))


def _many(rng: np.random.Generator) -> dict[str, object]:
    return _inputs(rng, 30, (3500, 16, 5), "batchnorm") | {"dout": 0.5 + rng.standard_normal((30, 16))}


_LINEAR = "out, fc_cache = affine_forward(x, W, b)"
_NORM_IF = """\
        if self.normalization:
            gamma, beta = self.params[f"gamma{layer}"], self.params[f"beta{layer}"]
            norm_param = self.norm_params[layer]
            out, norm_cache = normalization_forward(out, gamma, beta, norm_param, self.normalization)
"""
_NORM = "out, norm_cache = normalization_forward(out, gamma, beta, norm_param, self.normalization)"
_NORM_PARAM = "norm_param = self.norm_params[layer]"
_GAMMA = 'gamma, beta = self.params[f"gamma{layer}"], self.params[f"beta{layer}"]'
_RELU = "        out, relu_cache = relu_forward(out)\n"
_DROP_IF = """\
        if self.dropout:
            out, dropout_cache = dropout_forward(out, self.dropout_params[layer])
"""
_DROP = "out, dropout_cache = dropout_forward(out, self.dropout_params[layer])"

FORWARD_RECIPE = Recipe(
    "fc_net.FullyConnectedNet.hidden_forward",
    forward_cases,
    (
        wrong(
            "no-normalisation",
            "The normalisation is left out; it stands between the affine layer and the ReLU.",
            (_NORM, "pass"),
        ),
        wrong("no-dropout", "Nothing is ever dropped: the dropout layer is left out.", (_DROP, "pass")),
        wrong(
            "either-or",
            "A net with a normalisation has no dropout any more; a layer may have both.",
            (_DROP_IF, _DROP_IF.replace("if self.dropout", "if self.dropout and not self.normalization")),
        ),
        wrong(
            "dropout-forgets-normalisation",
            "A net with dropout has no normalisation any more; a layer may have both.",
            (_NORM_IF, _NORM_IF.replace("if self.normalization", "if self.normalization and not self.dropout")),
        ),
        wrong(
            "no-relu",
            "There is no ReLU in the layer: what should be 0 comes out negative; look at the last steps before dropout.",
            (_RELU, ""),
            ("cache = (fc_cache, norm_cache, relu_cache", "cache = (fc_cache, norm_cache, None"),
        ),
        wrong(
            "normalised-after-relu",
            "The normalisation comes after the ReLU; it stands before it.",
            (_NORM_IF + _RELU, _RELU + _NORM_IF),
        ),
        wrong(
            "normalised-last",
            "The normalisation comes last; it stands right behind the affine layer.",
            (_NORM_IF + _RELU + _DROP_IF, _RELU + _DROP_IF + _NORM_IF),
        ),
        wrong(
            "dropped-before-normalisation",
            "Dropout comes before the normalisation; it is the last thing in the layer.",
            (_NORM_IF + _RELU + _DROP_IF, _DROP_IF + _NORM_IF + _RELU),
        ),
        wrong(
            "input-dropped",
            "The input of the layer is dropped from; dropout works on what the ReLU gives.",
            (
                _LINEAR,
                "x = dropout_forward(x, self.dropout_params[layer])[0] if self.dropout else x\n        " + _LINEAR,
            ),
            (_DROP, "pass"),
        ),
        wrong(
            "dropped-twice",
            "The dropout layer is applied twice: too much is 0, and what is kept is scaled up too far; look for a second call.",
            (_DROP, f"{_DROP}\n            {_DROP}"),
        ),
        wrong(
            "keep-probability",
            "p is turned round before it reaches the dropout layer; both mean the probability of dropping.",
            (
                _DROP,
                _DROP.replace("self.dropout_params[layer]", "{**self.dropout_params[layer], 'p': 1 - self.dropout}"),
            ),
        ),
        wrong(
            "dropped-at-test-time",
            "Units are dropped in test mode, too; pass on the settings of the layer, mode included.",
            (_DROP, _DROP.replace("self.dropout_params[layer]", "{**self.dropout_params[layer], 'mode': 'train'}")),
        ),
        wrong(
            "scaled-again",
            "The output is scaled once more; the dropout layer has done that already.",
            (_DROP, f"{_DROP}\n            out = out / (1 - self.dropout)"),
        ),
        wrong(
            "always-batchnorm",
            "Every normalisation is batch normalisation; self.normalization says which one is meant.",
            (_NORM, _NORM.replace("self.normalization", '"batchnorm"')),
        ),
        wrong(
            "always-layernorm",
            "Every normalisation is layer normalisation; self.normalization says which one is meant.",
            (_NORM, _NORM.replace("self.normalization", '"layernorm"')),
        ),
        wrong(
            "first-layers-gamma",
            "Every layer takes gamma1 and beta1; each has its own.",
            (_GAMMA, 'gamma, beta = self.params["gamma1"], self.params["beta1"]'),
        ),
        wrong(
            "first-layers-statistics",
            "Every layer uses the settings of the first, running statistics included; each has its own.",
            (_NORM_PARAM, "norm_param = self.norm_params[1]"),
        ),
        wrong(
            "settings-copied",
            "The running statistics end up in a copy of the settings; pass on the dict itself, it remembers them.",
            (_NORM_PARAM, "norm_param = dict(self.norm_params[layer])"),
        ),
        wrong(
            "settings-replaced",
            "The layer's settings are not used; pass on the dict from self.norm_params.",
            (_NORM_PARAM, 'norm_param = {"mode": self.norm_params[layer]["mode"]}'),
        ),
        wrong(
            "always-training",
            "The normalisation is always in training mode; the mode is set in the settings already.",
            (_NORM_PARAM, f'{_NORM_PARAM}\n            norm_param["mode"] = "train"'),
        ),
        wrong(
            "gamma-and-beta-exchanged",
            "gamma and beta are handed over in the wrong order; compare with the signature of the function they go to.",
            (_NORM, _NORM.replace("gamma, beta", "beta, gamma")),
        ),
        wrong(
            "no-gamma-and-beta",
            "gamma and beta of the layer are not used; they stand in self.params under the layer's number.",
            (_NORM, _NORM.replace("gamma, beta", "1 + 0 * gamma, 0 * beta")),
        ),
        wrong(
            "no-bias",
            "b is never added; look at what the affine step is given.",
            (_LINEAR, _LINEAR.replace("W, b", "W, 0 * b")),
        ),
    ),
)

_DX = "        dx = dout\n        if self.dropout:\n            dx = dropout_backward(dx, dropout_cache)\n"
_DROP_BACK = "dx = dropout_backward(dx, dropout_cache)"
_RELU_BACK = "        dx = relu_backward(dx, relu_cache)\n"
_NORM_BACK_IF = """\
        if self.normalization:
            dx, dgamma, dbeta = normalization_backward(dx, norm_cache, self.normalization)
            grads[f"gamma{layer}"], grads[f"beta{layer}"] = dgamma, dbeta
"""
_NORM_BACK = "dx, dgamma, dbeta = normalization_backward(dx, norm_cache, self.normalization)"
_KEEP = 'grads[f"gamma{layer}"], grads[f"beta{layer}"] = dgamma, dbeta'
_LINEAR_BACK = 'dx, grads[f"W{layer}"], grads[f"b{layer}"] = affine_backward(dx, fc_cache)'

BACKWARD_RECIPE = Recipe(
    "fc_net.FullyConnectedNet.hidden_backward",
    backward_cases,
    (
        wrong(
            "past-dropout",
            "The gradient goes past the dropout layer as if nothing had been dropped; every layer of the way forwards has its part in the way back.",
            (_DROP_BACK, "pass"),
        ),
        wrong(
            "past-relu",
            "The gradient goes past the ReLU; where a unit was off, nothing should get through.",
            (_RELU_BACK, ""),
        ),
        wrong(
            "past-normalisation",
            "gamma and beta get their gradients, but the one that goes on to the affine layer skips the normalisation.",
            (_NORM_BACK, _NORM_BACK.replace("dx, dgamma", "_, dgamma")),
        ),
        wrong(
            "either-or",
            "With a normalisation the gradient goes past the dropout layer; a layer may have both.",
            (_DX, _DX.replace("if self.dropout", "if self.dropout and not self.normalization")),
        ),
        wrong(
            "dropout-undone-last",
            "The dropout layer is undone after the normalisation; going backwards, the last layer comes first.",
            (_DX, "        dx = dout\n"),
            (_NORM_BACK_IF, _NORM_BACK_IF + _DX.replace("        dx = dout\n", "")),
        ),
        wrong(
            "normalisation-before-relu",
            "The normalisation is undone before the ReLU; going backwards, the ReLU comes first.",
            (_RELU_BACK + _NORM_BACK_IF, _NORM_BACK_IF + _RELU_BACK),
        ),
        wrong(
            "dropout-undone-twice",
            "The gradient goes through the dropout layer twice, or is scaled once more behind it.",
            (_DROP_BACK, f"{_DROP_BACK}\n            {_DROP_BACK}"),
        ),
        wrong(
            "relu-of-gradient",
            "The gradient itself goes through a ReLU; what counts is whether the unit was on.",
            (_RELU_BACK, "        dx = np.maximum(0, dx)\n"),
        ),
        wrong(
            "no-gamma-and-beta",
            "gamma and beta get no gradients; they are parameters as W and b are, and the normalisation's way back yields theirs.",
            (_KEEP, "pass"),
        ),
        wrong(
            "gamma-and-beta-exchanged",
            "The gradients of gamma and beta are exchanged.",
            (_KEEP, _KEEP.replace("dgamma, dbeta", "dbeta, dgamma")),
        ),
        wrong(
            "keys-without-layer",
            "The gradients lack the layer's number in their names; they are called like the parameters.",
            (_KEEP, _KEEP.replace("{layer}", "")),
            (_LINEAR_BACK, _LINEAR_BACK.replace("{layer}", "")),
        ),
        wrong(
            "keys-of-next-layer",
            "The gradients carry the number of another layer; they are called like the parameters they belong to.",
            (_KEEP, _KEEP.replace("{layer}", "{layer + 1}")),
            (_LINEAR_BACK, _LINEAR_BACK.replace("{layer}", "{layer + 1}")),
        ),
        wrong(
            "keys-of-gradients",
            'The gradients are called "dW1", "db1", …; use the names of the parameters, "W1", "b1", ….',
            (_KEEP, _KEEP.replace('f"', 'f"d')),
            (_LINEAR_BACK, _LINEAR_BACK.replace('f"', 'f"d')),
        ),
        wrong(
            "always-batchnorm",
            "Every normalisation is undone as batch normalisation; self.normalization says which one it was.",
            (_NORM_BACK, _NORM_BACK.replace("self.normalization", '"batchnorm"')),
        ),
        wrong(
            "always-layernorm",
            "Every normalisation is undone as layer normalisation; self.normalization says which one it was.",
            (_NORM_BACK, _NORM_BACK.replace("self.normalization", '"layernorm"')),
        ),
        wrong(
            "dx-of-affine-output",
            "dx is the gradient in front of the affine layer's output; it goes through that layer, too.",
            (_LINEAR_BACK, _LINEAR_BACK.replace("dx, grads", "_, grads")),
        ),
        wrong(
            "regularised",
            "The gradient of W has the L2 part inside; loss adds it, for all layers at once.",
            (_LINEAR_BACK, f'{_LINEAR_BACK}\n        grads[f"W{{layer}}"] += self.reg * self.params[f"W{{layer}}"]'),
        ),
    ),
    large=enlarged(backward_cases, "3,500 features", _many),
)

RECIPES = (FORWARD_RECIPE, BACKWARD_RECIPE)
