"""A training step in float32 has no float64 in it: twice the memory and half the speed, and nobody notices."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from solutions.nndl import cnn, optim


def arrays(value: object) -> Iterator[np.ndarray]:
    """All arrays of numbers in caches, settings and gradients, however deep."""
    if isinstance(value, np.ndarray | np.generic):
        yield np.asarray(value)
    elif isinstance(value, dict):
        for entry in value.values():
            yield from arrays(entry)
    elif isinstance(value, tuple | list):
        for entry in value:
            yield from arrays(entry)


def dtypes(value: object) -> set[np.dtype]:
    return {array.dtype for array in arrays(value) if array.dtype.kind == "f"}


@pytest.fixture
def caches(monkeypatch):
    """What every layer of the net puts out, and keeps for its backward pass."""
    kept = []

    def spied_on(layer):
        def forward(*args):
            kept.append(layer(*args))
            return kept[-1]

        return forward

    for name in [name for name in vars(cnn) if name.endswith("_forward")]:
        monkeypatch.setattr(cnn, name, spied_on(getattr(cnn, name)))
    return kept


@pytest.mark.parametrize("rule", ["sgd", "sgd_momentum", "sgd_nesterov_momentum", "adagrad", "rmsprop", "adam"])
@pytest.mark.parametrize("use_batchnorm", [False, True])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_does_a_step_stay_in_its_precision(rule, use_batchnorm, dtype, caches):
    rng = np.random.default_rng(1)
    net = cnn.ThreeLayerConvNet((3, 8, 6), 4, 3, 5, 7, 0.1, reg=0.1, dtype=dtype, use_batchnorm=use_batchnorm)
    x, y, configs = rng.normal(size=(9, 3, 8, 6)), rng.integers(0, 7, 9), {}
    for _ in range(2):
        _, grads = net.loss(x, y)
        for name, w in net.params.items():
            net.params[name], configs[name] = getattr(optim, rule)(w, grads[name], configs.get(name, {}))
        assert dtypes([net.params, grads, configs, net.bn_params]) == {np.dtype(dtype)}
    assert len(caches) > 4
    assert dtypes(caches) == {np.dtype(dtype)}
    assert net.loss(x).dtype == dtype
