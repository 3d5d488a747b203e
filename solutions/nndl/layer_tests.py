"""The checks of HW3 as functions, to run again whenever these files travel to the next assignment.

Each function returns nothing, prints one line, and raises an AssertionError that names the array that is
wrong. Expected values are computed here entry by entry, straight from the definition; gradients are compared
with central differences. No two sizes are equal, so a transposed array cannot pass by accident.
"""

import numpy as np

from utils.gradient_check import eval_numerical_gradient, eval_numerical_gradient_array

from .fc_net import FullyConnectedNet, TwoLayerNet
from .layer_utils import affine_relu_backward, affine_relu_forward
from .layers import affine_backward, affine_forward, relu_backward, relu_forward


def affine_forward_test():
    """Compare `affine_forward` with its definition, one output at a time."""
    x, w, b = _affine_inputs(seed=231)
    out, _ = affine_forward(x, w, b)
    expected = np.empty((len(x), len(b)))
    for row, col in np.ndindex(*expected.shape):
        expected[row, col] = sum(x[row].flat[i] * w[i, col] for i in range(len(w))) + b[col]
    _report("affine_forward", 1e-10, out=(out, expected))


def affine_backward_test():
    """Compare `affine_backward` with numeric gradients."""
    x, w, b = _affine_inputs(seed=232)
    upstream = np.random.default_rng(1).normal(size=(len(x), len(b)))
    _, cache = affine_forward(x, w, b)
    dx, dw, db = affine_backward(upstream, cache)
    _report(
        "affine_backward",
        1e-7,
        dx=(dx, eval_numerical_gradient_array(lambda v: affine_forward(v, w, b)[0], x, upstream)),
        dw=(dw, eval_numerical_gradient_array(lambda v: affine_forward(x, v, b)[0], w, upstream)),
        db=(db, eval_numerical_gradient_array(lambda v: affine_forward(x, w, v)[0], b, upstream)),
    )


def relu_forward_test():
    """Compare `relu_forward` with its definition, on negative, positive and zero entries."""
    x = np.linspace(-0.5, 0.4, num=30).reshape(2, 3, 5)
    x[1, 2, 0] = 0
    expected = np.array([value if value > 0 else 0.0 for value in x.flat]).reshape(x.shape)
    _report("relu_forward", 1e-12, out=(relu_forward(x)[0], expected))


def relu_backward_test():
    """Compare `relu_backward` with a numeric gradient, away from the kink."""
    x = _away_from_zero(np.random.default_rng(233).normal(size=(4, 3, 5)))
    upstream = np.random.default_rng(2).normal(size=x.shape)
    dx = relu_backward(upstream, relu_forward(x)[1])
    _report(
        "relu_backward",
        1e-7,
        dx=(dx, eval_numerical_gradient_array(lambda v: relu_forward(v)[0], x, upstream)),
    )


def affine_relu_test():
    """Compare the affine-ReLU sandwich with numeric gradients."""
    x, w, b = _affine_inputs(seed=234)
    upstream = np.random.default_rng(3).normal(size=(len(x), len(b)))
    _, cache = affine_relu_forward(x, w, b)
    dx, dw, db = affine_relu_backward(upstream, cache)
    _report(
        "affine_relu",
        1e-6,
        dx=(dx, eval_numerical_gradient_array(lambda v: affine_relu_forward(v, w, b)[0], x, upstream)),
        dw=(dw, eval_numerical_gradient_array(lambda v: affine_relu_forward(x, v, b)[0], w, upstream)),
        db=(db, eval_numerical_gradient_array(lambda v: affine_relu_forward(x, w, v)[0], b, upstream)),
    )


def fc_net_test():
    """Compare both networks' gradients with numeric ones, with and without the L2 penalty."""
    rng = np.random.default_rng(235)
    X, y = rng.normal(size=(3, 2, 7)), np.array([4, 0, 2])
    for reg in (0.0, 0.7):
        nets = {
            "TwoLayerNet": TwoLayerNet(input_dim=14, hidden_dims=9, num_classes=5, weight_scale=0.3, reg=reg),
            "FullyConnectedNet": FullyConnectedNet(
                [9, 8], input_dim=14, num_classes=5, weight_scale=0.3, reg=reg, dtype=np.float64
            ),
        }
        for name, net in nets.items():
            # Fixed parameters with every hidden unit away from its kink, whatever the state of np.random.
            for value in net.params.values():
                value[...] = rng.normal(scale=0.3, size=value.shape)
            _, grads = net.loss(X, y)
            pairs = {
                key: (
                    grads[key],
                    eval_numerical_gradient(lambda _, net=net: net.loss(X, y)[0], value, verbose=False),
                )
                for key, value in net.params.items()
            }
            _report(f"{name}.loss, reg = {reg}", 1e-6, **pairs)


def _affine_inputs(seed):
    """Inputs whose sizes are all different: N = 4, an example of shape (2, 3), M = 5."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(4, 2, 3)), rng.normal(size=(6, 5)), rng.normal(size=5)


def _away_from_zero(x, margin=1e-2):
    """Push every entry at least `margin` away from 0, keeping its sign."""
    return np.where(x < 0, x - margin, x + margin)


def _report(name, tolerance, **arrays):
    """Assert that each (got, expected) pair agrees in shape and value, and print the largest error."""
    worst = 0.0
    for key, (got, expected) in arrays.items():
        assert np.shape(got) == expected.shape, f"{name}: {key} has shape {np.shape(got)}, expected {expected.shape}"
        scale = np.maximum(1e-3, np.abs(got) + np.abs(expected))
        error = float(np.max(np.abs(got - expected) / scale))
        assert error <= tolerance, f"{name}: {key} is wrong, relative error {error:.1e} (allowed {tolerance:.0e})"
        worst = max(worst, error)
    print(f"{name}: right, largest relative error {worst:.1e}")
