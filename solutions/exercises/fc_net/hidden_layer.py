"""Define how a hidden layer with normalisation and dropout is judged.

A student's dropout mask is random. So a forward pass is judged by properties that every correctly drawn mask has. A
backward pass is compared with that of the same layer without dropout, for the upstream gradient times the mask.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import numpy as np

from grader.recipes import Array, Case, Dropped, Equal, Paired, Recipe, Rule, Trait, enlarged, sizes

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
for number, settings in net.norm_params.items():
    settings["eps"] = eps if number == layer else 2 * eps
for step in steps:
    net.hidden_forward(layer, step)
for settings in (*net.norm_params.values(), *net.dropout_params.values()):
    settings["mode"] = mode
out, cache = net.hidden_forward(layer, x)
"""
# The settings of the other layers are others: their mode, and whether there is a seed. So is the dropout that the net was
# made with.
OWN_SETTINGS = """\
net.params = params
net.dropout = p / 2
for number, settings in net.norm_params.items():
    settings["eps"] = eps if number == layer else 2 * eps
for number, settings in (*net.norm_params.items(), *net.dropout_params.items()):
    settings["mode"] = "train" if number == layer else "test"
for number, settings in net.dropout_params.items():
    if (number == layer) != seeded:
        settings.pop("seed")
out, cache = net.hidden_forward(layer, x)
again, _ = net.hidden_forward(layer, x)
repeated = np.array_equal(out, again)
"""
RUNNING = 'running_mean = net.norm_params[layer].get("running_mean")\n'
BACKWARD = """\
dx, grads = net.hidden_backward(layer, dout, cache)
unknown_grads = np.array(len(set(grads) - set(params)) if isinstance(grads, dict) else 0)
"""
# As in a net, the layer above has its turn in between; neither it nor a backward pass may change what a cache says.
BACKWARD_AGAIN = f"""\
net.hidden_backward(layer + 1, *net.hidden_forward(layer + 1, out))
net.hidden_backward(layer, dout.copy(), cache)
{BACKWARD}"""
UNSEEDED = """\
for settings in net.dropout_params.values():
    settings.pop("seed")
"""
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
WITHOUT = "your own hidden_backward gives without dropout, for dout times the mask"


def _params(rng: np.random.Generator, dims: Sequence[int], normalization: str | None, dtype: str) -> dict[str, object]:
    """Draw parameters that all differ from their initial values."""
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
    """Draw a net with layers of these sizes, and the input of one of its hidden layers."""
    shape = tuple(image) or (dims[layer - 1],)
    return {
        "hidden_dims": list(dims[1:-1]), "D": dims[0], "C": dims[-1], "normalization": normalization, "p": p,
        "reg": 0.3, "dtype": dtype, "seed": int(rng.integers(1, 1000)), "eps": float(rng.uniform(0.2, 0.5)),
        "params": _params(rng, dims, normalization, dtype), "layer": layer, "mode": mode,
        "x": rng.standard_normal((rows, *shape)).astype(dtype),
        "steps": [rng.standard_normal((rows, *shape)).astype(dtype) for _ in range(steps)],
    }  # fmt: skip


def _undropped(inputs: dict[str, object]) -> Array:
    """Compute the output of the layer in training mode, before dropout."""
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
    """Draw each normalisation, dropout, and both together, in both modes, in the first and the second hidden layer."""
    n, c, h, w, first, second = sizes(rng, 6, low=3)
    images = (h * w, first, second, c)
    wide = (n, *sizes(rng, 2, low=20, high=30), c)
    rows, p = int(rng.integers(31, 36)), float(rng.uniform(0.6, 0.75))
    kept: dict[str, Rule] = {"out": Equal()}
    batch = kept | {"running_mean": Equal()}
    dropped: dict[str, Rule] = {"out": Dropped(of="undropped")}

    def case(title: str, inputs: dict[str, object], aspects: dict[str, Rule], *traits: Trait) -> Case:
        if any(isinstance(rule, Dropped) for rule in aspects.values()):
            inputs["undropped"] = _undropped(inputs)
        ending = USE + RUNNING * ("running_mean" in aspects)
        return Case(title, NET + ending, inputs, aspects, NET_ALONE + ending, traits=set(traits))

    yield case("batch normalisation", _inputs(rng, n, images, "batchnorm"), batch)
    yield case(
        "batch normalisation in the second layer, test mode after two steps",
        _inputs(rng, n, images, "batchnorm", layer=2, steps=2, mode="test"),
        batch,
        Trait.TEST_MODE,
        Trait.SEVERAL_STEPS,
    )
    yield case("layer normalisation, images", _inputs(rng, n, images, "layernorm", image=(h, w)), kept)
    yield case("layer normalisation in the second layer", _inputs(rng, n, images, "layernorm", layer=2), kept)
    yield case("dropout", _inputs(rng, rows, wide, None, p), dropped)
    tested = _inputs(rng, n, images, None, p, image=(h, w), mode="test")
    yield case("dropout in test mode", tested, kept, Trait.TEST_MODE)
    both = batch | dropped
    yield case("batch normalisation and dropout", _inputs(rng, rows, wide, "batchnorm", p, layer=2), both)
    yield case(
        "batch normalisation and dropout, test mode after a step",
        _inputs(rng, n, images, "batchnorm", p, steps=1, mode="test"),
        batch,
        Trait.TEST_MODE,
        Trait.SEVERAL_STEPS,
    )
    yield case("layer normalisation and dropout", _inputs(rng, rows, wide, "layernorm", p), dropped)
    for title, inputs, seeded in (
        (
            "dropout with a seed, which drops the same units again",
            _inputs(rng, rows, wide, "batchnorm", p, layer=2),
            True,
        ),
        ("dropout without a seed, which drops other units then", _inputs(rng, rows, wide, None, p), False),
    ):
        inputs |= {"seeded": seeded, "undropped": _undropped(inputs)}
        yield Case(
            title,
            NET + OWN_SETTINGS,
            inputs,
            dropped | {"repeated": Equal()},
            NET_ALONE + OWN_SETTINGS,
            traits={Trait.SIDE_EFFECT},
            effects={"repeated"},
        )
    typed: dict[str, Rule] = {"out": Equal(dtype=True)}
    yield case("float32", _inputs(rng, n, images, "batchnorm", dtype="float32"), typed, Trait.DTYPE)


