"""Remember the files in which nothing is written yet, so that each is run for one student and not for all.

Many students hand in some files as they were given out, perhaps with a comment added. Such a file runs all its cases
only to raise the stub's ``NotImplementedError`` in each. What that gave for one student holds for every other one whose
files are the same programs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Final

from utils.checks.boxes import BEGIN, END, STUB

from ..course import Exercise
from ..submission import Submission
from .outcome import Outcome

MAX_KEPT: Final = 256
"""Sets of files that are remembered; a course has one for each of its modules, and a few for older releases."""

_LARGEST: Final = 200_000  # characters of a file; a larger one is not what was given out
_known: dict[bytes, dict[str, Outcome]] = {}


def known_outcomes(files: Submission, exercises: Sequence[Exercise]) -> dict[str, Outcome]:
    """Return the outcomes of exercises, by name, if the same programs were judged before and nothing was written there.

    Parameters
    ----------
    files : Submission
        All files that the outcomes can depend on; see `own_files`.
    exercises : sequence of Exercise
        Those that stand in the same file.

    Returns
    -------
    dict of str to Outcome
        Empty if they are not known.
    """
    key = _key(files, exercises)
    return _known.get(key, {}) if key else {}


def remember(files: Submission, exercises: Sequence[Exercise], outcomes: Mapping[str, Outcome]) -> None:
    """Remember outcomes that say of every exercise only that it is not written yet.

    Parameters
    ----------
    files, exercises
        As for `known_outcomes`.
    outcomes : mapping of str to Outcome
        What judging these exercises has found, by name.
    """
    found = {exercise.name: outcomes[exercise.name] for exercise in exercises}
    key = _key(files, exercises)
    if key and len(_known) < MAX_KEPT and all(map(_says_nothing_else, found.values())):
        _known[key] = {name: replace(outcome, seconds=0.0) for name, outcome in found.items()}


def _says_nothing_else(outcome: Outcome) -> bool:
    """Whether an outcome is without points, and says only that something is not written, at no particular line."""
    said = outcome.findings
    return (
        not outcome.share
        and bool(said)
        and all(one.verdict == "missing" and one.hint.endswith(" is not written yet.") and not one.case for one in said)
    )


def _key(files: Submission, exercises: Sequence[Exercise]) -> bytes | None:
    """Return a digest of the programs and of the exercises; None if something is written, or cannot be compared."""
    if any(exercise.constructor for exercise in exercises):
        return None  # such a net also depends on its file of weights
    digest = hashlib.sha256(repr([exercise.name for exercise in exercises]).encode())
    stubs = 0
    for name in sorted({*files.files, *files.beside}):
        text = files.text(name)
        stubs += text.count(STUB)
        program = _program(text)
        if program is None:
            return None
        digest.update(repr((name, program)).encode(errors="surrogatepass"))
    return digest.digest() if stubs >= len(exercises) else None


@lru_cache(maxsize=8)
def _program(text: str) -> str | None:
    """Return a program without empty lines and comments, but with the lines that mark the boxes of a stub.

    None where it is not a stub. Such lines are left out of strings, too, of which a stub has docstrings only.
    """
    if len(text) > _LARGEST or STUB not in text:
        return None
    return "\n".join(line for line in text.split("\n") if not _says_nothing(line) or BEGIN in line or END in line)


def _says_nothing(line: str) -> bool:
    """Whether a line is empty or a comment; a carriage return within it would end the comment."""
    return not line.strip() or (line.lstrip().startswith("#") and "\r" not in line[:-1])
