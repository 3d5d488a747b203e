"""The numbers that CS231n and ECE C147 print beside the exercises of HW4: the reference gives them, too.

Facts, published with many notebooks of these courses: inputs, settings and what comes out. Names are this course's
(``a`` and ``v`` where they say ``cache``, or ``v`` and ``m``). What they print of dropout depends on how a mask is
drawn; of that, only what does not is here.
"""

from __future__ import annotations

import numpy as np
import pytest

from solutions.nndl import optim
from solutions.nndl.fc_net import FullyConnectedNet
from solutions.nndl.layers import batchnorm_forward, dropout_forward, layernorm_forward

DIGITS = 0.6e-8  # of values printed with eight of them

W, DW = np.linspace(-0.4, 0.6, 20).reshape(4, 5), np.linspace(-0.6, 0.4, 20).reshape(4, 5)
RISING, FALLING = np.linspace(0.6, 0.9, 20).reshape(4, 5), np.linspace(0.7, 0.5, 20).reshape(4, 5)

VELOCITY = [
    [0.5406, 0.55475789, 0.56891579, 0.58307368, 0.59723158],
    [0.61138947, 0.62554737, 0.63970526, 0.65386316, 0.66802105],
    [0.68217895, 0.69633684, 0.71049474, 0.72465263, 0.73881053],
    [0.75296842, 0.76712632, 0.78128421, 0.79544211, 0.8096],
]
MOMENTUM = [
    [0.1406, 0.20738947, 0.27417895, 0.34096842, 0.40775789],
    [0.47454737, 0.54133684, 0.60812632, 0.67491579, 0.74170526],
    [0.80849474, 0.87528421, 0.94207368, 1.00886316, 1.07565263],
    [1.14244211, 1.20923158, 1.27602105, 1.34281053, 1.4096],
]
NESTEROV = [
    [0.08714, 0.15246105, 0.21778211, 0.28310316, 0.34842421],
    [0.41374526, 0.47906632, 0.54438737, 0.60970842, 0.67502947],
    [0.74035053, 0.80567158, 0.87099263, 0.93631368, 1.00163474],
    [1.06695579, 1.13227684, 1.19759789, 1.26291895, 1.32824],
]
RMSPROP = [
    [-0.39223849, -0.34037513, -0.28849239, -0.23659121, -0.18467247],
    [-0.132737, -0.08078555, -0.02881884, 0.02316247, 0.07515774],
    [0.12716641, 0.17918792, 0.23122175, 0.28326742, 0.33532447],
    [0.38739248, 0.43947102, 0.49155973, 0.54365823, 0.59576619],
]
RMSPROP_A = [
    [0.5976, 0.6126277, 0.6277108, 0.64284931, 0.65804321],
    [0.67329252, 0.68859723, 0.70395734, 0.71937285, 0.73484377],
    [0.75037008, 0.7659518, 0.78158892, 0.79728144, 0.81302936],
    [0.82883269, 0.84469141, 0.86060554, 0.87657507, 0.8926],
]
ADAM = [
    [-0.40094747, -0.34836187, -0.29577703, -0.24319299, -0.19060977],
    [-0.1380274, -0.08544591, -0.03286534, 0.01971428, 0.0722929],
    [0.1248705, 0.17744702, 0.23002243, 0.28259667, 0.33516969],
    [0.38774145, 0.44031188, 0.49288093, 0.54544852, 0.59801459],
]
ADAM_V = [
    [0.48, 0.49947368, 0.51894737, 0.53842105, 0.55789474],
    [0.57736842, 0.59684211, 0.61631579, 0.63578947, 0.65526316],
    [0.67473684, 0.69421053, 0.71368421, 0.73315789, 0.75263158],
    [0.77210526, 0.79157895, 0.81105263, 0.83052632, 0.85],
]
ADAM_A = [
    [0.69966, 0.68908382, 0.67851319, 0.66794809, 0.65738853],
    [0.64683452, 0.63628604, 0.6257431, 0.61520571, 0.60467385],
    [0.59414753, 0.58362676, 0.57311152, 0.56260183, 0.55209767],
    [0.54159906, 0.53110598, 0.52061845, 0.51013645, 0.49966],
]


@pytest.mark.parametrize(
    ("rule", "config", "known"),
    [
        (optim.sgd_momentum, {"learning_rate": 1e-3, "velocity": RISING}, {"next_w": MOMENTUM, "velocity": VELOCITY}),
        (
            optim.sgd_nesterov_momentum,
            {"learning_rate": 1e-3, "velocity": RISING},
            {"next_w": NESTEROV, "velocity": VELOCITY},
        ),
        (optim.rmsprop, {"learning_rate": 1e-2, "a": RISING}, {"next_w": RMSPROP, "a": RMSPROP_A}),
        (
            optim.adam,
            {"learning_rate": 1e-2, "v": RISING, "a": FALLING, "t": 5},
            {"next_w": ADAM, "v": ADAM_V, "a": ADAM_A, "t": 6},
        ),
    ],
)
def test_update_rules(rule, config, known):
    next_w, config = rule(W.copy(), DW.copy(), {key: np.copy(value)[()] for key, value in config.items()})
    for name, value in known.items():
        np.testing.assert_allclose({"next_w": next_w, **config}[name], value, rtol=0, atol=DIGITS)


