"""Does entering a submission take as long in a large class as in a small one?"""

import re

import pytest
from databases import both_databases
from small_course import answered, report
from sqlalchemy import event, text

from grader.gradebook import Gradebook, book

GROW = r"SCAN (grade|comment|submitted_notebook|submitted_assignment|student|grader_written)\b"


def scanned(small):
    """The tables with rows for each student that are read from beginning to end while one submission is entered."""
    with Gradebook(small) as opened:
        opened.prepare("a1")
        opened.record(report("ada"), answered(small))
        statements = []

        @event.listens_for(opened.engine, "before_cursor_execute")
        def note(connection, cursor, statement, parameters, context, executemany):
            if statement.lstrip().startswith(("SELECT", "UPDATE", "DELETE")):
                statements.append((statement, parameters))

        opened.record(report("bob"), answered(small))
        assert len(statements) > 5
        with opened.engine.connect() as connection:
            plans = [
                row.detail
                for statement, parameters in list(statements)
                for row in connection.exec_driver_sql(
                    f"EXPLAIN QUERY PLAN {statement}", parameters[0] if isinstance(parameters, list) else parameters
                )
            ]
    return {found[1] for plan in plans if (found := re.search(GROW, plan))}


def test_no_query_reads_the_rows_of_the_whole_class(small):
    assert scanned(small) == set()


def test_without_the_indices_they_would(small, monkeypatch):
    with Gradebook(small) as opened, opened.engine.begin() as connection:
        names = connection.scalars(text("SELECT name FROM sqlite_master WHERE type = 'index' AND name LIKE 'grader_%'"))
        for name in list(names):
            connection.execute(text(f"DROP INDEX {name}"))
    monkeypatch.setattr(book, "create_indices", lambda connection: None)
    assert "grade" in scanned(small)
    monkeypatch.undo()
    assert scanned(small) == set()  # and a gradebook of an earlier version gets them


@both_databases
@pytest.mark.parametrize("again", [False, True])
def test_every_database_has_the_indices(small, url, again):
    for _ in range(1 + again):
        with Gradebook(small, url) as opened, opened.engine.connect() as connection:
            found = {
                index["name"]
                for table in ("grade", "comment", "submitted_notebook", "submitted_assignment")
                for index in opened.engine.dialect.get_indexes(connection, table)
            }
    assert {
        "grader_grade_notebook_id",
        "grader_comment_notebook_id",
        "grader_submitted_notebook_assignment_id",
        "grader_submitted_assignment_student_id",
    } <= found
