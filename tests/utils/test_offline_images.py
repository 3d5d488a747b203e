"""The offline set: repeatable, balanced, like photographs in its numbers."""

import numpy as np
import pytest

from utils.offline_images import OFFLINE_CLASSES, make_offline_images, offline_images, offline_pixels
from utils.offline_kinds import LOOKS, SHAPES


def test_shapes_types_and_values():
    X, y = offline_images(37)
    assert X.shape == (37, 3, 32, 32)
    assert (X.dtype, y.dtype) == (np.float64, np.int64)
    assert X.min() >= 0
    assert X.max() <= 255
    np.testing.assert_array_equal(X, np.rint(X))
    assert set(y) <= set(range(10))


def test_the_bytes_are_the_same_images():
    X, y = offline_images(12, seed=4)
    pixels, labels = offline_pixels(12, seed=4)
    assert pixels.dtype == np.uint8
    np.testing.assert_array_equal(X, pixels)
    np.testing.assert_array_equal(y, labels)


@pytest.mark.parametrize(("fewer", "more"), [(0, 10), (3, 999), (999, 1000), (1000, 1001), (1001, 2100)])
def test_a_shorter_series_is_the_beginning_of_a_longer_one(fewer, more):
    X, y = offline_pixels(more, seed=5)
    X_fewer, y_fewer = offline_pixels(fewer, seed=5)
    np.testing.assert_array_equal(X_fewer, X[:fewer])
    np.testing.assert_array_equal(y_fewer, y[:fewer])


def test_classes_are_balanced_everywhere():
    _, y = offline_pixels(2020)
    for count in (10, 990, 2020):
        np.testing.assert_array_equal(np.bincount(y[:count]), count // 10)
    assert not np.array_equal(y[:10], y[10:20])


@pytest.mark.slow
def test_no_image_is_in_two_series():
    drawn = [offline_pixels(1010, seed, split)[0] for seed in (0, 1) for split in ("train", "val", "test")]
    images = np.concatenate([X.reshape(len(X), -1) for X in drawn])
    assert len({image.tobytes() for image in images}) == len(images) == 6060


def test_a_generator_of_your_own():
    X, y = make_offline_images(np.random.default_rng(8), 23)
    again, labels = make_offline_images(np.random.default_rng(8), 23)
    np.testing.assert_array_equal(X, again)
    np.testing.assert_array_equal(y, labels)
    assert X.shape == (23, 3, 32, 32)
    assert X.dtype == np.float64


def test_the_global_generator_is_left_alone():
    np.random.seed(1)
    before = np.random.get_state()[1].tobytes()
    offline_pixels(10)
    assert np.random.get_state()[1].tobytes() == before


@pytest.mark.parametrize("arguments", [(-1,), (3, -1), (3, 0, "valid")])
def test_what_there_is_no_series_of(arguments):
    with pytest.raises(ValueError, match=r"negative|split is 'valid'"):
        offline_images(*arguments)


def test_ten_classes_with_a_look_each():
    assert len(OFFLINE_CLASSES) == len(LOOKS) == len(set(LOOKS)) == 10


@pytest.mark.parametrize("name", SHAPES)
def test_every_shape_is_in_the_picture_and_no_two_are_one(name):
    grid = np.linspace(-1.3, 1.3, 53)
    inside = {other: shape(grid[None, :] + 0 * grid[:, None], grid[:, None]) < 0 for other, shape in SHAPES.items()}
    assert 0.1 < inside[name].mean() < 0.6
    for other in SHAPES:
        if other != name:
            assert np.mean(inside[name] != inside[other]) > 0.05


@pytest.mark.slow
def test_pixels_are_spread_like_those_of_photographs():
    # CIFAR-10: mean 121, standard deviation 63 around the mean image, 30 % of the variance in one component
    X, _ = offline_pixels(3000)
    X = X.reshape(len(X), -1).astype(np.float32)
    assert 110 < X.mean() < 135
    X -= X.mean(axis=0)
    assert 55 < X.std() < 70
    spectrum = np.linalg.svd(X[:1000], compute_uv=False) ** 2
    assert 0.2 < spectrum[0] / spectrum.sum() < 0.4


def nearest_mean_accuracy(X, y, X_test, y_test):
    means = np.stack([X[y == label].mean(axis=0) for label in range(10)])
    distances = ((X_test[:, None] - means) ** 2).sum(axis=2)
    return np.mean(distances.argmin(axis=1) == y_test)


def test_the_mean_image_of_a_class_tells_a_little_and_not_much():
    X, y = offline_pixels(4000)
    X_test, y_test = offline_pixels(1000, split="test")
    flat = [images.reshape(len(images), -1).astype(np.float32) for images in (X, X_test)]
    assert 0.2 < nearest_mean_accuracy(flat[0], y, flat[1], y_test) < 0.4  # 0.1 is chance, and CIFAR-10 gives 0.28
