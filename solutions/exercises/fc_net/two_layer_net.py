"""Define how the two-layer net that is built from layers is judged."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from grader.recipes import Case, DrawnAnew, Equal, Initialised, Recipe, Rule, Trait, enlarged, sizes

from ._nets import GRADIENTS, OUTPUTS, USE, USE_AGAIN, another_minibatch, draw_params, loss_case, many_features

TWO_INIT = """\
net = fc_net.TwoLayerNet(input_dim=D, hidden_dims=H, num_classes=C, weight_scale=weight_scale, reg=reg)
params = net.params
unknown_params = np.array(len(set(params) - {"W1", "b1", "W2", "b2"}))
"""
TWO_AGAIN = f"""\
{TWO_INIT}net = fc_net.TwoLayerNet(input_dim=D, hidden_dims=H, num_classes=C, weight_scale=weight_scale, reg=reg)
again = params, net.params
"""
TWO_NET = "net = fc_net.TwoLayerNet(input_dim=D, hidden_dims=H, num_classes=C, reg=reg)\n"
TWO_NET_ALONE = "net = fc_net.TwoLayerNet.__new__(fc_net.TwoLayerNet)\nnet.reg = reg\n"


def two_layer_init_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Draw nets with enough weights to measure their spread."""
    d, h, c = sizes(rng, 3, low=20, high=60)
    for weight_scale in (1e-3, 0.5):
        inputs: dict[str, object] = {"D": d, "H": h, "C": c, "weight_scale": weight_scale, "reg": 0.3}
        title = f"{d} inputs, {h} hidden units, {c} classes, weight_scale {weight_scale}"
        parameters: dict[str, Rule] = {"params": Initialised(), "unknown_params": Equal()}
        yield Case(title, TWO_INIT, inputs, parameters, effects={"unknown_params"})
    aspects: dict[str, Rule] = {"params": Initialised(), "again": DrawnAnew()}
    yield Case("two nets, each with weights of its own", TWO_AGAIN, inputs, aspects, traits={Trait.SIDE_EFFECT})


def two_layer_loss_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Draw rows and images, one example, with and without the L2 term."""
    n, h, c, *shape = sizes(rng, 6, low=3, high=9)
    for title, rows, image, reg in (
        (f"X of shape {(n, shape[0])}, reg 0", n, shape[:1], 0.0),
        (f"X of shape {(n, shape[0])}, reg 0.8", n, shape[:1], 0.8),
        (f"images: X of shape {(n, *shape)}, reg 0.4", n, shape, 0.4),
        ("a single example", 1, shape[:2], 0.6),
    ):
        d = int(np.prod(image))
        scale = 30 if len(image) == 3 else 1  # activations so large that a limit would show
        inputs: dict[str, object] = {
            "D": d, "H": h, "C": c, "reg": reg, "params": draw_params(rng, (d, h, c)),
            "X": scale * rng.standard_normal((rows, *image)), "y": rng.integers(c, size=rows),
        }  # fmt: skip
        traits = {Trait.EDGE_SHAPE} if rows == 1 else set()
        yield loss_case(title, TWO_NET + USE, inputs, OUTPUTS, TWO_NET_ALONE + USE, traits)
    inputs = {
        "D": shape[0], "H": h, "C": c, "reg": 0.5, "params": draw_params(rng, (shape[0], h, c)),
        "X": rng.standard_normal((n, shape[0])), "y": rng.integers(c, size=n),
        **another_minibatch(rng, n + 2, shape[0], c),
    }  # fmt: skip
    programs = TWO_NET + USE_AGAIN, TWO_NET_ALONE + USE_AGAIN
    yield loss_case("a second minibatch", programs[0], inputs, OUTPUTS, programs[1], {Trait.SIDE_EFFECT})


RECIPES = (
    Recipe("fc_net.TwoLayerNet.__init__", two_layer_init_cases),
    Recipe(
        "fc_net.TwoLayerNet.loss",
        two_layer_loss_cases,
        large=enlarged(
            two_layer_loss_cases, "1,700 features", many_features, only=("grads",), program=TWO_NET + GRADIENTS
        ),
    ),
)
