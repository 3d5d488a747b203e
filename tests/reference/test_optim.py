"""The update rules: known values, two steps and more, what they remember, and what they leave alone."""

import numpy as np
import pytest

from solutions.nndl import optim

RULES = {
    "sgd_momentum": (optim.sgd_momentum, {"velocity"}),
    "sgd_nesterov_momentum": (optim.sgd_nesterov_momentum, {"velocity"}),
    "adagrad": (optim.adagrad, {"a"}),
    "rmsprop": (optim.rmsprop, {"a"}),
    "adam": (optim.adam, {"v", "a", "t"}),
}
DEFAULTS = {
    "sgd_momentum": {"learning_rate": 1e-2, "momentum": 0.9},
    "sgd_nesterov_momentum": {"learning_rate": 1e-2, "momentum": 0.9},
    "adagrad": {"learning_rate": 1e-2, "epsilon": 1e-8},
    "rmsprop": {"learning_rate": 1e-2, "decay_rate": 0.99, "epsilon": 1e-8},
    "adam": {"learning_rate": 1e-3, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8},
}


@pytest.fixture(params=RULES)
def named(request):
    return request.param


def drawn(seed=0, shape=(4, 3)):
    rng = np.random.default_rng(seed)
    return rng.normal(size=shape), rng.normal(size=shape)


def test_defaults_and_memory(named):
    rule, remembers = RULES[named]
    _, config = rule(*drawn())
    assert config.keys() == DEFAULTS[named].keys() | remembers
    assert {key: config[key] for key in DEFAULTS[named]} == DEFAULTS[named]


def test_parameter_and_gradient_are_left_alone(named):
    w, dw = drawn()
    for array in (w, dw):
        array.flags.writeable = False
    next_w, config = RULES[named][0](w, dw)
    again, _ = RULES[named][0](next_w, dw, config)
    assert not np.shares_memory(again, next_w)


def test_a_config_can_be_used_twice(named):
    rule, _ = RULES[named]
    w, dw = drawn()
    config = rule(w, dw)[1]
    first, second = rule(w, dw, config), rule(w, dw, config)
    np.testing.assert_array_equal(first[0], second[0])
    for key in first[1]:
        np.testing.assert_array_equal(first[1][key], second[1][key])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_is_kept_over_steps_and_for_numpy_settings(named, dtype):
    rule, remembers = RULES[named]
    w, dw = (array.astype(dtype) for array in drawn())
    # as a random search draws them: numpy scalars of double precision
    config = {key: np.float64(value) for key, value in DEFAULTS[named].items()}
    for _ in range(3):
        w, config = rule(w, dw, config)
    assert w.dtype == dtype
    assert {config[key].dtype for key in remembers - {"t"}} == {np.dtype(dtype)}


def test_other_entries_of_config_are_kept(named):
    _, config = RULES[named][0](*drawn(), {"note": "kept", "learning_rate": 0.5})
    assert config["note"] == "kept"
    assert config["learning_rate"] == 0.5


def test_every_rule_goes_downhill(named):
    """Minimise ½ |A w − c|² in three unknowns; each rule ends near the least-squares solution."""
    rng = np.random.default_rng(1)
    A, c = rng.normal(size=(7, 3)), rng.normal(size=7)
    w, config = np.zeros(3), {"learning_rate": 0.1 if named == "adagrad" else 2e-3}  # its steps become shorter
    for _ in range(4000):
        w, config = RULES[named][0](w, A.T @ (A @ w - c), config)
    np.testing.assert_allclose(w, np.linalg.lstsq(A, c)[0], atol=5e-3)


def test_momentum_of_a_constant_gradient_is_a_geometric_sum():
    w, dw = drawn()
    config = {"learning_rate": 0.3, "momentum": 0.6}
    for step in range(1, 6):
        _, config = optim.sgd_momentum(w, dw, config)
        np.testing.assert_allclose(config["velocity"], -0.3 * dw * (1 - 0.6**step) / (1 - 0.6))


