"""The exercises of ``nndl/backprop.py``."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from utils.checks.case import Case
from utils.checks.rules import Equal, Rule

from .recipe import Recipe, enlarged, sizes, wrong

LOSS_AND_GRADIENT: dict[str, Rule] = {"loss": Equal(), "dW": Equal()}
VALUE_AND_GRADIENT: dict[str, Rule] = {"value": Equal(), "dX": Equal()}


def _value_case(title: str, program: str, inputs: dict[str, object]) -> Case:
    return Case(title, program, inputs, VALUE_AND_GRADIENT, gradients={"dX": "X"}, objective=("value", ""))


def autoencoder_cases(rng: np.random.Generator) -> Iterator[Case]:
    """More inputs than hidden units, fewer, one of each."""
    m, d = sizes(rng, 2)
    shapes = [(min(m, d), max(m, d)), (max(m, d), min(m, d)), (1, d), (m, 1), (d, d)]
    for m, d in shapes:
        inputs: dict[str, object] = {"W": rng.standard_normal((m, d)), "x": 1 + rng.standard_normal(d)}
        title = f"W of shape {(m, d)}"
        program = "loss, dW = backprop.tied_autoencoder(W, x)"
        yield Case(title, program, inputs, LOSS_AND_GRADIENT, gradients={"dW": "W"}, objective=("loss", ""))


def _latent(rng: np.random.Generator) -> Iterator[tuple[str, dict[str, object]]]:
    n, q, d = sizes(rng, 3, low=3)  # D = 2 would hide a factor ½ behind a factor 1/D

    def inputs(n: int, q: int, d: int) -> dict[str, object]:
        return {
            "X": rng.standard_normal((n, q)),
            "Y": rng.standard_normal((n, d)),
            "alpha": float(rng.uniform(0.4, 0.8)),
            "beta": float(rng.uniform(1.5, 3.0)),
        }

    yield f"X of shape {(n, q)}, Y of shape {(n, d)}", inputs(n, q, d)
    yield "more latent dimensions than observations", inputs(min(n, q), max(n, q), d)
    yield "a single observation", inputs(1, q, d)
    yield "one latent dimension", inputs(n, 1, d)
    # 150 eigenvalues around 1/β: their product underflows although K itself is well conditioned
    many = inputs(150, q, d)
    yield "so many observations that |K| underflows", {**many, "X": 0.05 * np.asarray(many["X"]), "beta": 1e3}


def log_determinant_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Several shapes, and a determinant that is too small for a float."""
    program = "value, dX = backprop.gplvm_log_determinant(X, alpha, beta, D)"
    for title, inputs in _latent(rng):
        d = np.asarray(inputs.pop("Y")).shape[1]
        yield _value_case(title, program, {**inputs, "D": d})


def data_fit_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Several shapes."""
    program = "value, dX = backprop.gplvm_data_fit(X, Y, alpha, beta)"
    for title, inputs in list(_latent(rng))[:-1]:
        yield _value_case(title, program, inputs)


def objective_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Several shapes; the two parts come from the reference where the student's own are not there yet."""
    program = "value, dX = backprop.gplvm_objective(X, Y, alpha, beta)"
    for title, inputs in list(_latent(rng))[:-1]:
        yield _value_case(title, program, inputs)


def _many_weights(rng: np.random.Generator) -> dict[str, object]:
    return {"W": 0.03 * rng.standard_normal((100, 3000)), "x": 1 + rng.standard_normal(3000)}


def _many_positions(*names: str) -> Callable[[np.random.Generator], dict[str, object]]:
    """Inputs of the latent-variable model, those that a function takes; each forward pass factorises 700 × 700."""

    def inputs(rng: np.random.Generator) -> dict[str, object]:
        n, q, d = 700, 6, 5
        found: dict[str, object] = {"X": rng.standard_normal((n, q)), "Y": rng.standard_normal((n, d)), "D": d}
        found |= {"alpha": float(rng.uniform(0.4, 0.8)), "beta": float(rng.uniform(1.5, 3.0))}
        return {name: found[name] for name in ("X", "alpha", "beta", *names)}

    return inputs


_AUTO_LOSS = "loss = 0.5 * (r @ r)"
_AUTO_DW = "dW = np.outer(h, r) + np.outer(W @ r, x)"
_LOG_VALUE = "value = -0.5 * D * np.linalg.slogdet(K).logabsdet"
_LOG_DX = "dX = -alpha * D * np.linalg.solve(K, X)"
_FIT_VALUE = "value = -0.5 * np.sum(A * Y)"
_FIT_DX = "dX = alpha * (A @ (A.T @ X))"
_SUM = "value, dX = volume + fit, dX_volume + dX_fit"

