"""Define how the three-layer convolutional net is judged."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from grader.recipes import Case, DrawnAnew, Equal, Initialised, Recipe, Rule, Trait, enlarged, sizes

INIT = """\
net = cnn.ThreeLayerConvNet(input_dim=input_dim, num_filters=F, filter_size=filter_size, hidden_dim=M, num_classes=K,
                            weight_scale=weight_scale, reg=reg, dtype=np.dtype(dtype), use_batchnorm=use_batchnorm)
params = net.params
unknown_params = np.array(len(set(params) - set(known_params)))
"""
AGAIN = f"""\
{INIT}{INIT.replace("params = net.params", "again = params, net.params")}"""
NET = """\
net = cnn.ThreeLayerConvNet(input_dim=input_dim, num_filters=F, filter_size=filter_size, hidden_dim=M, num_classes=K,
                            reg=reg, dtype=np.dtype(dtype), use_batchnorm=use_batchnorm)
"""
NET_ALONE = """\
net = cnn.ThreeLayerConvNet.__new__(cnn.ThreeLayerConvNet)
net.reg, net.dtype, net.use_batchnorm, net.bn_params = reg, np.dtype(dtype), use_batchnorm, {}
net.conv_param = {"stride": 1, "pad": (filter_size - 1) // 2}
net.pool_param = {"pool_height": 2, "pool_width": 2, "stride": 2}
"""
# An entry that belongs to no parameter is counted; one that is missing shows in grads.
UNKNOWN = "unknown_grads = np.array(len(set(grads) - set(params)) if isinstance(grads, dict) else 0)\n"
GRADIENTS = "net.params = params\nloss, grads = net.loss(X, y)\n"
PLAIN = f"""\
net.params = params
scores = net.loss(X)
loss, grads = net.loss(X, y)
{UNKNOWN}"""
AFTER_OTHERS = f"""\
net.params = {{name: 2 * value for name, value in params.items()}}
net.loss(X)  # of which nothing should be left
net.loss(X, y)
{PLAIN}"""
NORMALISED = f"""\
net.params = {{name: 2 * value for name, value in params.items()}}
net.bn_params = {{1: dict(bn_param), 2: dict(other_bn_param)}}
net.loss(earlier, y)  # of which nothing should be left but the running statistics
net.params = params
loss, grads = net.loss(X, y)
scores = net.loss(earlier)  # in test mode
{UNKNOWN}"""


def init_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Draw odd and even image sizes, never square; filters of 3 and 5; both dtypes; with and without batch norm."""
    for channels, image, filter_size, dtype, weight_scale, use_batchnorm in (
        (3, (4, 6), 5, "float32", 1e-3, False),
        (2, (7, 5), 3, "float64", 0.5, False),
        (4, (5, 7), 3, "float32", 0.02, True),
    ):
        f, m, k = sizes(rng, 3, low=9, high=14)
        inputs: dict[str, object] = {
            "input_dim": (channels, *image), "F": f, "filter_size": filter_size, "M": m, "K": k,
            "weight_scale": weight_scale, "reg": 0.3, "dtype": dtype, "use_batchnorm": use_batchnorm,
        }  # fmt: skip
        norm = ", with batch norm" if use_batchnorm else ""
        title = f"images of {image[0]} × {image[1]}, filters of {filter_size}, {dtype}{norm}"
        kinds = (("Wb", 3), (("gamma", "beta"), 2 * use_batchnorm))
        inputs["known_params"] = [f"{kind}{i + 1}" for names, count in kinds for kind in names for i in range(count)]
        parameters: dict[str, Rule] = {"params": Initialised(dtype=True), "unknown_params": Equal()}
        yield Case(title, INIT, inputs, parameters, effects={"unknown_params"})
    aspects: dict[str, Rule] = {"params": Initialised(dtype=True), "again": DrawnAnew()}
    yield Case("two nets, each with weights of its own", AGAIN, inputs, aspects, traits={Trait.SIDE_EFFECT})


def _inputs(
    rng: np.random.Generator,
    n: int,
    image: tuple[int, int, int],
    filter_size: int,
    reg: float,
    dtype: str,
    norm: bool,
    counts: tuple[int, int, int] | None = None,
) -> dict[str, object]:
    """Draw images, weights that keep activations near 1, and biases that are not 0."""
    f, m, k = counts or tuple(sizes(rng, 3, low=3, high=6))
    c, h, w = image
    pooled = f * (h // 2) * (w // 2)
    arrays = {
        "W1": rng.standard_normal((f, c, filter_size, filter_size)) / np.sqrt(c * filter_size**2),
        "b1": 0.5 * rng.standard_normal(f),
        "W2": rng.standard_normal((pooled, m)) / np.sqrt(pooled),
        "b2": 0.5 * rng.standard_normal(m),
        "W3": rng.standard_normal((m, k)) / np.sqrt(m),
        "b3": 0.5 * rng.standard_normal(k),
    }
    inputs: dict[str, object] = {
        "input_dim": image, "F": f, "filter_size": filter_size, "M": m, "K": k,
        "reg": reg, "dtype": dtype, "use_batchnorm": norm,
        "X": rng.standard_normal((n, *image)), "y": rng.integers(k, size=n),
    }  # fmt: skip
    if norm:
        for layer, size in ((1, f), (2, m)):
            arrays[f"gamma{layer}"] = rng.uniform(1.5, 2.5, size)
            arrays[f"beta{layer}"] = 0.5 * rng.standard_normal(size)
        inputs["bn_param"] = {"mode": "train", "eps": 0.3, "momentum": 0.7}
        inputs["other_bn_param"] = {"mode": "train", "eps": 0.6, "momentum": 0.4}
        inputs["earlier"] = 0.5 + rng.standard_normal((n, *image))
    return inputs | {"params": {name: array.astype(dtype) for name, array in arrays.items()}}


def loss_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Draw odd and even sizes, one channel, one example, both dtypes, with and without the L2 term and batch norm."""
    n = int(rng.integers(3, 5))
    for title, rows, image, filter_size, reg, dtype, norm in (
        ("reg 0", n, (2, 4, 6), 3, 0.0, "float64", False),
        ("images with an odd number of rows and columns, reg 0.7", n, (3, 7, 5), 3, 0.7, "float64", False),
        ("filters of 5 × 5, reg 0.4", n, (3, 6, 4), 5, 0.4, "float64", False),
        ("one channel", n, (1, 6, 4), 5, 0.4, "float64", False),
        ("a single example", 1, (2, 5, 4), 3, 0.6, "float64", False),
        ("float32", n, (2, 4, 5), 3, 0.2, "float32", False),
        ("batch norm, filters of 5 × 5, reg 0.7", n, (2, 6, 4), 5, 0.7, "float64", True),
        ("float32 with batch norm", n, (2, 4, 6), 3, 0.3, "float32", True),
        ("the same images as before, with other parameters", n, (2, 5, 4), 3, 0.5, "float64", False),
    ):
        inputs = _inputs(rng, rows, image, filter_size, reg, dtype, norm)
        params = inputs["params"]
        assert isinstance(params, dict)
        typed = dtype == "float32"
        again = "before" in title
        traits = (
            {Trait.SIDE_EFFECT}
            if again
            else {Trait.EDGE_SHAPE}
            if rows == 1 or image[0] == 1
            else {Trait.DTYPE}
            if typed
            else set()
        )
        # The bias of a normalised layer changes nothing: its gradient is 0 but for the rounding of numbers like X.
        aspects: dict[str, Rule] = {
            "scores": Equal(dtype=typed),
            "loss": Equal(),
            "grads": Equal(dtype=typed, scale="X" if norm else ""),
            "unknown_grads": Equal(),
        }
        program = NORMALISED if norm else AFTER_OTHERS if again else PLAIN
        yield Case(
            title,
            NET + program,
            inputs,
            aspects,
            NET_ALONE + program,
            gradients={f"grads.{name}": f"params.{name}" for name in params},
            objective=("loss", ""),
            traits=traits,
            effects={"unknown_grads"},
        )


RECIPES = (
    Recipe("cnn.ThreeLayerConvNet.__init__", init_cases),
    Recipe(
        "cnn.ThreeLayerConvNet.loss",
        loss_cases,
        large=enlarged(
            loss_cases,
            "150 hidden units",
            lambda rng: _inputs(rng, 1, (3, 16, 18), 3, 0.4, "float64", False, (8, 150, 5)),
            only=("grads",),
            program=NET + GRADIENTS,
        ),
    ),
)
