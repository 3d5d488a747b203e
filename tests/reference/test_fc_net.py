"""The modular networks: the course's figures, numeric gradients, dtype, and settings that arrive later."""

import itertools

import numpy as np
import pytest

from solutions.nndl.fc_net import FullyConnectedNet, TwoLayerNet
from solutions.nndl.optim import sgd

from .numeric import central_difference

Y = np.array([0, 5, 1])


def course_net(reg):
    net = TwoLayerNet(input_dim=5, hidden_dims=50, num_classes=7, reg=reg)
    ends = {"W1": (-0.7, 0.3), "b1": (-0.1, 0.9), "W2": (-0.3, 0.4), "b2": (-0.9, 0.1)}
    for name, (first, last) in ends.items():
        shape = net.params[name].shape
        net.params[name] = np.linspace(first, last, num=np.prod(shape)).reshape(shape)
    return net


@pytest.mark.parametrize(("reg", "loss"), [(0.0, 3.4702243556), (1.0, 26.5948426952)])
def test_the_courses_figures(reg, loss):
    X = np.linspace(-5.5, 4.5, num=15).reshape(5, 3).T
    assert course_net(reg).loss(X, Y)[0] == pytest.approx(loss, abs=1e-9)


NETS = {
    "two layers": lambda reg: TwoLayerNet(10, 6, 7, weight_scale=0.5, reg=reg),
    "no hidden layer": lambda reg: FullyConnectedNet([], 10, 7, weight_scale=0.5, reg=reg, dtype=np.float64),
    "one": lambda reg: FullyConnectedNet([6], 10, 7, weight_scale=0.5, reg=reg, dtype=np.float64),
    "three": lambda reg: FullyConnectedNet([6, 4, 5], 10, 7, weight_scale=0.7, reg=reg, dtype=np.float64),
}


@pytest.mark.parametrize("reg", [0.0, 3.14])
@pytest.mark.parametrize("net", NETS)
@pytest.mark.parametrize("n", [1, 3])
def test_gradients(net, reg, n):
    rng = np.random.default_rng(0)
    np.random.seed(0)
    net = NETS[net](reg)
    for value in net.params.values():  # biases away from zero, so that forgetting or penalising them shows
        value += rng.normal(scale=0.1, size=value.shape)
    X, y = rng.normal(size=(n, 2, 5)), Y[:n]
    _, grads = net.loss(X, y)
    assert grads.keys() == net.params.keys()
    for name, value in net.params.items():
        numeric = central_difference(lambda: net.loss(X, y)[0], value)
        assert grads[name].shape == value.shape
        np.testing.assert_allclose(grads[name], numeric, rtol=1e-5, atol=1e-7)


def test_initial_parameters():
    np.random.seed(1)
    for net in (
        TwoLayerNet(300, 200, 7, weight_scale=0.02),
        FullyConnectedNet([200, 90], 300, 7, weight_scale=0.02),
    ):
        for name, value in net.params.items():
            if name.startswith("b"):
                assert not value.any()
            else:
                assert value.std() == pytest.approx(0.02, rel=0.1)
                assert abs(value.mean()) < 0.002
    assert {k: v.shape for k, v in net.params.items()} == {
        "W1": (300, 200),
        "b1": (200,),
        "W2": (200, 90),
        "b2": (90,),
        "W3": (90, 7),
        "b3": (7,),
    }