@pytest.mark.parametrize("rule", [optim.sgd_momentum, optim.sgd_nesterov_momentum])
def test_no_momentum_is_plain_descent(rule):
    w, dw = drawn()
    next_w, _ = rule(w, dw, {"learning_rate": 0.1, "momentum": 0.0, "velocity": np.zeros_like(w)})
    np.testing.assert_allclose(next_w, w - 0.1 * dw)


def test_nesterov_is_momentum_with_the_gradient_taken_ahead():
    """Sutskever's form on points x, against the form on points ahead w = x + momentum · v."""
    rng = np.random.default_rng(2)
    H = np.diag([3.0, 1.0, 0.2])
    x, v = rng.normal(size=3), np.zeros(3)
    w, config = x.copy(), {"learning_rate": 0.1, "momentum": 0.8}
    for _ in range(6):
        v = 0.8 * v - 0.1 * (H @ (x + 0.8 * v))
        x = x + v
        w, config = optim.sgd_nesterov_momentum(w, H @ w, config)
        np.testing.assert_allclose(w, x + 0.8 * v)
        np.testing.assert_allclose(config["velocity"], v)


def test_adagrad_by_hand():
    config = {"learning_rate": 0.1, "epsilon": 0.5}
    w, config = optim.adagrad(np.array([1.0, -2.0]), np.array([4.0, 0.0]), config)
    np.testing.assert_allclose(config["a"], [16, 0])
    np.testing.assert_allclose(w, [1 - 0.4 / 4.5, -2])
    w, config = optim.adagrad(w, np.array([-3.0, 2.0]), config)
    np.testing.assert_allclose(config["a"], [25, 4])
    np.testing.assert_allclose(w, [1 - 0.4 / 4.5 + 0.3 / 5.5, -2 - 0.2 / 2.5])


def test_adagrad_of_a_constant_gradient_takes_ever_shorter_steps():
    """The sum is t · dw² after t steps, so that step t is lr · sign(dw) / √t."""
    w, dw = drawn()
    config = None
    for step in range(1, 30):
        next_w, config = optim.adagrad(w, dw, config)
        np.testing.assert_allclose(w - next_w, 1e-2 * np.sign(dw) / np.sqrt(step), rtol=1e-5)
        w = next_w


def test_rmsprop_by_hand():
    config = {"learning_rate": 0.1, "decay_rate": 0.75, "epsilon": 0.5}
    w, config = optim.rmsprop(np.array([1.0, -2.0]), np.array([4.0, 0.0]), config)
    np.testing.assert_allclose(config["a"], [4, 0])  # 0.25 · 16
    np.testing.assert_allclose(w, [1 - 0.4 / 2.5, -2])
    w, config = optim.rmsprop(w, np.array([2.0, -2.0]), config)
    np.testing.assert_allclose(config["a"], [4, 1])
    np.testing.assert_allclose(w, [0.84 - 0.2 / 2.5, -2 + 0.2 / 1.5])


def test_adam_by_hand():
    config = {"learning_rate": 0.1, "beta1": 0.5, "beta2": 0.75, "epsilon": 0.25}
    w, config = optim.adam(np.array([1.0]), np.array([2.0]), config)
    assert (config["v"], config["a"], config["t"]) == (1, 1, 1)
    np.testing.assert_allclose(w, 1 - 0.1 * 2 / (2 + 0.25))  # v̂ = 1 / 0.5, â = 1 / 0.25
    w2, config = optim.adam(w, np.array([-2.0]), config)
    assert (config["v"], config["a"], config["t"]) == (-0.5, 1.75, 2)
    v_hat, a_hat = -0.5 / 0.75, 1.75 / (1 - 0.75**2)
    np.testing.assert_allclose(w2, w - 0.1 * v_hat / (np.sqrt(a_hat) + 0.25))


def test_adam_of_a_constant_gradient_takes_steps_of_the_learning_rate():
    """The bias correction makes v̂ = dw and â = dw² from the first step on, so each step is lr · sign(dw)."""
    w, dw = drawn()
    config = None
    for step in range(1, 9):
        next_w, config = optim.adam(w, dw, config)
        np.testing.assert_allclose(w - next_w, 1e-3 * np.sign(dw), rtol=1e-5)
        assert config["t"] == step
        w = next_w
