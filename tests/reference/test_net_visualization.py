"""What a network sees: are the pictures what they claim to be, judged by their effect?"""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest

from grader.reference import Reference

torch = pytest.importorskip("torch", reason="pictures of what a network sees need PyTorch: pip install torch")

SHAPE = (3, 7, 5)
CLASSES = 4


@pytest.fixture(scope="module")
def pictures(reference: Reference) -> ModuleType:
    return reference.module("net_visualization")


@pytest.fixture
def model() -> torch.nn.Module:
    """Smooth, in double precision, and with gradients that somebody else has put there."""
    torch.manual_seed(0)
    net = torch.nn.Sequential(
        torch.nn.Conv2d(SHAPE[0], 6, 3, padding=1), torch.nn.Tanh(), torch.nn.Flatten(), torch.nn.Linear(210, CLASSES)
    ).double()
    for parameter in net.parameters():
        parameter.grad = torch.full_like(parameter, 7.0)
    return net


@pytest.fixture
def images() -> torch.Tensor:
    return torch.tensor(np.random.default_rng(0).standard_normal((5, *SHAPE)))


@pytest.fixture(autouse=True)
def nothing_is_left_behind(model: torch.nn.Module, images: torch.Tensor) -> object:
    before = images.clone()
    yield
    assert torch.equal(images, before)
    assert images.grad is None
    assert not images.requires_grad
    assert all(torch.equal(p.grad, torch.full_like(p, 7.0)) for p in model.parameters())


def test_saliency_is_the_largest_numeric_derivative_among_the_channels(pictures, model, images) -> None:
    y, step = torch.tensor([0, 3, 1, 1, 2]), 1e-6
    maps = pictures.compute_saliency_maps(images, y, model)
    assert maps.shape == (5, 7, 5)
    assert not maps.requires_grad
    for n, row, column in ((0, 0, 0), (1, 6, 4), (4, 3, 2)):
        derivatives = []
        for channel in range(SHAPE[0]):
            ahead, behind = images[n : n + 1].clone(), images[n : n + 1].clone()
            ahead[0, channel, row, column] += step
            behind[0, channel, row, column] -= step
            difference = (model(ahead) - model(behind)).detach()[0, y[n]]
            derivatives.append(float(difference) / (2 * step))
        assert float(maps[n, row, column]) == pytest.approx(max(map(abs, derivatives)), rel=1e-6)


def test_an_image_fools_the_model_with_a_small_change_and_stops_there(pictures, model, images) -> None:
    image = images[:1]
    for target in range(CLASSES):
        fooled = pictures.make_fooling_image(image, target, model, learning_rate=0.1)
        assert int(model(fooled).argmax()) == target
        assert float((fooled - image).norm()) < float(image.norm())
        assert not fooled.requires_grad
    present = int(model(image).argmax())
    assert torch.equal(pictures.make_fooling_image(image, present, model), image)
    other = (present + 1) % CLASSES
    assert torch.equal(pictures.make_fooling_image(image, other, model, max_iter=0), image)
    moved = pictures.make_fooling_image(image, other, model, learning_rate=1e-4, max_iter=3)
    assert float((moved - image).norm()) == pytest.approx(3e-4, rel=1e-3)  # three steps in nearly one direction


def test_a_step_has_its_length_and_raises_the_score_less_the_penalty(pictures, model, images) -> None:
    image = images[:1]
    for target, l2_reg in ((0, 0.0), (2, 0.1)):

        def objective(x: torch.Tensor, target: int = target, l2_reg: float = l2_reg) -> float:
            return float(model(x).detach()[0, target] - l2_reg * x.square().sum())

        after = pictures.class_visualization_update_step(image, model, target, l2_reg, 1e-3)
        assert float((after - image).norm()) == pytest.approx(1e-3, rel=1e-9)
        assert objective(after) > objective(image)
        away = pictures.class_visualization_update_step(image, model, target, l2_reg, -1e-3)
        assert objective(away) < objective(image)


def test_a_strong_penalty_alone_shrinks_the_image(pictures, model, images) -> None:
    after = pictures.class_visualization_update_step(images[:1], model, 0, 1e9, 1.0)
    assert torch.allclose(after, images[:1] * (1 - 1 / images[:1].norm()))


def test_jitter_moves_right_and_down_and_is_undone_by_its_opposite(pictures, images) -> None:
    moved = pictures.jitter(images, 2, 1)
    assert torch.equal(moved[:, :, 1:, 2:], images[:, :, :-1, :-2])
    assert torch.equal(pictures.jitter(moved, -2, -1), images)


def test_blur_keeps_what_is_even_and_spreads_what_is_not(pictures, images) -> None:
    even = torch.full((2, *SHAPE), 3.0, dtype=torch.float64)
    assert torch.allclose(pictures.blur(even), even)
    point = torch.zeros((1, 3, 9, 11))
    point[0, 1, 4, 5] = 1.0
    spread = pictures.blur(point, sigma=1.0)[0]
    assert float(spread[1].sum()) == pytest.approx(1.0, rel=1e-5)
    assert not spread[[0, 2]].any()
    assert torch.allclose(spread[1], spread[1].flip(0, 1))
    assert float(spread[1, 4, 6] / spread[1, 4, 5]) == pytest.approx(np.exp(-0.5), rel=1e-5)
    assert float(pictures.blur(images).var()) < float(images.var())


def test_blur_stays_where_the_image_is(pictures) -> None:
    assert pictures.blur(torch.empty((1, 3, 9, 11), device="meta")).device.type == "meta"  # as it would on "cuda"


def test_no_other_ideal_pleases_a_class_more_than_its_own_within_black_and_white(pictures, model) -> None:
    model = model.float()
    for parameter in model.parameters():
        parameter.grad = torch.full_like(parameter, 7.0)
    black, white = (torch.full((1, 3, 1, 1), value) for value in (-0.5, 0.6))
    shown: list[int] = []

    def draw(target: int, seed: int = 0) -> torch.Tensor:
        made: torch.Tensor = pictures.create_class_visualization(
            target, model, SHAPE, limits=(black, white), learning_rate=1.0, num_iterations=40, blur_every=15,
            max_jitter=1, show_every=20, callback=lambda step, img: shown.append(step), seed=seed,
        )  # fmt: skip
        return made

    ideals = [draw(target) for target in range(CLASSES)]
    scores = torch.cat([model(img).detach() for img in ideals])  # a row for each ideal
    assert scores.argmax(dim=0).tolist() == list(range(CLASSES))
    assert all(black.min() <= img.min() and img.max() <= white.max() for img in ideals)
    assert shown[:3] == [1, 20, 40]
    assert torch.equal(draw(0), ideals[0])
    assert not torch.equal(draw(0, seed=1), ideals[0])
