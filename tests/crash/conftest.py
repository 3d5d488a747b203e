"""A place for class runs, and what an undisturbed one comes to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
import small_class
from runs import Place, temporary_folder

MOST = 12


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
def undisturbed(tmp_path_factory) -> tuple[float, dict[str, object]]:
    """How many seconds a run over a class of twelve takes, and what it comes to."""
    with temporary_folder() as temporary:
        place = Place(small_class.make(tmp_path_factory.mktemp("undisturbed") / "course", MOST), temporary)
        return place.undisturbed()


@pytest.fixture
def expected(undisturbed):
    """What an undisturbed run over a smaller class comes to: nobody's result depends on who else is in it."""
    students = sorted(undisturbed[1])
    return lambda count: {student: undisturbed[1][student] for student in students[:count]}
