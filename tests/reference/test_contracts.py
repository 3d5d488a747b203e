"""One table drives the contract of every layer: shapes, gradients, dtype, and arguments that are left alone."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from solutions.nndl import conv_layer_utils, conv_layers, further, layer_utils, layers

from .numeric import central_difference


@dataclass
class Layer:
    """A layer, the shapes of its array inputs in several situations, and what else it is called with."""

    forward: Any
    backward: Any
    shapes: list
    settings: tuple = ()
    kink: bool = False
    ties: bool = False

    def inputs(self, rng, shapes):
        """Arrays of the given shapes: away from kinks where there are some, no two entries equal where those matter."""
        arrays = [rng.normal(size=shape) for shape in shapes]
        if self.ties:
            arrays[0] = rng.permutation(arrays[0].size).reshape(shapes[0]) / 10
        if self.kink:
            arrays[0] = arrays[0] + np.where(arrays[0] < 0, -0.01, 0.01)
        return arrays

    def run(self, inputs, rng):
        """Output, upstream gradient, and one gradient for each input."""
        out, cache = self.call(inputs)
        dout = rng.normal(size=out.shape).astype(out.dtype)
        dout.flags.writeable = False
        grads = self.backward(dout, cache)
        return out, dout, grads if isinstance(grads, tuple) else (grads,)

    def call(self, inputs):
        # fresh settings for each call: running statistics are written into them
        return self.forward(*inputs, *(dict(s) if isinstance(s, dict) else s for s in self.settings))


def affine(*example, m=5, n=4):
    return [(n, *example), (int(np.prod(example)), m), (m,)]


def normalised(*size):
    return [size, size[-1:], size[-1:]]


def channels(*size):
    return [size, size[1:2], size[1:2]]


def grouped(*size):
    return [size, (1, size[1], 1, 1), (1, size[1], 1, 1)]


def conv(image, filters):
    return [image, filters, filters[:1]]


BN = {"mode": "train", "eps": 1e-2}
DROP = {"mode": "train", "p": 0.4, "seed": 3}
AFFINES = [affine(2, 3), affine(7, n=1), affine(1, n=3), affine(1, n=1), affine(3, 2, 4, n=2)]
TABLES = [normalised(5, 3), normalised(7, 1), normalised(2, 4)]
IMAGES = [(4, 2, 3, 5), (1, 3, 4, 2), (3, 1, 2, 2), (2, 4, 1, 3)]

LAYERS = {
    "affine": Layer(layers.affine_forward, layers.affine_backward, AFFINES),
    "relu": Layer(layers.relu_forward, layers.relu_backward, [[(4, 2, 3)], [(1, 7)], [(1, 1)]], kink=True),
    "affine_relu": Layer(layer_utils.affine_relu_forward, layer_utils.affine_relu_backward, AFFINES),
    "batchnorm": Layer(layers.batchnorm_forward, layers.batchnorm_backward, TABLES, (BN,)),
    "batchnorm_alt": Layer(layers.batchnorm_forward, layers.batchnorm_backward_alt, TABLES, (BN,)),
    "layernorm": Layer(
        layers.layernorm_forward,
        layers.layernorm_backward,
        [*TABLES, normalised(1, 6)],
        ({"eps": 1e-2},),
    ),
    "dropout": Layer(layers.dropout_forward, layers.dropout_backward, [[(9, 4)], [(2, 3, 4, 5)], [(6,)]], (DROP,)),
    "dropout in test mode": Layer(
        layers.dropout_forward, layers.dropout_backward, [[(9, 4)]], ({"mode": "test", "p": 0.4},)
    ),
    "affine_batchnorm_relu": Layer(
        layer_utils.affine_batchnorm_relu_forward,
        layer_utils.affine_batchnorm_relu_backward,
        [[*affine(2, 3, m=5, n=4), (5,), (5,)], [*affine(7, m=3, n=6), (3,), (3,)]],
        (BN,),
    ),
    "conv": Layer(
        conv_layers.conv_forward_naive,
        conv_layers.conv_backward_naive,
        [conv((2, 3, 5, 6), (4, 3, 3, 2)), conv((1, 1, 4, 7), (2, 1, 1, 4)), conv((3, 2, 3, 3), (1, 2, 3, 3))],
        ({"stride": 1, "pad": 0},),
    ),
    "conv, padded, stride 2, a rest": Layer(
        conv_layers.conv_forward_naive,
        conv_layers.conv_backward_naive,
        [conv((2, 3, 5, 6), (4, 3, 2, 3)), conv((1, 2, 1, 4), (3, 2, 3, 1))],
        ({"stride": 2, "pad": 1},),
    ),
    "conv, stride 3, pad 2": Layer(
        conv_layers.conv_forward_naive,
        conv_layers.conv_backward_naive,
        [conv((2, 1, 4, 6), (2, 1, 2, 5))],
        ({"stride": 3, "pad": 2},),
    ),
    "depthwise conv": Layer(
        further.depthwise_conv_forward,
        further.depthwise_conv_backward,
        [conv((2, 3, 5, 6), (3, 3, 2)), conv((1, 1, 4, 7), (1, 1, 4)), conv((3, 2, 3, 3), (2, 3, 3))],
        ({"stride": 1, "pad": 0},),
    ),
    "depthwise conv, padded, stride 2, a rest": Layer(
        further.depthwise_conv_forward,
        further.depthwise_conv_backward,
        [conv((2, 3, 5, 6), (3, 2, 3)), conv((1, 2, 1, 4), (2, 3, 1))],
        ({"stride": 2, "pad": 1},),
    ),
    "pool": Layer(
        conv_layers.max_pool_forward_naive,
        conv_layers.max_pool_backward_naive,
        [[(2, 3, 4, 6)], [(1, 1, 2, 3)]],
        ({"pool_height": 2, "pool_width": 3, "stride": 2},),
        ties=True,
    ),
    "pool, overlapping": Layer(
        conv_layers.max_pool_forward_naive,
        conv_layers.max_pool_backward_naive,
        [[(2, 3, 5, 4)]],
        ({"pool_height": 3, "pool_width": 2, "stride": 1},),
        ties=True,
    ),
    "pool, gaps and a rest": Layer(
        conv_layers.max_pool_forward_naive,
        conv_layers.max_pool_backward_naive,
        [[(2, 3, 7, 6)]],
        ({"pool_height": 2, "pool_width": 1, "stride": 3},),
        ties=True,
    ),
    "spatial_batchnorm": Layer(
        conv_layers.spatial_batchnorm_forward,
        conv_layers.spatial_batchnorm_backward,
        [channels(*size) for size in IMAGES],
        (BN,),
    ),
    "spatial_groupnorm, one group": Layer(
        conv_layers.spatial_groupnorm_forward,
        conv_layers.spatial_groupnorm_backward,
        [grouped(*size) for size in IMAGES],
        (1, {"eps": 1e-2}),
    ),
    "spatial_groupnorm, two groups": Layer(
        conv_layers.spatial_groupnorm_forward,
        conv_layers.spatial_groupnorm_backward,
        [grouped(3, 6, 2, 5), grouped(1, 4, 3, 2), grouped(4, 2, 3, 1)],
        (2, {"eps": 1e-2}),
    ),
    "conv_relu": Layer(
        conv_layer_utils.conv_relu_forward,
        conv_layer_utils.conv_relu_backward,
        [conv((2, 3, 5, 6), (4, 3, 3, 2))],
        ({"stride": 2, "pad": 1},),
    ),
    "conv_relu_pool": Layer(
        conv_layer_utils.conv_relu_pool_forward,
        conv_layer_utils.conv_relu_pool_backward,
        [conv((2, 3, 5, 6), (4, 3, 3, 3))],
        ({"stride": 1, "pad": 1}, {"pool_height": 2, "pool_width": 3, "stride": 2}),
    ),
    "conv_bn_relu": Layer(
        conv_layer_utils.conv_bn_relu_forward,
        conv_layer_utils.conv_bn_relu_backward,
        [[*conv((2, 3, 5, 6), (4, 3, 3, 2)), (4,), (4,)]],
        ({"stride": 2, "pad": 1}, BN),
    ),
    "conv_bn_relu_pool": Layer(
        conv_layer_utils.conv_bn_relu_pool_forward,
        conv_layer_utils.conv_bn_relu_pool_backward,
        [[*conv((2, 3, 5, 6), (4, 3, 3, 3)), (4,), (4,)]],
        ({"stride": 1, "pad": 1}, BN, {"pool_height": 2, "pool_width": 3, "stride": 2}),
    ),
}
CASES = [(name, shapes) for name, layer in LAYERS.items() for shapes in layer.shapes]
IDS = [f"{name}-{shapes[0]}" for name, shapes in CASES]


@pytest.fixture(params=LAYERS)
def layer(request):
    return LAYERS[request.param]


@pytest.mark.parametrize(("name", "shapes"), CASES, ids=IDS)
def test_gradients_have_the_inputs_shapes_and_the_numeric_values(name, shapes):
    layer = LAYERS[name]
    rng = np.random.default_rng(len(name))
    inputs = layer.inputs(rng, shapes)
    _, dout, grads = layer.run(inputs, rng)
    for value, grad in zip(inputs, grads, strict=True):
        assert grad.shape == value.shape
        numeric = central_difference(lambda: layer.call(inputs)[0], value, dout)
        np.testing.assert_allclose(grad, numeric, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_is_kept(layer, dtype):
    rng = np.random.default_rng(5)
    inputs = [value.astype(dtype) for value in layer.inputs(rng, layer.shapes[0])]
    out, _, grads = layer.run(inputs, rng)
    assert {array.dtype for array in (out, *grads)} == {np.dtype(dtype)}


def test_arguments_are_not_mutated(layer):
    rng = np.random.default_rng(6)
    inputs = layer.inputs(rng, layer.shapes[0])
    before = [value.copy() for value in inputs]
    layer.run(inputs, rng)  # where dout is read-only
    for value, kept in zip(inputs, before, strict=True):
        np.testing.assert_array_equal(value, kept)


def test_non_contiguous_arguments_give_the_same_numbers(layer):
    inputs = layer.inputs(np.random.default_rng(7), layer.shapes[0])
    strided = [np.repeat(value[..., None], 2, axis=-1)[..., 0] for value in inputs]
    assert not any(value.flags.c_contiguous for value in strided)
    plain = layer.run(inputs, np.random.default_rng(8))
    other = layer.run(strided, np.random.default_rng(8))
    for got, expected in zip((other[0], *other[2]), (plain[0], *plain[2]), strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-10, atol=1e-12)


STRANGERS = {
    "affine": lambda: layers.affine_forward(np.ones((2, 3)), np.ones((3, 4)), np.ones(4))[1],
    "relu": lambda: layers.relu_forward(np.ones((7, 8)))[1],
    "batchnorm": lambda: layers.batchnorm_forward(np.eye(2, 3), np.ones(3), np.ones(3), dict(BN))[1],
    "layernorm": lambda: layers.layernorm_forward(np.eye(2, 3), np.ones(3), np.ones(3), {})[1],
    "dropout": lambda: layers.dropout_forward(np.ones((7, 8)), DROP)[1],
    "conv": lambda: conv_layers.conv_forward_naive(
        np.ones((1, 1, 3, 2)), np.ones((1, 1, 2, 2)), np.ones(1), {"stride": 1, "pad": 0}
    )[1],
    "pool": lambda: conv_layers.max_pool_forward_naive(
        np.ones((1, 1, 3, 2)), {"pool_height": 2, "pool_width": 1, "stride": 1}
    )[1],
    "spatial_batchnorm": lambda: conv_layers.spatial_batchnorm_forward(
        np.ones((2, 1, 3, 2)), np.ones(1), np.ones(1), dict(BN)
    )[1],
    "spatial_groupnorm": lambda: conv_layers.spatial_groupnorm_forward(
        np.ones((2, 1, 3, 2)), np.ones((1, 1, 1, 1)), np.ones((1, 1, 1, 1)), 1, {}
    )[1],
    "nothing": lambda: None,
}
OWNERS = {
    name: getattr(module, f"{name}_backward" + ("_naive" if name in ("conv", "max_pool") else ""))
    for module, names in (
        (layers, ("affine", "relu", "batchnorm", "layernorm", "dropout")),
        (conv_layers, ("conv", "max_pool", "spatial_batchnorm", "spatial_groupnorm")),
    )
    for name in names
} | {"batchnorm_alt": layers.batchnorm_backward_alt}


FOREIGN = [
    (owner, stranger)
    for owner in OWNERS
    for stranger in STRANGERS
    if owner.removesuffix("_alt").removeprefix("max_") != stranger
]


@pytest.mark.parametrize(("owner", "stranger"), FOREIGN)
def test_a_cache_of_another_layer_is_told(owner, stranger):
    backward = OWNERS[owner]
    with pytest.raises(ValueError, match=rf"^{backward.__name__}: (the cache is|dout has shape)"):
        backward(np.ones((2, 5)), STRANGERS[stranger]())


def test_an_upstream_gradient_of_another_shape_is_told(layer):
    inputs = layer.inputs(np.random.default_rng(9), layer.shapes[0])
    _, cache = layer.call(inputs)
    if layer is LAYERS["dropout in test mode"]:
        assert layer.backward(np.ones(3), cache).shape == (3,)  # it keeps no mask to compare with
        return
    with pytest.raises(ValueError, match=r"shape.*\(3,\)"):
        layer.backward(np.ones(3), cache)
