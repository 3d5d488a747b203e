"""What a numeric derivative takes in the large case of each gradient, and what a right answer takes there.

    python -m benchmarks.numeric_derivatives            the table: half a minute
    python -m benchmarks.numeric_derivatives --write    … put into docs/grading.md

A numeric derivative needs two forward passes for each number that has a gradient. They are not all run: one of them is
timed, in the fastest of the right styles.
"""

from __future__ import annotations

import argparse
import copy
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from types import ModuleType

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.notebooks import ROOT
from benchmarks.sections import put
from grader.course import load
from grader.judging.trial import Trial
from grader.recipes import Recipe, recipe_book
from grader.reference import Reference

PAGE = ROOT / "docs" / "grading.md"
RUNS = 5

# The parameters of a net are set once; each forward pass of a numeric derivative then computes its scores.
NET = "net = {}\nnet.params = params\n"
# Functions that return a value and its gradient: the value alone.
KERNEL = "def K(X):\n    return alpha * X @ X.T + np.eye(len(X)) / beta\n"
FORWARD: dict[str, tuple[str, str]] = {
    "layers.affine_backward": ("", "layers.affine_forward(x, w, b)"),
    "layers.relu_backward": ("", "layers.relu_forward(x)"),
    "layers.batchnorm_backward": ("", "layers.batchnorm_forward(x, gamma, beta, {'mode': 'train', **settings})"),
    "layers.batchnorm_backward_alt": ("", "layers.batchnorm_forward(x, gamma, beta, {'mode': 'train', **settings})"),
    "layers.layernorm_backward": ("", "layers.layernorm_forward(x, gamma, beta, settings)"),
    "layer_utils.affine_batchnorm_relu_backward": (
        "",
        "layer_utils.affine_batchnorm_relu_forward(x, w, b, gamma, beta, {'mode': 'train', **settings})",
    ),
    "fc_net.FullyConnectedNet.hidden_backward": (
        NET.format("fc_net.FullyConnectedNet(hidden_dims, input_dim=D, num_classes=C, normalization=normalization)"),
        "net.hidden_forward(layer, x)",
    ),
    "conv_layers.conv_backward_naive": ("", "conv_layers.conv_forward_naive(x, w, b, conv_param)"),
    "conv_layers.max_pool_backward_naive": ("", "conv_layers.max_pool_forward_naive(x, pool_param)"),
    "conv_layers.spatial_batchnorm_backward": (
        "",
        "conv_layers.spatial_batchnorm_forward(x, gamma, beta, dict(bn_param))",
    ),
    "conv_layers.spatial_groupnorm_backward": (
        "",
        "conv_layers.spatial_groupnorm_forward(x, gamma, beta, G, gn_param)",
    ),
    "backprop.tied_autoencoder": ("", "((W.T @ (W @ x) - x) ** 2).sum()"),
    "backprop.gplvm_log_determinant": (KERNEL, "np.linalg.slogdet(K(X))"),
    "backprop.gplvm_data_fit": (KERNEL, "(Y * np.linalg.solve(K(X), Y)).sum()"),
    "backprop.gplvm_objective": (KERNEL, "np.linalg.slogdet(K(X)), (Y * np.linalg.solve(K(X), Y)).sum()"),
    "neural_net.TwoLayerNet.loss": (NET.format("neural_net.TwoLayerNet(D, H, C)"), "net.loss(X)"),
    "fc_net.TwoLayerNet.loss": (
        NET.format("fc_net.TwoLayerNet(input_dim=D, hidden_dims=H, num_classes=C)"),
        "net.loss(X)",
    ),
    "fc_net.FullyConnectedNet.loss": (
        NET.format("fc_net.FullyConnectedNet(hidden_dims, input_dim=D, num_classes=C, dtype=np.dtype(dtype))"),
        "net.loss(X)",
    ),
    "cnn.ThreeLayerConvNet.loss": (
        NET.format(
            "cnn.ThreeLayerConvNet(input_dim, num_filters=F, filter_size=filter_size, hidden_dim=M, num_classes=K)"
        ),
        "net.loss(X)",
    ),
}
"""What stands before the forward passes of each exercise's large case, and one forward pass."""


def main() -> None:
    """Measure all gradients that are written in NumPy, and print or write the table."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.numeric_derivatives", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--write", action="store_true", help="put the table into docs/grading.md")
    write = parser.parse_args().write
    reference = Reference.of(load(ROOT))
    recipes = recipe_book(reference).all()
    head = [
        "| exercise | large case | forward passes of a numeric derivative | their time, s | slowest right answer, ms |",
        "|---|---|--:|--:|--:|",
    ]
    with threadpool_limits(1):
        table = "\n".join([*head, *(row(recipes, name, reference) for name in FORWARD)])
    if write:
        put(PAGE, "numeric", table)
    print(table)


def row(recipes: Mapping[str, Recipe], name: str, reference: Reference) -> str:
    """Measure the large case of one gradient."""
    recipe, (opening, forward) = recipes[name], FORWARD[name]
    trial = Trial.drawn(recipe, reference, np.random.default_rng(0))
    case = trial.large
    assert case is not None
    passes = 2 * entries({path: trial.expected_large().values[path] for path in case.aspects})
    module, _, function = forward.partition("(")[0].partition(".")
    other = recipes.get(f"{module}.{function}", recipe)  # not every forward pass is an exercise of its own

    def one_pass(version: ModuleType) -> float:
        variables = {"np": np, recipe.module: version, **copy.deepcopy(dict(case.inputs))}
        exec(opening, variables)
        call = compile(forward, name, "eval")
        return seconds(lambda: eval(call, variables))

    fastest = min(one_pass(version) for version in versions(other, reference))
    slowest = max(seconds(partial(trial.answer, case, version)) for version in versions(recipe, reference))
    return f"| `{name}` | {case.title} | {passes:,} | {passes * fastest:.0f} | {1e3 * slowest:.0f} |"


def versions(recipe: Recipe, reference: Reference) -> Iterator[ModuleType]:
    """Yield the reference's module, and the module with each right answer in another style."""
    yield reference.module(recipe.module)
    for answer in recipe.right:
        yield reference.variant(recipe.module, answer.hunks)


def entries(value: object) -> int:
    """Count the numbers in an answer."""
    if isinstance(value, Mapping):
        return sum(entries(part) for part in value.values())
    return np.asarray(value).size


def seconds(run: Callable[[], object]) -> float:
    """Return the least processor time of a few runs."""
    times = []
    for _ in range(RUNS):
        began = time.process_time()
        run()
        times.append(time.process_time() - began)
    return min(times)


if __name__ == "__main__":
    main()
