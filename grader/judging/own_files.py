"""Choose the files of a submission that judging one of its modules can depend on.

Nothing else of the submission reaches the worker. So an outcome stays the same as long as these files do.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import Final
from unicodedata import normalize

from ..course import Course
from ..submission import Submission

_LONGEST_WORD: Final = 255  # bytes of a file name; normalising a longer word could take long
_NOT_ASCII_WORD: Final = re.compile(r"\w*[^\W\x00-\x7f]\w*")


def own_files(submission: Submission, course: Course, module: str) -> Submission:
    """Return the part of a submission that has a module, and all modules that it names.

    These are the modules of the package whose names occur in its text, anywhere, and those whose names occur in theirs.
    An import has to name the module, so no module is missing that is imported. One that is loaded by a name which the
    program puts together is not there.

    Parameters
    ----------
    submission : Submission
    course : Course
    module : str
        The name of the module, without its ending; it need not have been handed in.

    Returns
    -------
    Submission
        Without remarks.
    """
    paths = {normalize("NFKC", path.stem): str(path) for path in _modules(submission, course)}
    found: dict[str, None] = {}
    waiting = [path for name, path in paths.items() if name == module]
    while waiting:
        path = waiting.pop()
        if path not in found:
            found[path] = None
            waiting += [paths[name] for name in _named(submission.text(path), paths)]
    files = {name: data for name, data in submission.files.items() if name in found}
    beside = {name: data for name, data in submission.beside.items() if name in found}
    return Submission(files, (), beside)


def _modules(submission: Submission, course: Course) -> Iterator[PurePosixPath]:
    """Yield the paths of the package's modules in a submission."""
    for name in (*submission.files, *submission.beside):
        path = PurePosixPath(name)
        if path.suffix == ".py" and str(path.parent) == course.package:
            yield path


def _named(text: str, names: Iterable[str]) -> list[str]:
    """Return those of some names that a program's text contains as words, in any form that Python reads as the name."""
    other: set[str] = set()
    if not text.isascii():  # Python reads full-width letters, for instance, as plain ones
        words = set(_NOT_ASCII_WORD.findall(text))
        if any(len(word) > _LONGEST_WORD for word in words):
            return list(names)
        other = {normalize("NFKC", word) for word in words}
    return [name for name in names if name in other or (name in text and re.search(rf"\b{re.escape(name)}\b", text))]
