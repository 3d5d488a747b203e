"""The attacks: complete submissions without one right answer, each with one line of intent.

A family is a module of this folder that calls `attack`. What an attack does is proven on a grader that is naive on purpose
(`naive.py`), before it is tried on ours.
"""

from __future__ import annotations

import json
import textwrap
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

Bite = Literal["points", "stops", "host", "page"]
"""What a naive grader suffers: it gives points, stops or hangs, leaves or changes something, shows what was slipped in."""

WRONG = {
    "nndl/layers.py": "import numpy as np\n\n\ndef relu_forward(x):\n    return np.full_like(x, 7.0), x\n",
    "nndl/conv_layers.py": "def max_pool_forward_naive(x, pool_param):\n    return x[:, :, :1, :1] * 0, (x, pool_param)\n",
}
HEAD = "import os, sys, time\nimport numpy as np\n\n\ndef wrong(x):\n    return np.full_like(x, 7.0), x\n\n"


@dataclass(frozen=True)
class Attack:
    """One submission that means harm.

    Attributes
    ----------
    family, intent : str
        What kind it is, and what it tries, in one line.
    bites : str
        What it does to a naive grader.
    write : callable
        ``write(folder)`` makes the submission, ``folder/a1`` or an archive beside it.
    mark : str
        What must never reach a page or a terminal as it is.
    """

    family: str
    intent: str
    bites: Bite
    write: Callable[[Path], None]
    mark: str = ""

    @property
    def student(self) -> str:
        """A name that tells it from all others."""
        words = "".join(letter if letter.isalnum() else "-" for letter in self.intent.lower())
        return f"{self.family}-{'-'.join(part for part in words.split('-') if part)}"[:80]


FAMILIES = (
    "elsewhere",
    "encodings",
    "flooding",
    "leaving",
    "limiting",
    "looking",
    "lying",
    "metadata",
    "packaging",
    "pages",
    "patching",
    "questions",
    "redirecting",
    "tampering",
    "time",
)
BANK: list[Attack] = []


def attack(
    family: str,
    intent: str,
    bites: Bite,
    layers: str | None = None,
    *,
    files: Mapping[str, str | bytes] | None = None,
    notebook: Callable[[dict[str, Any]], object] | None = None,
    write: Callable[[Path], None] | None = None,
    mark: str = "",
) -> None:
    """Add an attack to the bank.

    Parameters
    ----------
    layers : str, optional
        The text of nndl/layers.py, after the usual imports and a function ``wrong``, which is the answer where there is
        no other. ``COURSE_FOLDER`` in it becomes the path of the course.
    files : mapping, optional
        Further files of the submission.
    notebook : callable, optional
        Changes the released notebook in place, or returns what to hand in instead: a dict, or bytes.
    write : callable, optional
        Makes the whole submission instead.
    """
    texts: dict[str, str | bytes] = {**WRONG, **(files or {})}
    if layers is not None:
        text = textwrap.dedent(layers)
        texts["nndl/layers.py"] = HEAD + text + ("" if "def relu_forward" in text else "\n\nrelu_forward = wrong\n")

    def hand_in(folder: Path) -> None:
        course = folder.parents[1]
        put(folder / "a1", {name: _placed(data, course) for name, data in texts.items()})
        released = course / "assignments" / "a1" / "layers.ipynb"
        content = json.loads(released.read_text())
        changed = notebook(content) if notebook else None
        data = changed if isinstance(changed, bytes) else json.dumps(content if changed is None else changed).encode()
        (folder / "a1" / "layers.ipynb").write_bytes(data)

    BANK.append(Attack(family, intent, bites, write or hand_in, mark))


def _placed(data: str | bytes, course: Path) -> str | bytes:
    """An attacker may know where the course lies."""
    return data.replace("COURSE_FOLDER", str(course)) if isinstance(data, str) else data


def put(folder: Path, files: Mapping[str, str | bytes]) -> None:
    """Write files below a folder."""
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data if isinstance(data, bytes) else data.encode())


def bank() -> list[Attack]:
    """All attacks."""
    if not BANK:
        for family in FAMILIES:
            import_module(f".{family}", __package__)
    names = [each.student for each in BANK]
    assert len(set(names)) == len(names), "two attacks of one name"
    return BANK


def table() -> list[str]:
    """The bank in numbers, as docs/security.md shows it; the tests prove each of them."""
    rows = [
        "| family | attacks | bite a naive grader | points gained here | left on the machine here |",
        "|---|--:|---|--:|--:|",
    ]
    words = {
        "points": "full marks",
        "stops": "the run stops or hangs",
        "host": "something is left or changed",
        "page": "shown as it is",
    }
    for family in dict.fromkeys(attack.family for attack in bank()):
        bites = Counter(attack.bites for attack in bank() if attack.family == family)
        said = ", ".join(f"{words[bite]} {bites[bite]}" for bite in words if bites[bite])
        rows.append(f"| {family} | {bites.total()} | {said} | 0 | nothing |")
    return rows
