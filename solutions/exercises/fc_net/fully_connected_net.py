"""Define how the fully connected net of any depth is judged."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from grader.recipes import Case, DrawnAnew, Equal, Initialised, Recipe, Rule, Trait, enlarged, sizes

from ._nets import GRADIENTS, OUTPUTS, USE, USE_AGAIN, another_minibatch, draw_params, loss_case, many_features

DEEP_INIT = """\
net = fc_net.FullyConnectedNet(hidden_dims, input_dim=D, num_classes=C, weight_scale=weight_scale,
                               reg=reg, dtype=np.dtype(dtype))
params = net.params
unknown_params = np.array(len(set(params) - {f"{kind}{i + 1}" for kind in "Wb" for i in range(len(hidden_dims) + 1)}))
"""
DEEP_AGAIN = f"""\
{DEEP_INIT}net = fc_net.FullyConnectedNet(hidden_dims, input_dim=D, num_classes=C, weight_scale=weight_scale, reg=reg)
again = params, net.params
"""
SEEDED_AGAIN = """\
settings = {"dropout": 0.5, "normalization": "batchnorm", "seed": seed, "dtype": np.dtype(dtype), "reg": reg}
settings |= {"input_dim": D, "num_classes": C, "weight_scale": weight_scale}
net = fc_net.FullyConnectedNet(hidden_dims, **settings)
params = net.params
net = fc_net.FullyConnectedNet(hidden_dims, **settings)
again = params, net.params
"""
NET = "fc_net.FullyConnectedNet"
DEEP_NET = "net = fc_net.FullyConnectedNet(hidden_dims, input_dim=D, num_classes=C, reg=reg, dtype=np.dtype(dtype))\n"
DEEP_NET_ALONE = (
    "net = fc_net.FullyConnectedNet.__new__(fc_net.FullyConnectedNet)\n"
    "net.reg, net.dtype, net.num_layers = reg, np.dtype(dtype), len(hidden_dims) + 1\n"
    "net.normalization, net.dropout, net.norm_params, net.dropout_params = None, 0, {}, {}\n"
)
# As in HW4, a layer has a parameter more, and what it does differs from call to call, as dropout's mask does.
SUBCLASS = """\
class Scaled(fc_net.FullyConnectedNet):
    calls = 0

    def hidden_forward(self, layer, x):
        self.calls += 1
        out, cache = super().hidden_forward(layer, x)
        return self.params[f"gamma{layer}"] * out / self.calls, (self.calls, out, cache)

    def hidden_backward(self, layer, dout, cache):
        calls, out, cache = cache
        dx, grads = super().hidden_backward(layer, self.params[f"gamma{layer}"] * dout / calls, cache)
        return dx, {**grads, f"gamma{layer}": (dout * out).sum(axis=0) / calls}

"""
TYPED: dict[str, Rule] = OUTPUTS | {"scores": Equal(dtype=True), "grads": Equal(dtype=True)}


def deep_init_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Draw nets with one hidden layer, with none and with four, in both dtypes."""
    many = sizes(rng, 7, low=20, high=60)
    for hidden, dtype, weight_scale in (
        (many[:1], "float32", 1e-3),
        ([], "float32", 1e-2),
        (many[1:5], "float64", 0.5),
    ):
        inputs: dict[str, object] = {
            "hidden_dims": hidden, "D": many[5], "C": many[6], "weight_scale": weight_scale,
            "reg": 0.3, "dtype": dtype,
        }  # fmt: skip
        settings = f"{dtype}, weight_scale {weight_scale}"
        title = f"hidden_dims={hidden}, {settings}" if hidden else "no hidden layer"
        traits = set() if hidden else {Trait.EDGE_SHAPE}
        parameters: dict[str, Rule] = {"params": Initialised(dtype=True), "unknown_params": Equal()}
        yield Case(title, DEEP_INIT, inputs, parameters, traits=traits, effects={"unknown_params"})
    aspects: dict[str, Rule] = {"params": Initialised(dtype=True), "again": DrawnAnew()}
    yield Case("two nets, each with weights of its own", DEEP_AGAIN, inputs, aspects, traits={Trait.SIDE_EFFECT})
    seeded = inputs | {"seed": int(rng.integers(1, 1000))}
    title = "two nets whose dropout has one seed, each with weights of its own"
    yield Case(title, SEEDED_AGAIN, seeded, aspects, traits={Trait.SIDE_EFFECT})


def deep_loss_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Draw nets of two to five layers, rows and images, both dtypes, with and without the L2 term."""
    n, c, *many = sizes(rng, 9, low=3, high=11)
    for title, rows, image, hidden, reg, dtype in (
        ("one hidden layer, reg 0", n, many[:1], many[1:2], 0.0, "float64"),
        ("two hidden layers, reg 0.7", n, many[:1], many[1:3], 0.7, "float64"),
        ("four hidden layers on images, reg 0.3", n, many[:2], many[2:6], 0.3, "float64"),
        ("no hidden layer", n, many[:1], [], 0.7, "float64"),
        ("float32", n, many[:2], many[2:4], 0.2, "float32"),
        ("a single example", 1, many[:1], many[1:3], 0.4, "float64"),
    ):
        d = int(np.prod(image))
        inputs: dict[str, object] = {
            "hidden_dims": hidden, "D": d, "C": c, "reg": reg, "dtype": dtype,
            "params": draw_params(rng, (d, *hidden, c), dtype),
            "X": rng.standard_normal((rows, *image)), "y": rng.integers(c, size=rows),
        }  # fmt: skip
        traits = {Trait.DTYPE} if dtype == "float32" else {Trait.EDGE_SHAPE} if rows == 1 or not hidden else set()
        aspects = TYPED if dtype == "float32" else OUTPUTS
        yield loss_case(title, DEEP_NET + USE, inputs, aspects, DEEP_NET_ALONE + USE, traits)
    d, *hidden = many[:3]
    inputs = {
        "hidden_dims": hidden, "D": d, "C": c, "reg": 0.5, "dtype": "float64", "params": draw_params(rng, (d, *hidden, c)),
        "X": rng.standard_normal((n, d)), "y": rng.integers(c, size=n),
    }  # fmt: skip
    again = inputs | another_minibatch(rng, n + 2, d, c)
    programs = DEEP_NET + USE_AGAIN, DEEP_NET_ALONE + USE_AGAIN
    yield loss_case("a second minibatch", programs[0], again, OUTPUTS, programs[1], {Trait.SIDE_EFFECT})
    params = draw_params(rng, (d, *hidden, c))
    params |= {f"gamma{layer}": rng.uniform(1, 2, units) for layer, units in enumerate(hidden, 1)}
    inputs = inputs | {"params": params}
    programs = SUBCLASS + DEEP_NET.replace(NET, "Scaled") + USE, SUBCLASS + DEEP_NET_ALONE.replace(NET, "Scaled") + USE
    title = "a subclass with hidden layers of its own, as in HW4"
    yield loss_case(title, programs[0], inputs, OUTPUTS, programs[1], {Trait.SUBCLASS})


RECIPES = (
    Recipe("fc_net.FullyConnectedNet.__init__", deep_init_cases),
    Recipe(
        "fc_net.FullyConnectedNet.loss",
        deep_loss_cases,
        large=enlarged(deep_loss_cases, "1,700 features", many_features, only=("grads",), program=DEEP_NET + GRADIENTS),
    ),
)
