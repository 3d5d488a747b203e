"""Remember what the checks said, so that a look at where one is runs nothing.

The results stand in ``.checks.json`` in the course folder, each with a digest of the code that was checked: after an
edit it counts no longer. It is a note to oneself. The grader never reads it, and it is never handed in.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from .files import sha256, write_whole
from .sources import Sources

if TYPE_CHECKING:  # at run time, utils.checks imports this module
    from utils.checks.course import Course

FILE = ".checks.json"
FORMAT = 1


@dataclass(frozen=True)
class Result:
    """What a check said of an exercise.

    Attributes
    ----------
    share : float
        The share of the points that it speaks for: 1 where everything is right; of a trained net, what it is worth.
    said : str
        What was wrong, in a few words.
    digest : str
        Sums up the code, or the file of a net, that was checked, and what it was checked with.
    time : str
        When, as in ``"2027-01-31T17:00:00+00:00"``.
    """

    share: float
    said: str = ""
    digest: str = ""
    time: str = ""


def digest_now(course: Course, exercise: str, sources: Sources, *, right: bool) -> str:
    """Sum up an exercise as it is now: the function with what it uses, and the visible cases of the release.

    Of a function that is not right, the imports and other lines outside of all functions of its file belong to it, too:
    changing one of them may have mended it.
    """
    module, _, function = exercise.partition(".")
    code = sources.digest(module, function, with_file=not right)
    return f"{code[:32]}-{digest_of_file(course.goldens / f'{exercise}.npz')[:16]}"


def digest_of_file(path: Path) -> str:
    """Sum up the bytes of a file; ``""`` where it cannot be read."""
    try:
        return sha256(path.read_bytes())
    except OSError:
        return ""


def remember(course: Course, results: Mapping[str, tuple[float, str]]) -> None:
    """Keep what checks said: exercise → the share of its points, and what was wrong.

    A folder that cannot be written to is no reason for a check to fail; then nothing is remembered.
    """
    sources = Sources(course.root / course.package)
    time = datetime.now(UTC).isoformat(timespec="seconds")
    remember_as(
        course.root,
        {
            name: Result(share, said, digest_now(course, name, sources, right=share == 1), time)
            for name, (share, said) in results.items()
        },
    )


def remember_net(course: Course, exercise: str, path: Path, share: float, said: str) -> None:
    """Keep what the check of a trained net said, if it is the net that is handed in."""
    if path.resolve().is_relative_to((course.root / "assignments").resolve()):
        time = datetime.now(UTC).isoformat(timespec="seconds")
        remember_as(course.root, {exercise: Result(share, said, digest_of_file(path), time)})


def remember_as(root: Path, results: Mapping[str, Result]) -> None:
    """Keep these results besides the earlier ones."""
    kept = {**recall(root), **results}
    text = json.dumps({"format": FORMAT, "results": {name: asdict(kept[name]) for name in sorted(kept)}}, indent=1)
    with suppress(OSError):
        write_whole(root / FILE, text.encode())


def recall(root: Path) -> dict[str, Result]:
    """Read what checks said, by exercise; nothing where the file is absent, damaged or of another version."""
    try:
        table = json.loads((root / FILE).read_text("utf-8"))
        if table["format"] != FORMAT:
            return {}
        return {
            str(name): Result(float(one["share"]), str(one["said"]), str(one["digest"]), str(one["time"]))
            for name, one in table["results"].items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}