RECIPES = (
    Recipe(
        "backprop.tied_autoencoder",
        autoencoder_cases,
        (
            wrong(
                "decoder-path-only",
                "dW has the path through the decoder alone; W is used in the encoder too, and both gradients add.",
                (_AUTO_DW, "dW = np.outer(h, r)"),
            ),
            wrong(
                "encoder-path-only",
                "dW has the path through the encoder alone; W is used in the decoder too, and both gradients add.",
                (_AUTO_DW, "dW = np.outer(W @ r, x)"),
            ),
            wrong(
                "one-path-twice",
                "The two paths are taken to give the same gradient; write each one out, they differ.",
                (_AUTO_DW, "dW = 2 * np.outer(h, r)"),
            ),
            wrong(
                "no-half",
                "The factor ½ of the loss is missing: it comes out twice too large; compare with the formula from left to right.",
                (_AUTO_LOSS, "loss = r @ r"),
            ),
            wrong(
                "gradient-doubled",
                "dW is twice too large: the ½ in the loss cancels the 2 of the square.",
                (_AUTO_DW, "dW = 2 * (np.outer(h, r) + np.outer(W @ r, x))"),
            ),
            wrong(
                "residual-flipped",
                "dW has the opposite sign: the residual is the reconstruction minus x, in this order.",
                (_AUTO_DW, "dW = -np.outer(h, r) - np.outer(W @ r, x)"),
            ),
            wrong(
                "target-forgotten",
                "The loss compares the reconstruction with 0 instead of with x.",
                ("r = W.T @ h - x", "r = W.T @ h"),
            ),
            wrong(
                "mean-squared",
                "The loss is averaged over the D inputs; ½‖·‖² is a sum.",
                (_AUTO_LOSS, "loss = 0.5 * (r @ r) / x.size"),
                (_AUTO_DW, "dW = (np.outer(h, r) + np.outer(W @ r, x)) / x.size"),
            ),
            wrong(
                "transposed",
                "dW comes out transposed: it has the shape of W.",
                (_AUTO_DW, "dW = (np.outer(h, r) + np.outer(W @ r, x)).T"),
            ),
            wrong(
                "norm-not-squared",
                "The loss is ½‖·‖ without the square: doubling the error should make it four times as large.",
                (_AUTO_LOSS, "loss = 0.5 * np.sqrt(r @ r)"),
            ),
        ),
        large=enlarged(autoencoder_cases, "3,000 inputs and 100 hidden units", _many_weights, only=("dW",)),
    ),
    Recipe(
        "backprop.gplvm_log_determinant",
        log_determinant_cases,
        (
            wrong(
                "dimensions-forgotten",
                "The factor D is missing: there is one log|K| for each observed dimension.",
                (_LOG_VALUE, "value = -0.5 * np.linalg.slogdet(K).logabsdet"),
                (_LOG_DX, "dX = -alpha * np.linalg.solve(K, X)"),
            ),
            wrong(
                "gradient-without-dimensions",
                "dX lacks the factor D that the value has.",
                (_LOG_DX, "dX = -alpha * np.linalg.solve(K, X)"),
            ),
            wrong(
                "one-side-of-the-kernel",
                "dX is half of what it should be: X stands in K twice, and both places count.",
                (_LOG_DX, "dX = -0.5 * alpha * D * np.linalg.solve(K, X)"),
            ),
            wrong(
                "alpha-forgotten",
                "dX lacks the factor α that comes from differentiating α X Xᵀ.",
                (_LOG_DX, "dX = -D * np.linalg.solve(K, X)"),
            ),
            wrong(
                "sign-of-gradient",
                "dX has the opposite sign: the value has a minus in front.",
                (_LOG_DX, "dX = alpha * D * np.linalg.solve(K, X)"),
            ),
            wrong(
                "gradient-in-kernel",
                "dX stops at K: one more step leads from K to X.",
                (_LOG_DX, "dX = -0.5 * D * np.linalg.inv(K)"),
            ),
            wrong(
                "kernel-not-inverted",
                "dX uses K where its inverse belongs: ask first what log|K| becomes when it is differentiated by K.",
                (_LOG_DX, "dX = -alpha * D * (K @ X)"),
            ),
            wrong(
                "determinant-underflows",
                "log(det K) is −∞ when det K is too small for a float; np.linalg.slogdet gives the logarithm directly.",
                (
                    _LOG_VALUE,
                    'with np.errstate(all="ignore"):\n        value = -0.5 * D * np.log(np.linalg.det(K))',
                ),
            ),
            wrong(
                "no-half",
                "The factor ½ is missing: what comes out is twice too large; compare with the formula from left to right.",
                (_LOG_VALUE, "value = -D * np.linalg.slogdet(K).logabsdet"),
                (_LOG_DX, "dX = -2 * alpha * D * np.linalg.solve(K, X)"),
            ),
        ),
        large=enlarged(log_determinant_cases, "700 observations", _many_positions("D"), only=("dX",)),
    ),
    Recipe(
        "backprop.gplvm_data_fit",
        data_fit_cases,
        (
            wrong(
                "sign-of-gradient",
                "dX has the opposite sign: the inverse brings a second minus.",
                (_FIT_DX, "dX = -alpha * (A @ (A.T @ X))"),
            ),
            wrong(
                "one-side-of-the-kernel",
                "dX is half of what it should be: X stands in K twice, and both places count.",
                (_FIT_DX, "dX = 0.5 * alpha * (A @ (A.T @ X))"),
            ),
            wrong(
                "half-cancelled-twice",
                "dX is twice too large: the ½ of the value is lost on the way.",
                (_FIT_DX, "dX = 2 * alpha * (A @ (A.T @ X))"),
            ),
            wrong(
                "alpha-forgotten",
                "dX lacks the factor α that comes from differentiating α X Xᵀ.",
                (_FIT_DX, "dX = A @ (A.T @ X)"),
            ),
            wrong(
                "inverse-once",
                "dX has one K⁻¹ where the derivative of an inverse has two.",
                (_FIT_DX, "dX = alpha * (A @ (Y.T @ X))"),
            ),
            wrong(
                "inverse-forgotten",
                "The value is made with Y Yᵀ alone; K⁻¹ is missing.",
                (_FIT_VALUE, "value = -0.5 * np.sum(Y * Y)"),
            ),
            wrong(
                "kernel-not-inverted",
                "K is used where its inverse belongs: the larger K, the smaller the value should be.",
                ("A = np.linalg.solve(K, Y)", "A = K @ Y"),
            ),
            wrong(
                "no-half",
                "The factor ½ of the value is missing: it comes out twice too large; compare with the formula from left to right.",
                (_FIT_VALUE, "value = -np.sum(A * Y)"),
            ),
            wrong(
                "sign-of-value",
                "The value has the opposite sign: the data term has a minus in front.",
                (_FIT_VALUE, "value = 0.5 * np.sum(A * Y)"),
            ),
            wrong(
                "sum-not-trace",
                "The value adds up all entries of K⁻¹YYᵀ; a trace adds the diagonal only.",
                (_FIT_VALUE, "value = -0.5 * np.sum(A @ Y.T)"),
            ),
        ),
        large=enlarged(data_fit_cases, "700 observations", _many_positions("Y"), only=("dX",)),
    ),
    Recipe(
        "backprop.gplvm_objective",
        objective_cases,
        (
            wrong(
                "first-term-only",
                "Only the log-determinant is there; the objective is the sum of two terms.",
                (_SUM, "value, dX = volume, dX_volume"),
            ),
            wrong(
                "second-term-only",
                "Only the data term is there; the objective is the sum of two terms.",
                (_SUM, "value, dX = fit, dX_fit"),
            ),
            wrong(
                "difference",
                "The two terms are subtracted; both already carry their minus, so they add.",
                (_SUM, "value, dX = volume - fit, dX_volume - dX_fit"),
            ),
            wrong(
                "gradient-of-one-term",
                "dX is the gradient of one of the two terms; the gradient of a sum is the sum of both.",
                (_SUM, "value, dX = volume + fit, dX_fit"),
            ),
            wrong(
                "gradient-of-first-term",
                "dX is the gradient of the log-determinant alone; the gradient of a sum is the sum of both.",
                (_SUM, "value, dX = volume + fit, dX_volume"),
            ),
            wrong(
                "negative-log-likelihood",
                "Value and gradient have the opposite sign: this is the quantity to maximise.",
                (_SUM, "value, dX = -volume - fit, -dX_volume - dX_fit"),
            ),
            wrong(
                "latent-for-observed-dimensions",
                "D is taken from X; it is the number of columns of Y.",
                ("alpha, beta, Y.shape[1])", "alpha, beta, X.shape[1])"),
            ),
        ),
        large=enlarged(objective_cases, "700 observations", _many_positions("Y"), only=("dX",)),
    ),
)
