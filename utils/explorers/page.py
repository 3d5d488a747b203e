"""The half of an explorer that runs in the browser: see ``page.js``."""

from __future__ import annotations

from pathlib import Path

import anywidget
import traitlets

_HERE = Path(__file__).parent


class Page(anywidget.AnyWidget):
    """Names the controls for screen readers, and says in words what the picture shows.

    Attributes
    ----------
    picture_text : str
        What the picture shows; read out when the sliders have come to rest.
    results_text : str
        What the long work has found; read out now and then, and when it is over.
    over : bool
        Whether the long work is over.
    code : str
        The state; on Voila's page, a button copies a link with it.
    cell : str
        A cell for a notebook that shows the same; a button copies it.
    """

    _esm = _HERE / "page.js"
    _css = _HERE / "page.css"
    picture_text = traitlets.Unicode().tag(sync=True)
    results_text = traitlets.Unicode().tag(sync=True)
    over = traitlets.Bool().tag(sync=True)
    code = traitlets.Unicode().tag(sync=True)
    cell = traitlets.Unicode().tag(sync=True)


class Address(anywidget.AnyWidget):
    """Keeps the state of the explorer in sight in the address of Voila's page, and hears its keys; see ``address.js``.

    A message ``{"slide": 1}`` asks for the next slide, ``{"slide": -1}`` for the one before.

    Attributes
    ----------
    code : str
        What stands after ``#`` in the address.
    asked : str
        What somebody has put there, by a link, by hand, or by going back.
    lecture : bool
        Whether the page shows nothing but the sliders and the pictures, in large type.
    letter_key : bool
        Whether the key L begins and ends that; the browser remembers it. A key without Ctrl or Alt has to be one that
        can be switched off (WCAG 2.1.4): who speaks to the computer hits it by chance.
    """

    _esm = _HERE / "address.js"
    _css = _HERE / "page.css"
    code = traitlets.Unicode().tag(sync=True)
    asked = traitlets.Unicode().tag(sync=True)
    lecture = traitlets.Bool().tag(sync=True)
    letter_key = traitlets.Bool(True).tag(sync=True)