def test_both_networks_are_one_when_their_parameters_are():
    X = np.random.default_rng(2).normal(size=(3, 5))
    two = course_net(reg=0.5)
    deep = FullyConnectedNet([50], 5, 7, reg=0.5, dtype=np.float64)
    deep.params = two.params
    assert deep.loss(X, Y)[0] == pytest.approx(two.loss(X, Y)[0])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_is_kept_throughout(dtype):
    # Settings as a random search draws them: numpy scalars of double precision.
    net = FullyConnectedNet([6, 4], 10, 7, reg=np.float64(0.3), weight_scale=np.float64(0.1), dtype=dtype)
    X = np.random.default_rng(3).normal(size=(3, 10))
    for data in (X, X.astype(np.float32), X.astype(np.uint8)):
        assert net.loss(data).dtype == dtype
        loss, grads = net.loss(data, Y)
        assert loss.dtype == dtype
        assert {grad.dtype for grad in grads.values()} == {np.dtype(dtype)}
    for name in net.params:
        net.params[name], _ = sgd(net.params[name], grads[name], {"learning_rate": np.float64(0.1)})
    assert {value.dtype for value in net.params.values()} == {np.dtype(dtype)}


@pytest.mark.parametrize("net", NETS)
def test_loss_changes_neither_data_nor_parameters(net):
    net = NETS[net](0.5)
    X = np.random.default_rng(4).normal(size=(3, 10))
    kept = [array.copy() for array in (X, *net.params.values())]
    net.loss(X, Y)
    for array, before in zip((X, *net.params.values()), kept, strict=True):
        np.testing.assert_array_equal(array, before)


@pytest.mark.parametrize("net", NETS)
def test_huge_scores_do_not_overflow(net):
    net = NETS[net](0.0)
    loss, grads = net.loss(1e5 * np.random.default_rng(5).normal(size=(3, 10)), Y)
    assert np.isfinite(loss)
    assert all(np.isfinite(grad).all() for grad in grads.values())


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"dropout": 1.5}, "dropout is 1.5, not a probability"),
        ({"dropout": 1}, "dropout is 1, not a probability"),
        ({"dropout": -0.1}, "not a probability"),
        ({"normalization": "groupnorm"}, "normalization is 'groupnorm'; it must be one of"),
        ({"use_batchnorm": True, "normalization": "layernorm"}, "contradict"),
    ],
)
def test_settings_that_cannot_be_met_are_explained(settings, says):
    with pytest.raises(ValueError, match=says):
        FullyConnectedNet([6], **settings)
    if settings.keys() == {"dropout"}:
        with pytest.raises(ValueError, match=says):
            TwoLayerNet(**settings)


def test_the_two_layer_net_sends_those_who_want_dropout_to_the_net_that_has_it():
    with pytest.raises(ValueError, match=r"use FullyConnectedNet\(\[100\], dropout=0.5\)"):
        TwoLayerNet(dropout=0.5)


NORMALISED = list(itertools.product([None, "batchnorm", "layernorm"], [0, 0.4]))


def normalised_net(normalization, dropout, reg=0.0, dtype=np.float64, hidden=(6, 4)):
    """A net with sizes that are all different, and every parameter away from its first value."""
    np.random.seed(0)
    net = FullyConnectedNet(
        list(hidden), 10, 7, dropout, normalization=normalization, reg=reg, weight_scale=0.5, dtype=dtype, seed=3
    )
    rng = np.random.default_rng(0)
    for value in net.params.values():
        value += rng.normal(scale=0.1, size=value.shape)
    return net


@pytest.mark.parametrize("reg", [0.0, 3.14])
@pytest.mark.parametrize(("normalization", "dropout"), NORMALISED)
def test_gradients_with_normalisation_and_dropout(normalization, dropout, reg):
    net = normalised_net(normalization, dropout, reg)
    X, y = np.random.default_rng(1).normal(size=(3, 2, 5)), Y
    _, grads = net.loss(X, y)
    assert grads.keys() == net.params.keys()
    for name, value in net.params.items():
        numeric = central_difference(lambda: net.loss(X, y)[0], value)
        np.testing.assert_allclose(grads[name], numeric, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("normalization", "dropout"), NORMALISED)
