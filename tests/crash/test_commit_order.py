"""Killed at each single step of entering a submission: is a changed answer open again after the next try?"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from contextlib import contextmanager

import pytest
from gradebook.small_course import answered, make, report
from nbgrader import api

from grader.course import load
from grader.gradebook import Gradebook
from grader.gradebook import book as module
from grader.host import files

STEPS = 14  # renames, fsyncs and commits of one `record`, and some more


@contextmanager
def files_first(new):
    """The order that loses a question: the notebooks are in place before the database knows."""
    for path, data in new.items():
        files.write_if_changed(path, data)
    yield


def settled_then_changed(root):
    """A course with an answer that a person has settled, and the same submission with another answer."""
    course = make(root)
    with Gradebook(course) as book:
        book.record(report("ada"), answered(course, why="Because."))
    with api.Gradebook(f"sqlite:///{root / 'gradebook.db'}") as book:
        grade = book.find_grade("why", "warmup", "a1", "ada")
        grade.manual_score, grade.needs_manual_grade = 3.5, False
        book.db.commit()
    return course, answered(course, why="Because of the chain rule.")


def record_and_die(course, submission, step: int, before: bool) -> bool:
    """Record in a child process that is killed before or after its step of this number; whether it got that far."""
    child = os.fork()
    if child == 0:
        try:
            left = step

            def counted(function):
                def call(*args, **kwargs):
                    nonlocal left
                    left -= 1
                    if before and left == 0:
                        os.kill(os.getpid(), signal.SIGKILL)
                    result = function(*args, **kwargs)
                    if left == 0:
                        os.kill(os.getpid(), signal.SIGKILL)
                    return result

                return call

            with Gradebook(course) as book:
                book.prepare("a1")
                os.replace, os.fsync = counted(os.replace), counted(os.fsync)
                dialect = book._api.engine.dialect
                dialect.do_commit = counted(dialect.do_commit)
                book.record(report("ada"), submission)
            os._exit(0)
        finally:
            sys.stderr.flush()
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.waitstatus_to_exitcode(status) == 0
    return os.WIFSIGNALED(status)


def lost_questions(root_of) -> tuple[int, int]:
    """In how many steps a child was killed, and after how many of these the next try left the answer settled."""
    killed = lost = 0
    first, changed = settled_then_changed(root_of("first"))
    for before in (True, False):
        for step in range(1, STEPS):
            course = load(shutil.copytree(first.root, first.root.with_name(f"{step}-{before}")))
            if not record_and_die(course, changed, step, before):
                break
            killed += 1
            with Gradebook(course) as book:
                book.record(report("ada"), changed)
                (row,) = book.scores("a1")
            lost += not row.needs_manual_grade
            assert row.score == 10.5 + 3.5
            assert not list(course.root.glob("**/.*.part"))
    return killed, lost


@pytest.fixture(scope="module")
def empty(tmp_path_factory) -> bytes:
    """A gradebook without submissions; nbgrader takes seconds to make one."""
    course = make(tmp_path_factory.mktemp("empty"))
    with Gradebook(course) as book:
        book.prepare("a1")
    return (course.root / "gradebook.db").read_bytes()


@pytest.fixture
def root_of(tmp_path, empty):
    """Makes course folders, each with a gradebook in it."""

    def root(name: str):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "gradebook.db").write_bytes(empty)
        return folder

    return root


def test_a_changed_answer_is_open_again_wherever_a_run_was_killed(root_of) -> None:
    killed, lost = lost_questions(root_of)
    assert killed >= 6
    assert lost == 0


@pytest.mark.slow
def test_with_the_notebooks_first_it_would_stay_settled(root_of, monkeypatch) -> None:
    monkeypatch.setattr(module, "atomic_writes", files_first)
    assert lost_questions(root_of)[1] > 0