def backward_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Draw the same layers in training. The gradient of a bias before batch normalisation is 0 up to rounding."""
    n, c, h, w, first, second = sizes(rng, 6, low=3)
    images = (h * w, first, second, c)
    # So many rows that dropout surely drops some of the units that are on, and keeps some: the mask is found by that.
    rows, p = int(rng.integers(31, 36)), float(rng.uniform(0.4, 0.6))

    def case(title: str, inputs: dict[str, object], *traits: Trait) -> Case:
        layer, x, params = inputs["layer"], np.asarray(inputs["x"]), inputs["params"]
        assert isinstance(params, dict)
        undropped = _undropped(inputs)
        inputs["dout"] = (0.5 + rng.standard_normal(undropped.shape)).astype(x.dtype)
        if not inputs["p"]:
            mine = [name for name in params if name.endswith(str(layer))]
            aspects: dict[str, Rule] = {"dx": Equal(), "grads": Equal(scale="dout"), "unknown_grads": Equal()}
            gradients = {"dx": "x"} | {f"grads.{name}": f"params.{name}" for name in mine}
            again = Trait.SIDE_EFFECT in traits
            ending, objective = USE + (BACKWARD_AGAIN if again else BACKWARD), ("out", "dout")
            return Case(
                title,
                NET + ending,
                inputs,
                aspects,
                NET_ALONE + ending,
                gradients=gradients,
                objective=objective,
                traits=set(traits),
                effects={"unknown_grads"},
            )
        mask = (rng.random(undropped.shape) >= p) / (1 - p)
        inputs |= {"undropped": undropped, "mask": mask}
        # With a seed the mask might be drawn once more; without one it has to be kept.
        ending = UNSEEDED * (layer == 1) + USE + DROPPED_BACKWARD
        paired: dict[str, Rule] = {"dx": Paired(second=WITHOUT), "grads": Paired(scale="dout", second=WITHOUT)}
        return Case(title, NET + ending, inputs, paired, NET_ALONE + ending, traits=set(traits))

    yield case("batch normalisation", _inputs(rng, n, images, "batchnorm"))
    yield case("batch normalisation in the second layer", _inputs(rng, n, images, "batchnorm", layer=2))
    yield case("layer normalisation, images", _inputs(rng, n, images, "layernorm", image=(h, w)))
    yield case("float32", _inputs(rng, n, images, "layernorm", layer=2, dtype="float32"), Trait.DTYPE)
    yield case("dropout", _inputs(rng, rows, images, None, p))
    yield case("dropout in the second layer", _inputs(rng, rows, images, None, p, layer=2))
    yield case("batch normalisation and dropout", _inputs(rng, rows, images, "batchnorm", p, layer=2))
    yield case("layer normalisation and dropout", _inputs(rng, rows, images, "layernorm", p, image=(h, w)))
    title = "a second backward pass from the same cache, after that of the layer above"
    yield case(title, _inputs(rng, n, images, "batchnorm", image=(h, w)), Trait.SIDE_EFFECT)


def _many(rng: np.random.Generator) -> dict[str, object]:
    return _inputs(rng, 20, (1600, 30, 5), "batchnorm") | {"dout": 0.5 + rng.standard_normal((20, 30))}


RECIPES = (
    Recipe("fc_net.FullyConnectedNet.hidden_forward", forward_cases),
    Recipe(
        "fc_net.FullyConnectedNet.hidden_backward",
        backward_cases,
        large=enlarged(backward_cases, "1,600 features", _many),
    ),
)
