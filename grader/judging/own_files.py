"""Choose the files of a submission that judging one of its modules can depend on.

Nothing else of the submission reaches the worker. So an outcome stays the same as long as these files do.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import PurePosixPath
from typing import Final
from unicodedata import normalize

from ..course import Course
from ..submission import Submission

_ASCII: Final = re.compile(r"[\x00-\x7f]+")
_IN_WORD: Final = re.compile(r"\w")


class OwnFiles:
    """The modules of a submission, and which of them name which others.

    A module is taken to name another one if the other's name occurs in its text, anywhere. An import has to name the
    module, so no module is missing that is imported. One that is loaded by a name which the program puts together is
    not there. A module whose own name is not plain ASCII is taken to be named by all others.

    Parameters
    ----------
    submission : Submission
    course : Course
    """

    def __init__(self, submission: Submission, course: Course) -> None:
        self._submission = submission
        paths = (PurePosixPath(name) for name in (*submission.files, *submission.beside))
        own = [path for path in paths if path.suffix == ".py" and str(path.parent) == course.package]
        self._paths = {normalize("NFKC", path.stem): str(path) for path in own}
        self._named: dict[str, list[str]] = {}

    def paths(self, module: str) -> list[str]:
        """Return the path of a module, and those of all modules that it names, directly or through another one.

        Parameters
        ----------
        module : str
            The name of the module, without its ending; if it was not handed in, there are no paths.
        """
        found: dict[str, None] = {}
        waiting = [module] if module in self._paths else []
        while waiting:
            name = waiting.pop()
            if name not in found:
                found[name] = None
                if name not in self._named:
                    self._named[name] = _named(self._submission.text(self._paths[name]), self._paths)
                waiting += self._named[name]
        return sorted(self._paths[name] for name in found)

    def part(self, module: str) -> Submission:
        """Return the part of the submission with the files that `paths` names, and without remarks."""
        paths = self.paths(module)
        files, beside = (_only(data, paths) for data in (self._submission.files, self._submission.beside))
        return Submission(files, (), beside)


def _only(files: Mapping[str, bytes], names: Collection[str]) -> dict[str, bytes]:
    return {name: data for name, data in files.items() if name in names}


def _named(text: str, names: Collection[str]) -> list[str]:
    """Return those of some names that a program's text contains as words, in any form that Python reads as the name."""
    # Python reads a full-width letter, for instance, as the plain one.
    for character in set(_ASCII.sub("", text)):
        if (plain := normalize("NFKC", character)).isascii():
            text = text.replace(character, plain)
    return [name for name in names if not name.isascii() or _has_word(text, name)]


def _has_word(text: str, word: str) -> bool:
    place = text.find(word)
    while place >= 0:  # a regular expression that begins with a border takes ten times as long
        end = place + len(word)
        if not _IN_WORD.match(text[place - 1 : place]) and not _IN_WORD.match(text, end):
            return True
        place = text.find(word, place + 1)
    return False
