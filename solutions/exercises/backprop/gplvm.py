"""Define how the objective of the Gaussian process latent variable model and its two parts are judged."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from grader.recipes import Case, Equal, Recipe, Rule, Trait, enlarged, sizes

VALUE_AND_GRADIENT: dict[str, Rule] = {"value": Equal(), "dX": Equal()}


def _value_case(title: str, traits: set[Trait], program: str, inputs: dict[str, object]) -> Case:
    return Case(
        title, program, inputs, VALUE_AND_GRADIENT, gradients={"dX": "X"}, objective=("value", ""), traits=traits
    )


def _latent(rng: np.random.Generator) -> Iterator[tuple[str, set[Trait], dict[str, object]]]:
    n, q, d = sizes(rng, 3, low=3)  # D = 2 would hide a factor ½ behind a factor 1/D

    def inputs(n: int, q: int, d: int) -> dict[str, object]:
        return {
            "X": rng.standard_normal((n, q)),
            "Y": rng.standard_normal((n, d)),
            "alpha": float(rng.uniform(0.4, 0.8)),
            "beta": float(rng.uniform(1.5, 3.0)),
        }

    yield f"X of shape {(n, q)}, Y of shape {(n, d)}", set(), inputs(n, q, d)
    yield "more latent dimensions than observations", set(), inputs(min(n, q), max(n, q), d)
    yield "a single observation", {Trait.EDGE_SHAPE}, inputs(1, q, d)
    yield "one latent dimension", {Trait.EDGE_SHAPE}, inputs(n, 1, d)
    # 150 eigenvalues around 1/β: their product underflows although K itself is well conditioned
    many = inputs(150, q, d)
    many |= {"X": 0.05 * np.asarray(many["X"]), "beta": 1e3}
    yield "so many observations that |K| underflows", {Trait.NUMERICAL_RANGE}, many


def log_determinant_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Draw several shapes, and a covariance whose determinant is too small for a float."""
    program = "value, dX = backprop.gplvm_log_determinant(X, alpha, beta, D)"
    for title, traits, inputs in _latent(rng):
        d = np.asarray(inputs.pop("Y")).shape[1]
        yield _value_case(title, traits, program, {**inputs, "D": d})


def data_fit_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Draw several shapes."""
    program = "value, dX = backprop.gplvm_data_fit(X, Y, alpha, beta)"
    for title, traits, inputs in list(_latent(rng))[:-1]:
        yield _value_case(title, traits, program, inputs)


def objective_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Draw several shapes. The reference's parts are used where the student has not written them yet."""
    program = "value, dX = backprop.gplvm_objective(X, Y, alpha, beta)"
    for title, traits, inputs in _latent(rng):
        yield _value_case(title, traits, program, inputs)


def _many_positions(*names: str) -> Callable[[np.random.Generator], dict[str, object]]:
    """Return a function that draws these inputs of the model, with 20,000 latent positions; a forward pass factorises 200 × 200."""

    def inputs(rng: np.random.Generator) -> dict[str, object]:
        n, q, d = 200, 100, 5
        found: dict[str, object] = {"X": rng.standard_normal((n, q)), "Y": rng.standard_normal((n, d)), "D": d}
        found |= {"alpha": float(rng.uniform(0.4, 0.8)), "beta": float(rng.uniform(1.5, 3.0))}
        return {name: found[name] for name in ("X", "alpha", "beta", *names)}

    return inputs


RECIPES = (
    Recipe(
        "backprop.gplvm_log_determinant",
        log_determinant_cases,
        large=enlarged(log_determinant_cases, "100 latent dimensions", _many_positions("D"), only=("dX",)),
    ),
    Recipe(
        "backprop.gplvm_data_fit",
        data_fit_cases,
        large=enlarged(data_fit_cases, "100 latent dimensions", _many_positions("Y"), only=("dX",)),
    ),
    Recipe(
        "backprop.gplvm_objective",
        objective_cases,
        large=enlarged(objective_cases, "100 latent dimensions", _many_positions("Y"), only=("dX",)),
    ),
)
