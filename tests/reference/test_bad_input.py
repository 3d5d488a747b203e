"""Arguments that cannot be right: each is refused in one sentence that names it, its value, and what is allowed."""

import numpy as np
import pytest

from solutions.nndl.cnn import ThreeLayerConvNet
from solutions.nndl.conv_layers import (
    conv_forward_naive,
    max_pool_forward_naive,
    spatial_batchnorm_forward,
    spatial_groupnorm_forward,
)
from solutions.nndl.fc_net import FullyConnectedNet, TwoLayerNet
from solutions.nndl.layers import batchnorm_forward, dropout_forward, layernorm_forward

TABLE, ROW = np.arange(12.0).reshape(4, 3), np.ones(3)
IMAGES, CHANNELS, FILTERS = np.arange(60.0).reshape(1, 3, 4, 5), np.ones(3), np.ones((2, 3, 3, 2))
GROUPED = np.ones((1, 3, 1, 1))


def spoiled(array, value):
    """A copy with one entry of its last row replaced."""
    array = array.copy()
    array[..., -1, 1] = value
    return array


def conv(x=IMAGES, w=FILTERS, b=None, **param):
    return conv_forward_naive(x, w, np.ones(len(w)) if b is None else b, {"stride": 1, "pad": 0} | param)


def pool(x=IMAGES, **param):
    return max_pool_forward_naive(x, {"pool_height": 2, "pool_width": 2, "stride": 2} | param)


def dropout(x=TABLE, **param):
    return dropout_forward(x, {"mode": "train", "p": 0.5} | param)


def batchnorm(x=TABLE, gamma=ROW, beta=ROW, **param):
    return batchnorm_forward(x, gamma, beta, {"mode": "train"} | param)


def fc(X, y=None):
    return FullyConnectedNet([5], 3, 4).loss(X, y)


def cnn(X=IMAGES, y=None, **settings):
    return ThreeLayerConvNet((3, 4, 5), 2, 3, 6, 4, **settings).loss(X, y)


