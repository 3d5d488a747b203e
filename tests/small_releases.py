"""A tiny course in two releases, and folders of students who work with it."""

from __future__ import annotations

import io
import json
import textwrap
import zipfile
from collections.abc import Mapping
from pathlib import Path

from utils.workspace.updating.release import INVENTORY, Release, inventory_of

PACKAGE = "pets"

FEEDING = '''"""Feeding."""

import numpy as np


def portions(weights, share):
    """Divide the food.

    Returns
    -------
    ndarray
        Grams.
    """
    # ======== YOUR CODE HERE: feeding.portions (hw1, 3 points) ========
    raise NotImplementedError("portions: your code here")
    # ======== END OF YOUR CODE ========


class Bowl:
    """A bowl."""

    size = 3

    def fill(self, grams):
        """Fill it."""
        raise NotImplementedError("fill: your code here")

    def empty(self):
        """Empty it."""
        raise NotImplementedError("empty: your code here")


def weigh(pet):
    """Weigh a pet."""
    return np.float64(pet)
'''


def cell(name: str, source: str, kind: str = "code", graded: str = "", locked: bool = False) -> dict[str, object]:
    """A cell of a notebook as a release has it."""
    made: dict[str, object] = {"cell_type": kind, "id": name, "metadata": {}, "source": source}
    if kind == "code":
        made |= {"outputs": [], "execution_count": None}
    if graded:
        known = {"grade_id": graded, "grade": True, "locked": locked, "solution": not locked, "points": 2}
        made["metadata"] = {"deletable": False, "nbgrader": known}
    return made


CELLS = (
    cell("intro", "# Pets", "markdown"),
    cell("setup", "import numpy as np"),
    cell("plot", "x = 1\nprint(x)"),
    cell("feeding-portions", "check(portions)", graded="feeding-portions", locked=True),
    cell("why", "YOUR ANSWER HERE", "markdown", graded="why"),
    cell("last", "That is all.", "markdown"),
)


def notebook(*cells: Mapping[str, object]) -> bytes:
    """A notebook as Jupyter writes it."""
    made = {"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return (json.dumps(made, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


def files(**changed: bytes | str) -> dict[str, bytes]:
    """The files of a release; ``feeding`` and ``notebook`` change those two."""
    feeding, sheet = changed.pop("feeding", FEEDING), changed.pop("notebook", notebook(*CELLS))
    assert not changed
    return {
        "README.md": b"# Pets\n",
        "goldens/course.json": json.dumps({"package": PACKAGE, "title": "Pets", "hint_level": 3, "nets": {}}).encode(),
        "utils/__init__.py": b"",
        "utils/scales.py": b"KILO = 1000\n",
        f"{PACKAGE}/__init__.py": b'"""Pets."""\n',
        f"{PACKAGE}/feeding.py": feeding.encode() if isinstance(feeding, str) else feeding,
        "assignments/hw1/Pets.ipynb": sheet.encode() if isinstance(sheet, str) else sheet,
    }


def release(given: Mapping[str, bytes] | None = None) -> Release:
    """These files as a release."""
    given = dict(files() if given is None else given)
    return Release(inventory_of(given, PACKAGE, "Pets"), given)


def archive(made: Release, folder: str = "pets-course") -> bytes:
    """A release as the archive that students get."""
    return zipped(
        {f"{folder}/{path}": data for path, data in {**made.files, INVENTORY: made.inventory.to_bytes()}.items()}
    )


def zipped(entries: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for name, data in entries.items():
            file.writestr(name, data)
    return out.getvalue()


def unpack(made: Release, root: Path) -> Path:
    """Write the files of a release into a folder, over what is there."""
    for path, data in {**made.files, INVENTORY: made.inventory.to_bytes()}.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(data)
    return root


def tree(root: Path) -> dict[str, bytes]:
    """All files of a folder but for the backups."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and "backups" not in path.parts
    }


def function(name: str, *body: str) -> str:
    """The source of a function with these lines."""
    return f"def {name}(x):\n" + textwrap.indent("\n".join(body), "    ") + "\n"
