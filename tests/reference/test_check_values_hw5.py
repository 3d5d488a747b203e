"""The numbers that the courses print in their check cells for HW5, against the reference.

UCLA ECE C147 HW5 and Stanford CS231n assignment 2: their inputs and the values they expect, to the digits they print.
The random inputs are those of numpy's legacy generator with the courses' seed, 231.
"""

import numpy as np
import pytest

from solutions.nndl.cnn import ThreeLayerConvNet
from solutions.nndl.conv_layers import (
    conv_forward_naive,
    max_pool_forward_naive,
    spatial_batchnorm_forward,
    spatial_groupnorm_forward,
)
from utils.fast_layers import conv_forward_fast, max_pool_forward_fast

SEED = 231


def spaced(start, end, *shape):
    return np.linspace(start, end, num=np.prod(shape)).reshape(shape)


@pytest.mark.parametrize("forward", [conv_forward_naive, conv_forward_fast])
def test_convolution(forward):
    x, w, b = spaced(-0.1, 0.5, 2, 3, 4, 4), spaced(-0.2, 0.3, 3, 3, 4, 4), np.linspace(-0.1, 0.2, num=3)
    out, _ = forward(x, w, b, {"stride": 2, "pad": 1})
    expected = [
        [
            [[-0.08759809, -0.10987781], [-0.18387192, -0.2109216]],
            [[0.21027089, 0.21661097], [0.22847626, 0.23004637]],
            [[0.50813986, 0.54309974], [0.64082444, 0.67101435]],
        ],
        [
            [[-0.98053589, -1.03143541], [-1.19128892, -1.24695841]],
            [[0.69108355, 0.66880383], [0.59480972, 0.56776003]],
            [[2.36270298, 2.36904306], [2.38090835, 2.38247847]],
        ],
    ]
    np.testing.assert_allclose(out, expected, rtol=0, atol=5e-9)


@pytest.mark.parametrize("forward", [max_pool_forward_naive, max_pool_forward_fast])
def test_max_pooling(forward):
    out, _ = forward(spaced(-0.3, 0.4, 2, 3, 4, 4), {"pool_height": 2, "pool_width": 2, "stride": 2})
    expected = [
        [
            [[-0.26315789, -0.24842105], [-0.20421053, -0.18947368]],
            [[-0.14526316, -0.13052632], [-0.08631579, -0.07157895]],
            [[-0.02736842, -0.01263158], [0.03157895, 0.04631579]],
        ],
        [
            [[0.09052632, 0.10526316], [0.14947368, 0.16421053]],
            [[0.20842105, 0.22315789], [0.26736842, 0.28210526]],
            [[0.32631579, 0.34105263], [0.38526316, 0.4]],
        ],
    ]
    np.testing.assert_allclose(out, expected, rtol=0, atol=5e-9)


def test_spatial_batch_norm_in_training():
    x = 4 * np.random.RandomState(SEED).randn(2, 3, 4, 5) + 10
    np.testing.assert_allclose(x.mean(axis=(0, 2, 3)), [9.33463814, 8.90909116, 9.11056338], rtol=0, atol=5e-9)
    np.testing.assert_allclose(x.std(axis=(0, 2, 3)), [3.61447857, 3.19347686, 3.5168142], rtol=0, atol=5e-9)
    out, _ = spatial_batchnorm_forward(x, np.ones(3), np.zeros(3), {"mode": "train"})
    np.testing.assert_allclose(out.mean(axis=(0, 2, 3)), 0, atol=1e-14)
    np.testing.assert_allclose(out.std(axis=(0, 2, 3)), [0.99999962, 0.99999951, 0.9999996], rtol=0, atol=5e-9)
    gamma, beta = np.array([3.0, 4.0, 5.0]), np.array([6.0, 7.0, 8.0])
    out, _ = spatial_batchnorm_forward(x, gamma, beta, {"mode": "train"})
    np.testing.assert_allclose(out.mean(axis=(0, 2, 3)), beta, rtol=1e-14)
    np.testing.assert_allclose(out.std(axis=(0, 2, 3)), [2.99999885, 3.99999804, 4.99999798], rtol=0, atol=5e-9)


def test_spatial_batch_norm_at_test_time():
    """Fifty minibatches fill the running statistics; these are then used for another one."""
    rng = np.random.RandomState(SEED)
    gamma, beta, bn_param = np.ones(4), np.zeros(4), {"mode": "train"}
    for _ in range(50):
        spatial_batchnorm_forward(2.3 * rng.randn(10, 4, 11, 12) + 13, gamma, beta, bn_param)
    bn_param["mode"] = "test"
    out, _ = spatial_batchnorm_forward(2.3 * rng.randn(10, 4, 11, 12) + 13, gamma, beta, bn_param)
    means, stds = out.mean(axis=(0, 2, 3)), out.std(axis=(0, 2, 3))
    np.testing.assert_allclose(means, [-0.08034406, 0.07562881, 0.05716371, 0.04378383], rtol=0, atol=5e-9)
    np.testing.assert_allclose(stds, [0.96718744, 1.0299714, 1.02887624, 1.00585577], rtol=0, atol=5e-9)


def test_spatial_group_norm():
    x = 4 * np.random.RandomState(SEED).randn(2, 6, 4, 5) + 10
    before = x.reshape(4, -1)
    means, stds = [9.72505327, 8.51114185, 8.9147544, 9.43448077], [3.67070958, 3.09892597, 4.27043622, 3.97521327]
    np.testing.assert_allclose(before.mean(axis=1), means, rtol=0, atol=5e-9)
    np.testing.assert_allclose(before.std(axis=1), stds, rtol=0, atol=5e-9)
    ones = np.ones((1, 6, 1, 1))
    after = spatial_groupnorm_forward(x, ones, 0 * ones, 2, {})[0].reshape(4, -1)
    np.testing.assert_allclose(after.mean(axis=1), 0, atol=1e-14)
    var = before.var(axis=1)  # ε takes its part: √(σ² / (σ² + 1e-5)), a little less than the 1 that the courses ask for
    np.testing.assert_allclose(after.std(axis=1), np.sqrt(var / (var + 1e-5)), rtol=1e-12)


def test_the_first_loss_of_the_convolutional_net():
    """The courses print 2.302586… without and 2.508… with the penalty, whose expectation they do not seed."""
    np.random.seed(SEED)
    net = ThreeLayerConvNet()
    X, y = np.random.randn(50, 3, 32, 32), np.random.randint(10, size=50)
    assert net.loss(X, y)[0] == pytest.approx(2.302586, abs=5e-6)
    net.reg = 0.5
    assert net.loss(X, y)[0] == pytest.approx(2.508, abs=2e-3)