def random_columns(rows, weights=None):
    """Rows that went through two layers of random weights, CS231n's input of the normalisations."""
    X = np.random.randn(rows, 50)
    W1, W2 = weights or (np.random.randn(50, 60), np.random.randn(60, 3))
    return np.maximum(0, X @ W1) @ W2


def test_batch_normalisation_in_training():
    np.random.seed(231)
    columns = random_columns(200)
    np.testing.assert_allclose(columns.mean(axis=0), [-2.3814598, -13.18038246, 1.91780462], rtol=0, atol=DIGITS)
    np.testing.assert_allclose(columns.std(axis=0), [27.18502186, 34.21455511, 37.68611762], rtol=0, atol=DIGITS)
    for gamma, beta, stds in (
        ([1, 1, 1], [0, 0, 0], [0.99999999, 1, 1]),
        ([1, 2, 3], [11, 12, 13], [0.99999999, 1.99999999, 2.99999999]),
    ):
        out, _ = batchnorm_forward(columns, np.array(gamma, float), np.array(beta, float), {"mode": "train"})
        np.testing.assert_allclose(out.mean(axis=0), beta, rtol=0, atol=1e-12)
        np.testing.assert_allclose(out.std(axis=0), stds, rtol=0, atol=DIGITS)


def test_batch_normalisation_at_test_time():
    np.random.seed(231)
    weights = np.random.randn(50, 60), np.random.randn(60, 3)
    bn_param = {"mode": "train"}
    for _ in range(50):
        batchnorm_forward(random_columns(200, weights), np.ones(3), np.zeros(3), bn_param)
    out, _ = batchnorm_forward(random_columns(200, weights), np.ones(3), np.zeros(3), bn_param | {"mode": "test"})
    np.testing.assert_allclose(out.mean(axis=0), [-0.03927354, -0.04349152, -0.10452688], rtol=0, atol=DIGITS)
    np.testing.assert_allclose(out.std(axis=0), [1.01531428, 1.01238373, 0.97819988], rtol=0, atol=DIGITS)


def test_layer_normalisation():
    np.random.seed(231)
    rows = random_columns(4)
    means, stds = [-59.06673243, -47.60782686, -43.31137368, -26.40991744], [10.07429373, 28.39478981, 35.28360729]
    np.testing.assert_allclose(rows.mean(axis=1), means, rtol=0, atol=DIGITS)
    np.testing.assert_allclose(rows.std(axis=1), [*stds, 4.01831507], rtol=0, atol=DIGITS)
    for gamma, beta, stds in (
        (1, 0, [0.99999995, 0.99999999, 1, 0.99999969]),
        (3, 5, [2.99999985, 2.99999998, 2.99999999, 2.99999907]),
    ):
        out, _ = layernorm_forward(rows, np.full(3, float(gamma)), np.full(3, float(beta)), {})
        np.testing.assert_allclose(out.mean(axis=1), beta, rtol=0, atol=1e-12)
        np.testing.assert_allclose(out.std(axis=1), stds, rtol=0, atol=DIGITS)


@pytest.mark.parametrize(
    ("settings", "known"),
    [
        (
            [{"normalization": "batchnorm", "reg": 0}, {"normalization": "batchnorm", "reg": 3.14}],
            [2.26119551, 6.99653322],
        ),
        ([{"reg": 0}, {"reg": 3.14}], [2.30047909, 7.05211478]),
    ],
    ids=["batch normalisation", "none"],
)
def test_first_losses_of_a_network(settings, known):
    """Of nets that are made one after the other, so that the second depends on what the first has drawn."""
    np.random.seed(231)
    X, y = np.random.randn(2, 15), np.random.randint(10, size=2)
    for options, loss in zip(settings, known, strict=True):
        net = FullyConnectedNet([20, 30], input_dim=15, weight_scale=5e-2, dtype=np.float64, **options)
        assert net.loss(X, y)[0] == pytest.approx(loss, abs=DIGITS)


def test_dropout():
    np.random.seed(231)
    x = np.random.randn(500, 500) + 10
    assert x.mean() == pytest.approx(10.000207878477502, abs=1e-12)
    for p in (0.25, 0.4, 0.7):
        out, _ = dropout_forward(x, {"mode": "train", "p": p})
        assert np.mean(out == 0) == pytest.approx(p, abs=6 * np.sqrt(p * (1 - p) / x.size))
        assert out.mean() == pytest.approx(x.mean(), abs=0.2)
        np.testing.assert_array_equal(dropout_forward(x, {"mode": "test", "p": p})[0], x)
