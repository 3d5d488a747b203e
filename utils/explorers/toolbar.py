"""The row above the sliders: examples by name, a second state beside the first, the last setting as a ghost."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import ipywidgets as widgets

NONE = "–"


class Toolbar(widgets.HBox):  # type: ignore[misc]  # ipywidgets has no types
    """Two lists, a button and a tick.

    Parameters
    ----------
    presets : mapping of str to str
        States by name.
    show : callable
        ``show(code)``: go to a state.
    compare : callable
        ``compare(code)``: show a state beside the present one; ``""`` for none; None for the present one itself.
    """

    def __init__(
        self, presets: Mapping[str, str], show: Callable[[str], Any], compare: Callable[[str | None], Any]
    ) -> None:
        self._presets = dict(presets)
        self._quiet = False
        narrow = {"layout": {"width": "min(100%, 360px)"}, "style": {"description_width": "90px"}}
        self.example = widgets.Dropdown(options=[NONE, *presets], description="example", **narrow)
        self.beside = widgets.Dropdown(options=[NONE, *presets], description="compare with", **narrow)
        self.pin = widgets.Button(
            description="Compare with this", tooltip="Keep what is seen now beside what the sliders show from now on"
        )
        self.ghost = widgets.Checkbox(
            True, description="last setting as a ghost", indent=False, layout={"width": "auto", "margin": "2px 8px"}
        )
        super().__init__([self.example, self.beside, self.pin, self.ghost], layout={"flex_flow": "row wrap"})
        self.example.observe(lambda change: self._chosen(change["new"], show), "value")
        self.beside.observe(lambda change: self._chosen(change["new"], compare), "value")
        self.pin.on_click(lambda _: compare(None))

    def follow(self, code: str, beside: str) -> None:
        """Name the present state, and the one beside it, where they have a name."""
        self._quiet = True
        try:
            self.example.value = self._name(code)
            self.beside.value = self._name(beside)
        finally:
            self._quiet = False

    def _name(self, code: str) -> str:
        return next((name for name, preset in self._presets.items() if preset == code), NONE)

    def _chosen(self, name: str, action: Callable[[str], Any]) -> None:
        if not self._quiet and (name != NONE or action.__name__ == "_put_beside"):
            action(self._presets.get(name, ""))
