"""Keep the answers of misconceptions to hidden cases on disk, so that they are computed once and not in every process.

They are most of what a wrong submission costs: each known mistake in an exercise is run on each case. They depend only
on the case and on the course's own code, and anything that changes in either makes new keys. The folder holds answers
to hidden cases, like ``solutions/``, and like it is never handed out; it may be deleted at any time.
"""

from __future__ import annotations

import hashlib
import pickle
import sys
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np

import utils
from utils.checks.case import Case

from ..errors import Interrupted
from ..host.sealed_store import SealedStore
from ..reference import Reference

FOLDER: Final = Path("build", "answers")
MOST_BYTES: Final = 512 << 20
"""A homework with all forms of its cases takes about 40 MB."""

_GRADER: Final = Path(__file__).resolve().parents[1]
_FILES: Final = ("reference.py", "patch.py", "statements.py")
_CODE: Final = (_GRADER / "judging", _GRADER / "recipes", *(_GRADER / name for name in _FILES))


class KeptAnswers:
    """The answers of misconceptions that earlier processes have computed.

    Parameters
    ----------
    reference : Reference
        Its course has the folder with the answers.
    """

    def __init__(self, reference: Reference) -> None:
        self._store = SealedStore(reference.root / FOLDER, MOST_BYTES)
        self._code = _digest_of_code(reference)

    def get(self, exercise: str, case: Case) -> Any:
        """Return the answers to a case of an exercise; None if they are not kept, or the code has changed since."""
        value = self._store.get(self._key(exercise, case))
        try:
            return None if value is None else pickle.loads(value)
        except Exception:  # a class may have gone since; whatever it is, the answers are computed anew
            return None

    def keep(self, exercise: str, case: Case, answers: object) -> None:
        """Keep the answers to a case. What cannot be kept is computed anew the next time."""
        try:
            self._store.put({self._key(exercise, case): pickle.dumps(answers, pickle.HIGHEST_PROTOCOL)})
        except (Interrupted, OSError, pickle.PicklingError, AttributeError, TypeError):
            return  # a full or read-only disk is no reason not to grade

    def _key(self, exercise: str, case: Case) -> str:
        asked = exercise, case.title, case.program, case.fallback, tuple(case.aspects), dict(case.inputs)
        return hashlib.sha256(self._code + pickle.dumps(asked, pickle.HIGHEST_PROTOCOL)).hexdigest()


@cache
def kept_answers(reference: Reference) -> KeptAnswers:
    """Return the kept answers of a course; they are opened once in the life of a process."""
    return KeptAnswers(reference)


@cache
def _digest_of_code(reference: Reference) -> bytes:
    """Return a digest of all code that the answers depend on."""
    summary = hashlib.sha256(f"{sys.version} {np.__version__}".encode())
    checks = Path(str(utils.__file__)).parent
    for place in (*_CODE, checks, reference.folder, reference.exercises_folder):
        for path in [place] if place.is_file() else sorted(place.rglob("*")):
            if path.suffix in (".py", ".pyx", ".wrong", ".so"):
                summary.update(f"{path.relative_to(place.parent)}\0".encode() + path.read_bytes())
    return summary.digest()
