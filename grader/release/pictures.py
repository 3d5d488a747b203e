"""Draw the pictures that a notebook shows before any of its cells has run, such as graphs for work on paper.

A cell ``# %% picture="affine-graph"`` of a percent script draws one with matplotlib. It is stored beside the script, as
``solutions/<assignment>/affine-graph.svg``, and shown by the text: ``![what is to be seen](affine-graph.svg)``. A
release copies it beside the notebook; the cell that drew it stays with the instructor. ``grader release --draw`` draws
all of them anew.
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from ..course import Course
from ..errors import Problem
from ..host.files import write_if_changed
from .percent_scripts import drawing_cells, python

_IMAGE = re.compile(r"!\[(?P<words>[^\]]*)\]\((?P<file>[^)\s]+)\)")
TEXT_SIZE = 13
"""In points; a notebook shows a wide picture in two thirds of its size."""

FEWEST_WORDS = 8
"""A picture for work on paper needs more than a name for those who cannot see it."""


def draw(code: str, name: str) -> bytes:
    """Run the code of a picture's cell and return the figure that it leaves, as SVG.

    The text is drawn as outlines, so that the picture looks the same on every machine. The bytes depend only on the
    figure and on matplotlib's version.

    Parameters
    ----------
    code : str
        The cell; it has to bring its imports with it.
    name : str
        The picture's name; ids in the file are made from it, so that pictures on one page do not mix them up.
    """
    import matplotlib as mpl  # takes half a second, which a release without drawing need not wait for
    import matplotlib.pyplot as plt

    mpl.use("agg")  # needs no screen
    plt.close("all")
    out = io.BytesIO()
    with mpl.rc_context({"svg.hashsalt": name, "svg.fonttype": "path", "font.size": TEXT_SIZE}):
        exec(compile(python(code), f"<picture {name}>", "exec"), {"__name__": name})
        plt.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    plt.close("all")
    return out.getvalue()


def words_in(svg: bytes) -> list[str]:
    """Return the texts in a picture, in the order in which they are drawn; matplotlib keeps them as comments."""
    return [text.strip() for text in re.findall(r"<!--(.*?)-->", svg.decode(), re.DOTALL)]


def shown_pictures(markdown: str) -> dict[str, str]:
    """Map the files of the pictures that a text shows to the words that stand for them."""
    return {match["file"]: " ".join(match["words"].split()) for match in _IMAGE.finditer(markdown)}


def problems(script: Path, texts: str) -> Iterator[Problem]:
    """Yield what is wrong with a script's pictures: not drawn, not shown, or shown without a description.

    Parameters
    ----------
    script : Path
        The percent script.
    texts : str
        All text of the notebook that is made from it.
    """
    where = Path(*script.parts[-3:]).as_posix()
    shown = shown_pictures(texts)
    for name in drawing_cells(script):
        if f"{name}.svg" not in shown:
            yield Problem(where, 0, f"no text shows the picture {name}; write ![what is to be seen]({name}.svg).")
    for file, words in shown.items():
        if "/" not in file and not (script.parent / file).is_file():
            yield Problem(where, 0, f"{file} is not there; run: grader release --draw")
        if len(words.split()) < FEWEST_WORDS:
            yield Problem(where, 0, f"the picture {file} needs a description for those who cannot see it.")


def redraw(course: Course) -> list[str]:
    """Draw all pictures of a course anew, and return the paths of those that have changed."""
    if str(course.root) not in sys.path:
        sys.path.insert(0, str(course.root))  # the cells import what the course gives to its students
    listed = [(assignment, notebook) for assignment in course.assignment for notebook in assignment.notebook]
    changed = []
    for script in (course.script(assignment, notebook) for assignment, notebook in listed):
        for name, code in drawing_cells(script).items():
            path = script.with_name(f"{name}.svg")
            if write_if_changed(path, draw(code, name)):
                changed.append(path.relative_to(course.root).as_posix())
    return changed