BAD = {
    "stride 0": (lambda: conv(stride=0), r'conv_param\["stride"\] is 0; it must be a whole number, 1 or more'),
    "stride 1.5": (lambda: conv(stride=1.5), r'conv_param\["stride"\] is 1.5; it must be a whole number'),
    "stride True": (lambda: conv(stride=True), r'conv_param\["stride"\] is True; it must be a whole number'),
    "no stride": (
        lambda: conv_forward_naive(IMAGES, FILTERS, np.ones(2), {"pad": 0}),
        r'conv_param has no "stride"; set it to a whole number, 1 or more',
    ),
    "pad -1": (lambda: conv(pad=-1), r'conv_param\["pad"\] is -1; it must be a whole number, 0 or more'),
    "filter too high": (
        lambda: conv(w=np.ones((2, 3, 7, 2)), pad=1),
        "window of 7 × 2 does not fit into an image of 4 × 5 padded by 1; make it at most 6 × 7",
    ),
    "filter too wide": (
        lambda: conv(w=np.ones((2, 3, 1, 6))),
        "window of 1 × 6 does not fit into an image of 4 × 5; make it at most 4 × 5",
    ),
    "other channels": (
        lambda: conv(w=np.ones((2, 4, 3, 2))),
        r"w has shape \(2, 4, 3, 2\); pass shape \(2, 3, 3, 2\), as x has 3 channels",
    ),
    "biases of channels": (
        lambda: conv(b=CHANNELS),
        r"b has shape \(3,\); pass shape \(2,\), one bias for each filter",
    ),
    "a table for images": (lambda: conv(x=TABLE), r"x has shape \(4, 3\); pass an array of shape \(N, C, H, W\)"),
    "pool stride": (lambda: pool(stride=-2), r'pool_param\["stride"\] is -2'),
    "pool too large": (lambda: pool(pool_height=5), "window of 5 × 2 does not fit into an image of 4 × 5; make"),
    "pool of nothing": (lambda: pool(pool_width=0), r'pool_param\["pool_width"\] is 0; it must be'),
    "pool without images": (lambda: pool(IMAGES[:0]), r"x has shape \(0, 3, 4, 5\); .* no axis of length 0"),
    "mode misspelt": (
        lambda: batchnorm(mode="trian"),
        r"bn_param\[\"mode\"\] is 'trian'; it must be one of \('train', 'test'\)",
    ),
    "no mode": (lambda: batchnorm_forward(TABLE, ROW, ROW, {}), r'bn_param has no "mode" \(it is empty\); pass a dict'),
    "spatial mode": (
        lambda: spatial_batchnorm_forward(IMAGES, CHANNELS, CHANNELS, {"mode": "Train"}),
        r"bn_param\[\"mode\"\] is 'Train'",
    ),
    "dropout mode": (lambda: dropout(mode=1), r'dropout_param\["mode"\] is 1; it must be one of'),
    "drop everything": (lambda: dropout(p=1), "p is 1, not a probability"),
    "p of percent": (lambda: dropout(p=50), "p is 50, not a probability"),
    "no p": (lambda: dropout_forward(TABLE, {"mode": "train"}), "p is None, not a probability"),
    "images for a table": (lambda: batchnorm(IMAGES), r"x has shape \(1, 3, 4, 5\); pass an array of shape \(N, D\)"),
    "gamma as a row": (
        lambda: batchnorm(gamma=ROW[None]),
        r"gamma has shape \(1, 3\); pass shape \(3,\), one entry for each of the D features",
    ),
    "beta of examples": (lambda: batchnorm(beta=np.ones(4)), r"beta has shape \(4,\); pass shape \(3,\)"),
    "layernorm's gamma": (
        lambda: layernorm_forward(TABLE, np.ones(4), ROW, {}),
        r"gamma has shape \(4,\); pass shape \(3,\)",
    ),
    "spatial gamma": (
        lambda: spatial_batchnorm_forward(IMAGES, GROUPED, CHANNELS, {"mode": "train"}),
        r"gamma has shape \(1, 3, 1, 1\); pass shape \(3,\), one entry for each channel",
    ),
    "group gamma": (
        lambda: spatial_groupnorm_forward(IMAGES, CHANNELS, GROUPED, 3, {}),
        r"gamma has shape \(3,\); pass shape \(1, 3, 1, 1\)",
    ),
    "groups": (
        lambda: spatial_groupnorm_forward(IMAGES, GROUPED, GROUPED, 2, {}),
        r"G is 2 for 3 channels; it must be one of \[1, 3\]",
    ),
    "no groups": (lambda: spatial_groupnorm_forward(IMAGES, GROUPED, GROUPED, 0, {}), "G is 0 for 3 channels"),
    "NaN in batchnorm": (
        lambda: batchnorm(spoiled(TABLE, np.nan)),
        r"x\[3, 1\] is nan; every entry must be a finite number",
    ),
    "infinity in layernorm": (lambda: layernorm_forward(spoiled(TABLE, np.inf), ROW, ROW, {}), r"x\[3, 1\] is inf"),
    "NaN in dropout": (lambda: dropout(spoiled(TABLE, np.nan)), r"x\[3, 1\] is nan"),
    "NaN in conv": (lambda: conv(spoiled(IMAGES, np.nan)), r"x\[0, 0, 3, 1\] is nan"),
    "NaN in pool": (lambda: pool(spoiled(IMAGES, np.nan)), r"x\[0, 0, 3, 1\] is nan"),
    "NaN in spatial batchnorm": (
        lambda: spatial_batchnorm_forward(spoiled(IMAGES, np.nan), CHANNELS, CHANNELS, {"mode": "test"}),
        r"x\[0, 0, 3, 1\] is nan",
    ),
    "NaN in groupnorm": (
        lambda: spatial_groupnorm_forward(spoiled(IMAGES, np.nan), GROUPED, GROUPED, 3, {}),
        r"x\[0, 0, 3, 1\] is nan",
    ),
    "NaN in TwoLayerNet": (lambda: TwoLayerNet(3, 5, 4).loss(spoiled(TABLE, np.nan)), r"X\[3, 1\] is nan"),
    "NaN in FullyConnectedNet": (lambda: fc(spoiled(TABLE, np.nan)), r"X\[3, 1\] is nan"),
    "NaN in ThreeLayerConvNet": (lambda: cnn(spoiled(IMAGES, np.nan)), r"X\[0, 0, 3, 1\] is nan"),
    "label too large": (lambda: fc(TABLE, np.array([0, 1, 4, 2])), "label 4 at position 2 is outside 0 … 3"),
    "label of the CNN": (lambda: cnn(y=np.array([-1])), "label -1 at position 0 is outside 0 … 3"),
    "rows for the CNN": (lambda: cnn(TABLE), r"X has shape \(4, 3\); pass an array of shape \(N, C, H, W\)"),
    "even filters": (lambda: ThreeLayerConvNet(filter_size=4), "filter_size is 4; it must be odd"),
    "an image of one row": (lambda: ThreeLayerConvNet((3, 1, 8)), r"input_dim is \(3, 1, 8\); height and width must"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_refused_in_one_sentence(case):
    call, says = BAD[case]
    with pytest.raises(ValueError, match=says) as error:
        call()
    assert "\n" not in str(error.value)
    assert str(error.value).endswith((".", ")"))


def test_a_window_that_leaves_a_rest_is_no_error():
    assert conv(stride=3)[0].shape == (1, 2, 1, 2)
    assert pool(stride=3)[0].shape == (1, 3, 1, 2)


def test_numpy_integers_are_whole_numbers():
    assert pool(stride=np.int64(2), pool_height=np.int32(3))[0].shape == (1, 3, 1, 2)
