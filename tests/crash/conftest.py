"""A place for class runs, and what an undisturbed one comes to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache

import pytest
import small_class
from runs import Place, temporary_folder


@pytest.fixture
def make_place(tmp_path) -> Iterator[Callable[[int], Place]]:
    """A class of so many students, ready to be graded."""
    with ExitStack() as stack:
        yield lambda students: Place(
            small_class.make(tmp_path / "course", students), stack.enter_context(temporary_folder())
        )


@pytest.fixture
def place(make_place) -> Place:
    """A class of three."""
    return make_place(3)


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory) -> Callable[[int], tuple[float, dict[str, object]]]:
    """How many seconds a run over a class of so many takes, and what it comes to."""

    @cache
    def run(students: int) -> tuple[float, dict[str, object]]:
        with temporary_folder() as temporary:
            root = tmp_path_factory.mktemp("undisturbed") / "course"
            return Place(small_class.make(root, students), temporary).undisturbed()

    return run


@pytest.fixture
def expected(undisturbed) -> Callable[[int], dict[str, object]]:
    """What an undisturbed run over a class of so many comes to."""
    return lambda students: undisturbed(students)[1]
