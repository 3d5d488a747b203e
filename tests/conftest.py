"""What all tests share: the course of this repository, its reference, and what students get of it."""

from __future__ import annotations

import gc
import os
import pickle
import shutil
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

# One thread for each process, before NumPy asks: pytest-xdist and the grader's own processes share out the processors,
# and threads of BLAS that wait for one another double what the suite costs.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

# Bytecode is kept, as Python does it unless told otherwise: tests start hundreds of processes that import the same
# modules, and pytest itself rewrites some hundred files of tests in each of its workers.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# No garbage is looked for while tests are collected: nearly all that is made then stays. See pytest_collection_finish.
gc.disable()

import pytest
from filelock import FileLock
from hypothesis import settings

from grader import course as courses
from grader.course import Course
from grader.reference import Reference

if TYPE_CHECKING:
    from grader.book import Book

ROOT = Path(__file__).parents[1]
THIS_COURSE = Reference.of(courses.load(ROOT))
MadeOnce = Callable[[str, Callable[[], Any]], Any]

# A machine under load fails no test. `make slow` takes the longer profile.
settings.register_profile("ordinary", deadline=None, max_examples=40)
settings.register_profile("long", deadline=None, max_examples=400)
settings.load_profile("ordinary")


# A file goes to one worker of pytest-xdist; the last one to begin should not be a long one. Nor should two workers
# begin with files that wait for the same release or the same book.
LONGEST = (
    "release/test_release.py",
    "attacks/test_attacks.py",
    "sandbox/test_doctor.py",
    "utils/test_fast_layers_build.py",
    "release/test_edition.py",
    "book/test_course_book.py",
    "gradebook/test_plugin.py",
    "sandbox/test_attacks.py",
    "release/test_gate.py",
    "browser/test_book_explorers.py",
    "explorers/test_challenges.py",
    "exercises/test_recipes.py",
    "oracle/test_oracle.py",
    "workspace/test_imported.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest; the others stay in their order."""
    first = {ROOT / "tests" / name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: first.get(item.path, len(first)))


def pytest_collection_finish() -> None:
    """Look for garbage from now on, and never among the tests themselves and what their files have imported.

    That is millions of objects, which stay to the end. To look through them again and again takes a processor a minute.
    """
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)  # what a test makes and leaves is little
    gc.enable()


@pytest.fixture(scope="session")
def course() -> Course:
    return courses.load(ROOT)


@pytest.fixture(scope="session")
def reference(course: Course) -> Reference:
    return Reference.of(course)


@pytest.fixture(autouse=True)
def solutions_of_this_course() -> None:
    """Have ``import solutions`` mean this course, also after a test has loaded another one."""
    THIS_COURSE.module("layers")


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> MadeOnce:
    """``made_once(name, make)``: what ``make()`` returns, made by one worker of pytest-xdist for all of them."""
    own = tmp_path_factory.getbasetemp()
    folder = own if worker_id == "master" else own.parent

    def get(name: str, make: Callable[[], Any]) -> Any:
        path = folder / f"{name}.pickle"
        with FileLock(f"{path}.lock"):
            if not path.exists():
                path.write_bytes(pickle.dumps(make()))
            return pickle.loads(path.read_bytes())

    return get


@pytest.fixture(scope="session")
def clusters_released(made_once: MadeOnce, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The second course, released, with pages for a book: made once; not to be changed, but it may be copied."""
    from course_with_book import released_course  # a release, which most tests do without

    return made_once("clusters", lambda: released_course(tmp_path_factory.mktemp("clusters") / "clusters").root)


@pytest.fixture(scope="session")
def clusters_with_book(
    clusters_released: Path, made_once: MadeOnce, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Course, Book]:
    """A copy of it with its book, which offers an edition; made once, too, and not to be changed."""
    from grader.book import make_book  # likewise

    def make() -> tuple[Path, Book]:
        root = tmp_path_factory.mktemp("with_book") / "clusters"
        shutil.copytree(clusters_released, root)
        edition = root / "clusters-course.zip"
        with zipfile.ZipFile(edition, "w") as archive:
            archive.writestr("clusters-course/README.md", "# Read me\n")
        return root, make_book(courses.load(root), edition=edition)

    root, book = made_once("book", make)
    return courses.load(root), book


@pytest.fixture(scope="session")
def tree(course: Course, made_once: MadeOnce) -> dict[str, bytes]:
    """Everything students get, built once; not to be changed."""
    from grader.release import build  # nbgrader, which most tests do without
    from grader.release.edition import given_files

    return made_once("tree", lambda: {**given_files(course), **build(course)})
