"""How the parts of an explorer are laid out on the page."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import ipywidgets as widgets

_PARAGRAPH = "<p style='margin:.2em 0 .4em;max-width:60em;line-height:1.4'>"


def introduction(title: str, look_for: str, question: str) -> Any:
    """A heading, what to look for, and a question."""
    said = f"<h3 style='margin:0'>{title}</h3>{_PARAGRAPH}{look_for}</p>"
    return widgets.HTML(said + f"{_PARAGRAPH}<b>Find out:</b> {question}</p>")


def in_columns(controls: Iterable[Any]) -> Any:
    """Controls in as many columns as there is room for."""
    columns = {"grid_template_columns": "repeat(auto-fill, minmax(330px, 1fr))", "grid_gap": "2px 16px"}
    return widgets.GridBox(list(controls), layout=columns)


def in_a_row(*parts: Any) -> Any:
    """Parts one after the other, in several lines where the page is narrow."""
    return widgets.HBox(parts, layout={"flex_flow": "row wrap"})


def side_by_side(*areas: Any) -> Any:
    """Areas side by side, where the page is wide enough."""
    columns = "repeat(auto-fit, minmax(min(100%, 540px), 1fr))"
    return widgets.GridBox(areas, layout={"grid_template_columns": columns, "grid_gap": "2px 16px", "width": "100%"})


def hidden_in_lecture(part: Any) -> Any:
    """Mark a part as one that a lecture does not show; it is returned."""
    part.add_class("nndl-chrome")
    return part


def message(text: str) -> str:
    """HTML in a box, which a screen reader reads out at once; nothing for nothing."""
    box = "border-left:4px solid #D55E00;padding:.4em .8em;margin:.3em 0;max-width:60em"
    return f'<div role="alert" style="{box}">{text}</div>' if text else ""
