"""What the normalisations promise: means and variances, running statistics, test mode, and how they are related."""

import numpy as np
import pytest

from solutions.nndl import conv_layers, layers

RNG = np.random.default_rng


def table(n=6, d=4, seed=0):
    rng = RNG(seed)
    return 3 + 2 * rng.normal(size=(n, d)), rng.normal(size=d), rng.normal(size=d)


def images(n=2, c=6, h=3, w=5, seed=0):
    rng = RNG(seed)
    return 3 + 2 * rng.normal(size=(n, c, h, w)), rng.normal(size=c), rng.normal(size=c)


def whitened(x, axes, eps):
    """The definition, with numpy's own mean and variance."""
    return (x - x.mean(axis=axes, keepdims=True)) / np.sqrt(x.var(axis=axes, keepdims=True) + eps)


# --- each layer brings what it normalises to beta and gamma ------------------------------------------------


def test_batchnorm_output_has_mean_beta_and_deviation_gamma():
    x, gamma, beta = table(n=50)
    out, _ = layers.batchnorm_forward(x, gamma, beta, {"mode": "train", "eps": 0})
    np.testing.assert_allclose(out.mean(axis=0), beta, atol=1e-12)
    np.testing.assert_allclose(out.std(axis=0), np.abs(gamma))


def test_layernorm_output_of_each_example_has_mean_0_and_variance_1():
    x, gamma, beta = table()
    out, _ = layers.layernorm_forward(x, np.ones(4), np.zeros(4), {"eps": 0})
    np.testing.assert_allclose(out.mean(axis=1), 0, atol=1e-12)
    np.testing.assert_allclose(out.var(axis=1), 1)
    scaled, _ = layers.layernorm_forward(x, gamma, beta, {"eps": 0})
    np.testing.assert_allclose(scaled, gamma * out + beta)


def test_spatial_batchnorm_is_per_channel():
    x, gamma, beta = images()
    out, _ = conv_layers.spatial_batchnorm_forward(x, gamma, beta, {"mode": "train", "eps": 0.1})
    expected = gamma[:, None, None] * whitened(x, (0, 2, 3), 0.1) + beta[:, None, None]
    np.testing.assert_allclose(out, expected)


@pytest.mark.parametrize("groups", [1, 2, 3, 6])
def test_groupnorm_is_per_group_of_neighbours(groups):
    x, gamma, beta = (array.reshape(1, 6, 1, 1) if array.ndim == 1 else array for array in images())
    out, _ = conv_layers.spatial_groupnorm_forward(x, gamma, beta, groups, {"eps": 0.1})
    size = 6 // groups
    for first in range(0, 6, size):
        part = slice(first, first + size)
        expected = gamma[:, part] * whitened(x[:, part], (1, 2, 3), 0.1) + beta[:, part]
        np.testing.assert_allclose(out[:, part], expected)


@pytest.mark.parametrize("eps", [1e-5, 0.7])
def test_eps_is_added_to_the_variance_in_both_modes(eps):
    x, gamma, beta = table()
    bn_param = {"mode": "train", "momentum": 0.0} | ({"eps": eps} if eps > 1e-5 else {})  # 1e-5 is the default
    train, _ = layers.batchnorm_forward(x, gamma, beta, bn_param)
    np.testing.assert_allclose(train, gamma * whitened(x, 0, eps) + beta)
    test, _ = layers.batchnorm_forward(x, gamma, beta, bn_param | {"mode": "test"})
    np.testing.assert_allclose(test, train)  # momentum 0: the running statistics are those of x


def test_layernorm_is_the_normalisation_that_is_left_when_tables_are_turned():
    x, _, _ = table()
    by_row, _ = layers.layernorm_forward(x, np.ones(4), np.zeros(4), {})
    by_column, _ = layers.batchnorm_forward(x.T, np.ones(6), np.zeros(6), {"mode": "train"})
    np.testing.assert_allclose(by_row, by_column.T)


def test_spatial_batchnorm_of_single_pixels_is_batchnorm():
    x, gamma, beta = table()
    flat = layers.batchnorm_forward(x, gamma, beta, flat_param := {"mode": "train"})[0]
    deep_param = {"mode": "train"}
    deep = conv_layers.spatial_batchnorm_forward(x[:, :, None, None], gamma, beta, deep_param)[0]
    np.testing.assert_allclose(deep[:, :, 0, 0], flat)
    for name in ("running_mean", "running_var"):
        np.testing.assert_allclose(deep_param[name], flat_param[name])


def test_groupnorm_with_one_group_ignores_how_each_image_is_scaled_and_shifted():
    x, _, _ = images()
    ones, zeros = np.ones((1, 6, 1, 1)), np.zeros((1, 6, 1, 1))
    change = RNG(3).uniform(2, 5, size=(2, 1, 1, 1))
    plain, _ = conv_layers.spatial_groupnorm_forward(x, ones, zeros, 1, {"eps": 0})
    changed, _ = conv_layers.spatial_groupnorm_forward(change * x + 7 * change, ones, zeros, 1, {"eps": 0})
    np.testing.assert_allclose(changed, plain)


# --- running statistics ------------------------------------------------------------------------------------


