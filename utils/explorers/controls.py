"""The controls of explorers: sliders and drop-downs of one look, with their labels lined up."""

from __future__ import annotations

from typing import Any

import ipywidgets as widgets

_LINED_UP: dict[str, Any] = {"style": {"description_width": "160px"}, "layout": {"width": "auto", "margin": "0"}}


def slider(low: int, high: int, value: int, text: str, **options: Any) -> Any:
    """A slider of whole numbers that tells while it moves."""
    return widgets.IntSlider(value, low, high, description=text, **_LINED_UP, **options)


def log_slider(low: float, high: float, value: float, text: str, step: float = 0.1) -> Any:
    """A logarithmic slider; `low`, `high` and `step` are powers of ten."""
    return widgets.FloatLogSlider(
        value, base=10, min=low, max=high, step=step, description=text, readout_format=".2g", **_LINED_UP
    )


def fraction(low: float, high: float, value: float, text: str, step: float = 0.01) -> Any:
    """A slider of numbers with a fixed step."""
    return widgets.FloatSlider(value, min=low, max=high, step=step, description=text, readout_format=".3g", **_LINED_UP)


def choice(options: Any, value: str, text: str) -> Any:
    """A drop-down."""
    return widgets.Dropdown(options=options, value=value, description=text, **_LINED_UP)
