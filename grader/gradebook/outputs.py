"""Make the outputs of a submitted notebook harmless, so that people who grade by hand see plots and printed text.

Text is shown as text, and pictures are decoded and encoded again: no byte of a submitted picture reaches a browser.
HTML, JavaScript and SVG are left out. What a cell shows was made on the student's machine, or written by hand into the
file. So a line above it says whose it is, and no points are ever read from it.
"""

from __future__ import annotations

import base64
import binascii
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final

import nbformat

from ..host.bounded_process import BoundedProcess
from ..submission.notebook import Output
from ..wording import one_line, visible

LABEL: Final = "Shown in the notebook as it was handed in; not checked, and worth no points:"

_LONGEST_TEXT: Final = 8_000  # characters of one output: its beginning and its end
_LARGEST_FILE: Final = 8 << 20  # bytes of a picture, before and after
_MOST_PIXELS: Final = 16_000_000
_WIDEST: Final = 1600  # pixels of a side; larger pictures are made smaller
_PICTURE_SECONDS: Final = 2.0  # a plot takes some hundredths of a second
_MEMORY: Final = 512 << 20  # bytes
_FORMATS: Final = ("PNG", "JPEG", "GIF", "WEBP")


@dataclass
class OutputBudget:
    """What the outputs in the rest of a notebook may still take.

    Attributes
    ----------
    seconds : float, default 10
        Processor seconds for pictures.
    pictures : int, default 24 MiB
        Bytes of pictures.
    characters : int, default 200,000
        Characters of text.
    """

    seconds: float = 10.0
    pictures: int = 24 << 20
    characters: int = 200_000


def as_handed_in(outputs: Iterable[Output], budget: OutputBudget) -> list[Any]:
    """Make harmless outputs of a cell's submitted ones, with a line above them that says whose they are.

    Parameters
    ----------
    outputs : iterable of Output
        Untrusted.
    budget : OutputBudget
        The budget of the notebook. It is changed in place: what these outputs use is taken off.

    Returns
    -------
    list of NotebookNode
        The line, text as ``stream``, and PNG pictures as ``display_data``; nothing where there is nothing to show.
    """
    shown: list[dict[str, Any]] = []
    for output in outputs:
        node = _picture(output.picture, budget) if output.picture else _text(_words(output), budget)
        if node and node["output_type"] == "stream" and shown and shown[-1]["output_type"] == "stream":
            shown[-1]["text"] += node["text"]
        elif node:
            shown.append(node)
    label = {"text/plain": LABEL, "text/html": f"<em>{LABEL}</em>"}
    first = {"output_type": "display_data", "data": label, "metadata": {}}
    # Not by nbformat's own function, which compares each output with a schema and takes longer than all the rest.
    return [nbformat.from_dict(node) for node in ([first, *shown] if shown else [])]


def reencoded(picture: bytes, budget: OutputBudget) -> bytes | None:
    """Decode a picture and encode it as PNG, in a child process with limits on time and memory.

    Parameters
    ----------
    picture : bytes
        A PNG, JPEG, GIF or WebP file; untrusted.
    budget : OutputBudget
        The budget of the notebook, which is changed in place.

    Returns
    -------
    bytes or None
        A PNG file of at most 1600 pixels a side; None where the file is no picture, too large, or over the budget.
    """
    seconds = min(_PICTURE_SECONDS, budget.seconds)
    if seconds <= 0 or len(picture) > _LARGEST_FILE:
        return None
    process = _process()
    before = process.spent
    try:
        made: bytes = process.call(_encode_again, picture, seconds=seconds)
    except Exception:  # Pillow may raise anything on an untrusted file, and the child may be killed
        return None
    finally:
        budget.seconds -= process.spent - before
    if len(made) > min(_LARGEST_FILE, budget.pictures):
        return None
    budget.pictures -= len(made)
    return made


def _words(output: Output) -> str:
    """Return an output's text, or a sentence about what is left out."""
    if output.left_out:
        return f"(An output is left out: {one_line(output.left_out, 60)} is not shown.)\n"
    text = "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in output.text.split("\n"))  # progress bars
    if len(text) > _LONGEST_TEXT:
        half = _LONGEST_TEXT // 2
        text = f"{text[:half]}\n(… {len(text) - _LONGEST_TEXT:,} characters are left out …)\n{text[-half:]}"
    return text


def _text(text: str, budget: OutputBudget) -> dict[str, Any] | None:
    if budget.characters <= 0:
        return None
    shown = visible(text, min(2 * _LONGEST_TEXT, budget.characters))
    budget.characters -= len(shown)
    if budget.characters <= 0:
        shown += "\n(The other texts in this notebook are not shown: there are too many.)\n"
    return {"output_type": "stream", "name": "stdout", "text": shown} if shown.strip() else None


def _picture(data: str, budget: OutputBudget) -> dict[str, Any] | None:
    try:
        made = reencoded(base64.b64decode(data), budget)
    except binascii.Error:
        made = None
    if made is None:
        return _text("(A picture is left out: it is damaged or too large.)\n", budget)
    encoded = {"image/png": base64.b64encode(made).decode(), "text/plain": "(a picture)"}
    # Without words for it, formgrader draws a red frame around a picture.
    return {"output_type": "display_data", "data": encoded, "metadata": {"image/png": {"alt": "a picture"}}}


_THREAD_LOCAL: Final = threading.local()


def _process() -> BoundedProcess:
    """Return this thread's child process; it is killed with the thread that started it, so each thread has its own."""
    if not hasattr(_THREAD_LOCAL, "process"):
        _THREAD_LOCAL.process = BoundedProcess(memory=_MEMORY, prepare=_import_pillow)
    process: BoundedProcess = _THREAD_LOCAL.process
    return process


def _import_pillow() -> None:
    """Import Pillow in the child, with the formats that it would otherwise import at the first picture."""
    from PIL import Image

    Image.preinit()


def _encode_again(picture: bytes) -> bytes:
    """Decode a picture and return it as a PNG file, without any of its metadata. Runs in the child."""
    from PIL import Image

    with Image.open(BytesIO(picture), formats=_FORMATS) as opened:  # reads the size only
        if opened.width * opened.height > _MOST_PIXELS:
            raise ValueError("too many pixels")
        opened.draft("RGB", (_WIDEST, _WIDEST))  # JPEG is decoded at a smaller size; others ignore this
        image = opened.convert("RGBA" if opened.has_transparency_data else "RGB")
    if image.mode == "RGBA" and image.getchannel("A").getextrema() == (255, 255):
        image = image.convert("RGB")  # plots are not transparent, and this takes a quarter off the time
    image.thumbnail((_WIDEST, _WIDEST))
    image.info.clear()  # what a file may have besides its pixels stays behind
    made = BytesIO()
    image.save(made, "PNG", compress_level=1)  # 6, the usual one, takes half as long again for a tenth of the size
    return made.getvalue()
