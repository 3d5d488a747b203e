"""A course to play with: a copy of this repository's, and releases that are made once for the same sources."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from grader import course as courses
from grader import release
from grader.course import Course
from grader.reference import Reference
from grader.release import Leak, build, edition, inspect

ROOT = Path(__file__).parents[2]
SOURCES = ("solutions", "utils", "course.toml")
LITTER = shutil.ignore_patterns("__pycache__", "*.so", "goldens")


def copy_course(folder: Path) -> Course:
    """Copy what a release reads into `folder`."""
    for name in ("solutions", "utils"):
        shutil.copytree(ROOT / name, folder / name, ignore=LITTER)
    shutil.copy(ROOT / "course.toml", folder)
    return courses.load(folder)


@pytest.fixture(scope="session")
def copy() -> Callable[[Path], Course]:
    """How to copy the course."""
    return copy_course


@pytest.fixture
def copied(tmp_path: Path) -> Course:
    """A copy that a test may change."""
    return copy_course(tmp_path / "course")


class OnceForTheSameSources:
    """`build` and `inspect`, each done once for the same sources and the same arguments.

    `build` is a function of these, or else `test_are_the_committed_trees_what_the_sources_give` fails, which compares
    with what another process has built, and `inspect` has nothing else to look at.
    """

    def __init__(self, made_once: Callable[[str, Callable[[], object]], Any]) -> None:
        self._made_once = made_once
        self._trees: dict[object, dict[str, bytes]] = {}
        self._leaks: dict[object, list[Leak]] = {}

    def build(self, course: Course, assignments: Sequence[str] = ()) -> dict[str, bytes]:
        """As `grader.release.build`."""
        key = (_digest(_sources(course)), tuple(assignments))
        if key not in self._trees:
            name = f"built-{_digest({'of': repr(key).encode()}).hex()}"
            self._trees[key] = self._made_once(name, lambda: build(course, assignments))
        return dict(self._trees[key])

    def inspect(self, tree: dict[str, bytes], course: Course, reference: Reference) -> list[Leak]:
        """As `grader.release.inspect`."""
        key = (_digest(_sources(course)), _digest(tree))
        if key not in self._leaks:
            name = f"inspected-{_digest({'of': repr(key).encode()}).hex()}"
            self._leaks[key] = self._made_once(name, lambda: inspect(tree, course, reference))
        return list(self._leaks[key])

    @contextmanager
    def used(self) -> Iterator[None]:
        """Have `release` and `student_edition` use these two."""
        with pytest.MonkeyPatch.context() as patch:
            for module in (release, edition):
                patch.setattr(module, "build", self.build)
                patch.setattr(module, "inspect", self.inspect)
            yield


def _sources(course: Course) -> dict[str, bytes]:
    """All that a release reads, by path, where PyTorch is installed; else it keeps golden packs as they are, too."""
    places = [path for name in SOURCES for path in (course.root / name, *(course.root / name).rglob("*"))]
    return {
        path.relative_to(course.root).as_posix(): path.read_bytes()
        for path in places
        if path.is_file() and not {"__pycache__", "goldens"} & {*path.parts}
    }


def _digest(files: dict[str, bytes]) -> bytes:
    parts = (part for name, data in sorted(files.items()) for part in (name.encode(), data))
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).digest()


@pytest.fixture(scope="session")
def once(made_once: Callable[[str, Callable[[], object]], object]) -> OnceForTheSameSources:
    """What one of pytest-xdist's workers has built and inspected."""
    return OnceForTheSameSources(made_once)


@pytest.fixture
def release_once(once: OnceForTheSameSources) -> Iterator[None]:
    """A release or an edition of known sources is not built and inspected again."""
    with once.used():
        yield
