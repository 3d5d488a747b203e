"""What is measured: the rows of the table, and the shapes of the plots."""

from __future__ import annotations

from typing import Any, NamedTuple


class Row(NamedTuple):
    """One layer, or one training step, at one shape."""

    name: str
    kind: str  # conv, pool, norm or step
    x: tuple[int, ...]
    w: tuple[int, ...] = ()
    stride: int = 1
    pad: int = 0
    window: int = 0

    @property
    def flops(self) -> int:
        """Multiplications and additions of a forward pass; a backward pass has twice as many."""
        if self.kind != "conv":
            return 0
        H, W = ((self.x[axis] + 2 * self.pad - self.w[axis]) // self.stride + 1 for axis in (2, 3))
        F, C, HH, WW = self.w
        return 2 * self.x[0] * F * H * W * C * HH * WW


LAYERS = (
    Row("seed: x(100,3,31,31) w(25,3,3,3) s2 p1", "conv", (100, 3, 31, 31), (25, 3, 3, 3), stride=2, pad=1),
    Row("A: x(50,3,32,32) w(32,3,7,7) p3", "conv", (50, 3, 32, 32), (32, 3, 7, 7), pad=3),
    Row("B: x(128,32,32,32) w(64,32,3,3) p1", "conv", (128, 32, 32, 32), (64, 32, 3, 3), pad=1),
    Row("C: x(128,64,16,16) w(128,64,3,3) p1", "conv", (128, 64, 16, 16), (128, 64, 3, 3), pad=1),
    Row("max pool 2×2 on (128,32,32,32)", "pool", (128, 32, 32, 32), stride=2, window=2),
    Row("max pool 3×3 s2 on (128,32,33,33)", "pool", (128, 32, 33, 33), stride=2, window=3),
    Row("spatial batch norm (128,32,32,32)", "norm", (128, 32, 32, 32)),
)
STEP = Row("ThreeLayerConvNet training step, batch 50", "step", (50, 3, 32, 32))
DTYPES = ("float32", "float64")


def growing() -> dict[str, dict[int, Row]]:
    """Convolutions in which one size grows and the others stay: N = 32, C = F = 32, 32 × 32 pixels, 3 × 3 filters."""

    def conv(N: int = 32, C: int = 32, F: int = 32, kernel: int = 3) -> Row:
        return Row("", "conv", (N, C, 32, 32), (F, C, kernel, kernel), pad=kernel // 2)

    sizes: dict[str, Any] = {
        "N": (1, 2, 4, 8, 16, 32, 64, 128),
        "C": (1, 3, 8, 16, 32, 64, 128),
        "F": (1, 3, 8, 16, 32, 64, 128),
        "kernel": (1, 3, 5, 7, 9, 11),
    }
    return {size: {value: conv(**{size: value}) for value in values} for size, values in sizes.items()}
