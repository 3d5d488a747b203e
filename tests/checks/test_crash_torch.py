"""Crashes in PyTorch are explained by what its message and the lines say; PyTorch itself is not needed."""

from __future__ import annotations

import pytest

from utils.checks.diagnose.crashes import explain_crash
from utils.checks.program import Crash

TOO_SMALL = (
    "Calculated padded input size per channel: (2 x 3). Kernel size: (5 x 5). "
    "Kernel size can't be greater than actual input size"
)
SCOPE = ("w1 (2, 3, 3, 3)", "w2 (8, 2, 5, 5)", "even (8, 2, 4, 4)", "flat (8, 2, 3, 5)")


def crash_of(error: str, message: str, source: str, origins: tuple[str, ...] = ()) -> Crash:
    return Crash(
        False, error, message, file="pkg/m.py", line=9, function="f", entered="f",
        source=source, expression=source.partition(" = ")[2], scope=SCOPE, origins=origins,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("filters", "said"),
    [
        ("w2", "it should be padding=1 for `w1`, 3 x 3 and padding=2 for `w2`, 5 x 5."),
        ("even", "it should be padding=1 for `w1`, 3 x 3."),
        ("flat", "it should be padding=1 for `w1`, 3 x 3."),
    ],
)
def test_the_padding_that_keeps_the_size_of_images_is_named_for_each_filter(filters: str, said: str) -> None:
    crash = crash_of("RuntimeError", TOO_SMALL, f"h = F.conv2d(h, {filters})", ("h: 8 h = F.relu(F.conv2d(x, w1))",))
    assert explain_crash(crash, {}, {}).endswith(said)


def test_no_padding_is_named_where_no_filter_is_known() -> None:
    crash = crash_of("RuntimeError", TOO_SMALL, "h = self.layer(x)")
    assert explain_crash(crash, {}, {}).endswith("A convolution makes images smaller unless they are padded enough.")


def test_a_gradient_before_the_first_backward_pass_is_none() -> None:
    message = "'NoneType' object has no attribute 'zero_'"
    said = explain_crash(crash_of("AttributeError", message, "param.grad.zero_()"), {}, {})
    assert "`param.grad` is None there" in said
    assert "`if param.grad is not None`" in said
    assert "grad" not in explain_crash(crash_of("AttributeError", message, "param.state.zero_()"), {}, {})
