"""The convolution explorer."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest
from explorer_cases import HandJobs, handles_of, ids

from grader.reference import Reference
from utils.explorers.convolution.compute import PRESETS, Convolution, photograph, product, see
from utils.explorers.convolution.view import OWN, ConvolutionExplorer, Kernel
from utils.explorers.picture import Move
from utils.explorers.state import StateError
from utils.explorers.student import Trouble


@pytest.fixture
def conv_layers(reference: Reference) -> Any:
    return reference.module("conv_layers")


def copy_of(layers: ModuleType, **others: Any) -> ModuleType:
    """A student's module of which some functions are other ones."""
    copy = ModuleType("student.conv_layers")
    copy.__dict__.update({name: value for name, value in vars(layers).items() if name.endswith("_naive")} | others)
    return copy


def unwritten(*_: Any) -> Any:
    raise NotImplementedError("your code here")


@pytest.mark.parametrize(("stride", "pad", "pool"), [(1, 1, 4), (2, 0, 3), (3, 2, 1), (6, 6, 8)])
def test_the_window_times_the_kernel_is_the_pixel(conv_layers: Any, stride: int, pad: int, pool: int) -> None:
    kernel = tuple(np.random.default_rng(0).normal(size=9))
    for row, column in ((0, 0), (5, 6), (59, 51)):
        seen = see(conv_layers, Convolution(kernel, stride, pad, row, column, pool))
        assert product(seen.window, kernel) == pytest.approx(seen.out[seen.row, seen.column])
        top, left = seen.corner
        if min(top, left) >= 0:
            inside = seen.image[top : top + 3, left : left + 3]
            np.testing.assert_array_equal(seen.window[: inside.shape[0], : inside.shape[1]], inside)
    assert seen.pooled is not None
    assert seen.winners is not None
    assert seen.winners.sum() >= seen.pooled.size
    assert set(seen.pooled.ravel()) == set(seen.out[seen.winners])


def test_presets_do_what_they_say(conv_layers: Any) -> None:
    image = photograph()
    assert image.shape == (48, 44)  # not square: rows and columns cannot be mixed up unseen
    same = see(conv_layers, Convolution(PRESETS["leave as it is"])).out
    np.testing.assert_allclose(same, image)
    moved = see(conv_layers, Convolution(PRESETS["move to the left"])).out
    np.testing.assert_allclose(moved[:, :-1], image[:, 1:])
    for name, kernel in PRESETS.items():
        assert sum(kernel) == pytest.approx(0 if "edges" in name else 1)


def test_pooling_that_is_not_written_leaves_the_rest(conv_layers: Any) -> None:
    seen = see(copy_of(conv_layers, max_pool_forward_naive=unwritten), Convolution())
    assert (seen.pooled, seen.winners) == (None, None)
    seen = see(copy_of(conv_layers, max_pool_backward_naive=unwritten), Convolution())
    assert seen.pooled is not None
    explorer = ConvolutionExplorer(copy_of(conv_layers, max_pool_forward_naive=unwritten), jobs=HandJobs())
    assert "not written yet" in explorer._picture.value


@pytest.mark.parametrize("name", ["conv_forward_naive", "max_pool_forward_naive"])
def test_a_wrong_shape_is_told(conv_layers: Any, name: str) -> None:
    right = getattr(conv_layers, name)

    def turned(*given: Any) -> Any:
        out, cache = right(*given)
        return out.transpose(0, 1, 3, 2), cache

    with pytest.raises(Trouble, match=rf"{name} returned an array of shape \(1, 1, "):
        see(copy_of(conv_layers, **{name: turned}), Convolution())


def test_a_kernel_has_nine_numbers() -> None:
    with pytest.raises(StateError, match="has 9"):
        Convolution.parse("convolution?kernel=1,2,3")


def test_nine_boxes_are_one_value() -> None:
    kernel = Kernel(PRESETS["blur"])
    told: list[Any] = []
    kernel.observe(lambda change: told.append(change["new"]), "value")
    assert kernel.preset.value == "blur"
    kernel.preset.value = "sharpen"
    assert told == [PRESETS["sharpen"]]
    kernel.boxes[8].value = 2
    assert told[1:] == [(0, -1, 0, -1, 5, -1, 0, -1, 2)]
    assert kernel.preset.value == OWN
    kernel.value = PRESETS["blur"]
    assert [box.value for box in kernel.boxes] == list(PRESETS["blur"])
    assert kernel.preset.value == "blur"
    assert all(box.description for box in kernel.boxes)  # the boxes' names for those who cannot see the grid


def test_the_picture(conv_layers: Any) -> None:
    explorer = ConvolutionExplorer(conv_layers, jobs=HandJobs())
    assert {"padding", "window", "pixel", "winners"} <= ids(explorer._picture.value)
    before = explorer._picture.value
    explorer._controls["kernel"].boxes[0].value = 3
    assert "kernel=3,0,1," in explorer._code.value
    assert explorer._picture.value != before
    explorer._code.value = "convolution?"
    assert explorer._picture.value == before


def test_a_convolution_that_computes_something_else_is_seen_beside_the_sum(conv_layers: Any) -> None:
    def flipped(x: Any, w: Any, b: Any, conv_param: Any) -> Any:
        return conv_layers.conv_forward_naive(x, w[:, :, ::-1, ::-1], b, conv_param)

    explorer = ConvolutionExplorer(copy_of(conv_layers, conv_forward_naive=flipped), jobs=HandJobs())
    assert "your output there: 0.93" in explorer._picture.value
    assert "= the output there" in ConvolutionExplorer(conv_layers, jobs=HandJobs())._picture.value


def test_the_window_and_the_pixel_are_dragged(conv_layers: Any) -> None:
    explorer = ConvolutionExplorer(conv_layers, Convolution(stride=2, pad=0), jobs=HandJobs())
    for handle, place in (("photo:column,row", (7.0, 3.0)), ("out:column,row", (2.0, 9.0))):
        explorer._act(Move(handle, *place, True))
        assert (explorer.state.column, explorer.state.row) == place
        assert (explorer._controls["column"].value, explorer._controls["row"].value) == place
    handles = handles_of(explorer._picture.value)
    across = handles["photo:column,row"]["x"]
    assert across["of"] == [0, 20]  # 21 columns of windows of 3 in 44, two apart
    pixels = (across["at"][1] - across["at"][0]) / (2 * 20)
    assert handles["out:column,row"]["x"]["at"][1] > handles["out:column,row"]["x"]["at"][0]
    assert pixels > 0


def test_numbers_of_the_kernel_are_dragged(conv_layers: Any) -> None:
    explorer = ConvolutionExplorer(conv_layers, jobs=HandJobs())
    before = explorer.state.kernel
    explorer._act(Move("kernel-5", None, -1.25, False))
    assert explorer.state.kernel == (*before[:5], -1.25, *before[6:])
    assert explorer._controls["kernel"].boxes[5].value == -1.25
    assert explorer._controls["kernel"].preset.value == OWN
    entry = handles_of(explorer._picture.value)["kernel-5"]["y"]
    assert entry["at"][0] > entry["at"][1]  # up is more


def test_the_block_of_max_pooling_is_framed(conv_layers: Any) -> None:
    assert {"pool-window", "pool-pixel"} <= ids(ConvolutionExplorer(conv_layers, jobs=HandJobs())._picture.value)
    last = Convolution(row=47, column=43, pool=5)  # in the rest that no window reaches
    assert "pool-window" not in ids(ConvolutionExplorer(conv_layers, last, jobs=HandJobs())._picture.value)