def test_which_parameters_there_are(normalization, dropout):
    net = FullyConnectedNet([6, 4], 10, 7, dropout, normalization=normalization)
    scales = {"gamma1": (6,), "beta1": (6,), "gamma2": (4,), "beta2": (4,)} if normalization else {}
    plain = {"W1": (10, 6), "b1": (6,), "W2": (6, 4), "b2": (4,), "W3": (4, 7), "b3": (7,)}
    assert {name: value.shape for name, value in net.params.items()} == plain | scales
    for name in scales:
        np.testing.assert_array_equal(net.params[name], float(name.startswith("gamma")))
    assert list(net.norm_params) == ([1, 2] if normalization else [])
    assert list(net.dropout_params) == ([1, 2] if dropout else [])


@pytest.mark.parametrize(("normalization", "dropout"), NORMALISED)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_is_kept_with_normalisation_and_dropout(normalization, dropout, dtype):
    net = normalised_net(normalization, dropout, reg=np.float64(0.3), dtype=dtype)
    X = np.random.default_rng(3).normal(size=(3, 10))
    loss, grads = net.loss(X, Y)
    assert {loss.dtype, net.loss(X).dtype, *(grad.dtype for grad in grads.values())} == {np.dtype(dtype)}


@pytest.mark.parametrize("settings", [{"use_batchnorm": True}, {"use_batchnorm": True, "normalization": "batchnorm"}])
def test_use_batchnorm_is_another_way_to_say_it(settings):
    assert FullyConnectedNet([6], **settings).normalization == "batchnorm"


@pytest.mark.parametrize("normalization", [None, "layernorm"])
def test_predictions_drop_nothing(normalization):
    dropping, plain = normalised_net(normalization, 0.9), normalised_net(normalization, 0)
    X = np.random.default_rng(4).normal(size=(3, 10))
    np.testing.assert_array_equal(dropping.loss(X), plain.loss(X))
    assert dropping.loss(X, Y)[0] != plain.loss(X, Y)[0]


def test_predictions_use_running_statistics():
    net = normalised_net("batchnorm", 0)
    X = np.random.default_rng(5).normal(size=(8, 10))
    for _ in range(300):  # 0.9^300 of the start is left
        net.loss(X, np.arange(8) % 7)
    before = {layer: dict(param) for layer, param in net.norm_params.items()}
    scores = net.loss(X)
    np.testing.assert_allclose(np.concatenate([net.loss(x[None]) for x in X]), scores)
    for layer, param in before.items():
        np.testing.assert_array_equal(net.norm_params[layer]["running_mean"], param["running_mean"])


def test_scores_are_not_normalised():
    net = normalised_net("batchnorm", 0)
    X = np.random.default_rng(6).normal(size=(8, 10))
    loss = {}
    for shift in (0.0, 100.0):
        net.params["b3"][0] = shift
        loss[shift] = net.loss(X, np.arange(8) % 7)[0]
    assert loss[100.0] > loss[0.0] + 50


def test_a_seed_repeats_what_is_dropped_but_not_from_layer_to_layer():
    X = np.random.default_rng(7).normal(size=(5, 10))
    y = np.arange(5)
    net = FullyConnectedNet([30, 30], 10, 7, 0.5, weight_scale=0.5, dtype=np.float64, seed=1)
    assert net.loss(X, y)[0] == net.loss(X, y)[0]
    assert net.dropout_params[1]["seed"] != net.dropout_params[2]["seed"]
    free = FullyConnectedNet([30, 30], 10, 7, 0.5, weight_scale=0.5, dtype=np.float64)
    assert free.loss(X, y)[0] != free.loss(X, y)[0]


def test_sgd():
    w, dw = np.array([1.0, -2.0, 0.5]), np.array([10.0, 0.0, -5.0])
    next_w, config = sgd(w, dw)
    np.testing.assert_allclose(next_w, [0.9, -2.0, 0.55])
    assert config == {"learning_rate": 1e-2}
    np.testing.assert_array_equal(dw, [10.0, 0.0, -5.0])
    next_w, config = sgd(np.ones(2), np.ones(2), {"learning_rate": 0.5, "note": "kept"})
    np.testing.assert_allclose(next_w, 0.5)
    assert config == {"learning_rate": 0.5, "note": "kept"}