@pytest.mark.parametrize("settings", [{}, {"momentum": 0.6}])
def test_running_statistics_are_an_exponential_average_from_zero(settings):
    m = settings.get("momentum", 0.9)
    bn_param = {"mode": "train"} | settings
    mean, var = np.zeros(4), np.zeros(4)
    for seed in range(5):
        x, gamma, beta = table(seed=seed)
        layers.batchnorm_forward(x, gamma, beta, bn_param)
        mean, var = m * mean + (1 - m) * x.mean(axis=0), m * var + (1 - m) * x.var(axis=0)
        np.testing.assert_allclose(bn_param["running_mean"], mean)
        np.testing.assert_allclose(bn_param["running_var"], var)


def test_running_statistics_of_images_have_one_entry_for_each_channel():
    x, gamma, beta = images()
    bn_param = {"mode": "train", "momentum": 0.25}
    conv_layers.spatial_batchnorm_forward(x, gamma, beta, bn_param)
    np.testing.assert_allclose(bn_param["running_mean"], 0.75 * x.mean(axis=(0, 2, 3)))
    np.testing.assert_allclose(bn_param["running_var"], 0.75 * x.var(axis=(0, 2, 3)))


@pytest.mark.parametrize("spatial", [False, True])
def test_test_mode_uses_running_statistics_and_keeps_them(spatial):
    x, gamma, beta = images(c=4) if spatial else table()
    forward = conv_layers.spatial_batchnorm_forward if spatial else layers.batchnorm_forward
    mean, var = RNG(5).normal(size=4), RNG(6).uniform(0.5, 3, size=4)
    bn_param = {"mode": "test", "eps": 0.3, "running_mean": mean.copy(), "running_var": var.copy()}
    out, _ = forward(x, gamma, beta, bn_param)
    lift = (slice(None), *[None] * (x.ndim - 2))
    expected = gamma[lift] * (x - mean[lift]) / np.sqrt(var[lift] + 0.3) + beta[lift]
    np.testing.assert_allclose(out, expected)
    np.testing.assert_array_equal(bn_param["running_mean"], mean)
    np.testing.assert_array_equal(bn_param["running_var"], var)
    one_by_one = np.concatenate([forward(x[n : n + 1], gamma, beta, bn_param)[0] for n in range(len(x))])
    np.testing.assert_allclose(one_by_one, out)  # no example sees another one


def test_float32_statistics_stay_float32_for_numpy_settings():
    x, gamma, beta = (array.astype(np.float32) for array in table())
    bn_param = {"mode": "train", "eps": np.float64(1e-4), "momentum": np.float64(0.8)}
    for _ in range(2):
        assert layers.batchnorm_forward(x, gamma, beta, bn_param)[0].dtype == np.float32
    assert bn_param["running_mean"].dtype == bn_param["running_var"].dtype == np.float32
    assert layers.batchnorm_forward(x, gamma, beta, bn_param | {"mode": "test"})[0].dtype == np.float32


def test_a_backward_pass_of_test_mode_is_refused():
    for forward, backward, (x, gamma, beta) in (
        (layers.batchnorm_forward, layers.batchnorm_backward, table()),
        (conv_layers.spatial_batchnorm_forward, conv_layers.spatial_batchnorm_backward, images()),
    ):
        out, cache = forward(x, gamma, beta, {"mode": "test"})
        with pytest.raises(ValueError, match=rf'{backward.__name__}: the cache is empty.*mode "train" only'):
            backward(np.ones_like(out), cache)


# --- backward passes ---------------------------------------------------------------------------------------


def test_both_backward_passes_of_batchnorm_agree():
    x, gamma, beta = table(n=200, d=30)
    out, cache = layers.batchnorm_forward(x, gamma, beta, {"mode": "train"})
    dout = RNG(1).normal(size=out.shape)
    for one, other in zip(
        layers.batchnorm_backward(dout, cache), layers.batchnorm_backward_alt(dout, cache), strict=True
    ):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-11)


def test_no_gradient_flows_into_what_the_normalisation_takes_out():
    """Shifting all examples of a feature, or stretching them around their mean, changes nothing: dx is orthogonal."""
    x, gamma, beta = table()
    _, cache = layers.batchnorm_forward(x, gamma, beta, {"mode": "train", "eps": 0})
    dx, _, _ = layers.batchnorm_backward(RNG(1).normal(size=x.shape), cache)
    np.testing.assert_allclose(dx.sum(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose((dx * x).sum(axis=0), 0, atol=1e-12)


@pytest.mark.parametrize("backward", [layers.batchnorm_backward, layers.batchnorm_backward_alt])
def test_a_single_example_is_its_own_mean(backward):
    x, gamma, beta = table(n=1)
    out, cache = layers.batchnorm_forward(x, gamma, beta, {"mode": "train"})
    np.testing.assert_allclose(out[0], beta)
    dx, dgamma, dbeta = backward(np.ones((1, 4)), cache)
    np.testing.assert_allclose(dx, 0, atol=1e-10)
    np.testing.assert_allclose(dgamma, 0)
    np.testing.assert_allclose(dbeta, 1)
