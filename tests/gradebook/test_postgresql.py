"""A gradebook on a PostgreSQL server: its URL, its password, two graders at once, a server that goes away."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from nbgrader import api
from postgresql_server import PASSWORD
from small_course import answered, make, report
from sqlalchemy import inspect, text

from grader.classrun import receipts, run
from grader.classrun.cache import Cache
from grader.errors import GradebookError, Interrupted
from grader.gradebook import Gradebook, database
from grader.gradebook.database import one_at_a_time, with_driver, without_password
from grader.show import class_run

HERE = Path(__file__).parent
PLAIN = "postgresql://ada:pw@host/class?sslmode=require"


@pytest.fixture
def small(tmp_path):
    return make(tmp_path)


@pytest.mark.parametrize(
    ("installed", "driver"),
    [(("psycopg", "psycopg2"), "psycopg"), (("psycopg",), "psycopg"), (("psycopg2",), "psycopg2")],
)
def test_a_url_without_a_driver_gets_one_that_is_installed(monkeypatch, installed, driver):
    monkeypatch.setattr(database, "find_spec", lambda name: name if name in installed else None)
    assert with_driver(PLAIN) == PLAIN.replace("://", f"+{driver}://")


def test_any_other_url_stays_as_it_is(monkeypatch):
    for url in ("sqlite:////a b/über%41.db", PLAIN.replace("://", "+pg8000://"), "mysql://host/class"):
        assert with_driver(url) == url
    monkeypatch.setattr(database, "find_spec", lambda name: None)
    assert with_driver(PLAIN) == PLAIN


@pytest.mark.parametrize("scheme", ["postgresql", "postgresql+psycopg"])
def test_a_missing_driver_is_one_sentence(small, monkeypatch, scheme):
    for module in ("psycopg", "psycopg2"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(GradebookError, match=r"install the driver .* pip install 'psycopg\[binary\]'\.$"):
        Gradebook(small, f"{scheme}://nowhere/class")


@pytest.mark.parametrize(
    "url",
    [
        "sqlite://grader:secret@nowhere/class",
        "postgresql://grader:secret@[::1]:1/class",
        "postgresql://grader:sec@ret@nowhere/class",
        "postgresql://grader:secret@nowhere:54x2/class",
        "postgresql:/grader:secret@nowhere/class",
        "postgresql://nowhere.invalid/class?user=grader&password=secret",
        "postgresqll://grader:secret@nowhere/class",
    ],
)
def test_a_password_is_not_shown(small, url):
    with pytest.raises(GradebookError) as error:
        Gradebook(small, url)
    shown = f"{error.value} {without_password(url)}"
    assert "class" in shown
    assert not [part for part in ("secret", "sec@", "@ret") if part in shown]


def test_a_url_without_a_password_is_shown_whole():
    for url in ("sqlite:////tmp/gradebook.db", "postgresql+psycopg://ada@host:5433/class", "grades.db"):
        assert without_password(url) == url


def test_a_password_that_is_wrong_is_one_sentence(small, there):
    with pytest.raises(GradebookError, match=r"^The gradebook postgresql\+psycopg://grader:\*\*\*@.*authentication"):
        Gradebook(small, there.replace(PASSWORD, "wrong-one"))


def test_a_plain_url_opens_the_gradebook(small, there):
    with Gradebook(small, there.replace("+psycopg", "")) as book:
        assert book.url == there
        assert PASSWORD not in book.shown_url


def test_no_password_is_printed_at_the_end_of_a_run_or_kept_with_the_verdicts(small, there, monkeypatch, capsys):
    monkeypatch.setattr(class_run, "try_reference", lambda *_: None)
    monkeypatch.setattr(run, "run", lambda *_, **__: run.ClassRun(small.root / "index.html", ()))
    with Gradebook(small, there) as book:
        class_run.grade_class(small, small["a1"], [], book, small.root)
        said = capsys.readouterr().out
        assert "Gradebook: postgresql+psycopg://grader:***@/" in said
        key = receipts.Receipts(small, small["a1"], book, Cache(small))._key("ada")
    assert PASSWORD not in said + key


@pytest.mark.slow
def test_two_graders_at_once_keep_every_row(small, server):
    """Of different students and of the same ones, into a database in which there is nothing yet, not even tables."""
    url = server.database()
    both = [f"both{k}" for k in range(5)]
    own = [[f"{name}{k}" for k in range(2)] for name in ("left", "right")]
    classes = [",".join(both + students) for students in own]
    command = [sys.executable, HERE / "two_graders.py", small.root, url, *classes]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(HERE.parents[1]), str(HERE.parent)])}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-3000:]
    with Gradebook(small, url) as book:
        rows = book.scores("a1")
    assert [row.student for row in rows] == sorted(both + own[0] + own[1])
    assert {(row.score, row.max_score, row.needs_manual_grade) for row in rows} == {(5.5, 15.5, True)}
    with api.Gradebook(url) as gb:
        assert len(gb.students) == len(rows)
        assert {row["student"]: row["score"] for row in gb.submission_dicts("a1")} == {
            row.student: row.score for row in rows
        }
        assert gb.db.execute(text("SELECT count(*) FROM alembic_version")).scalar() == 1
        gb.db.rollback()
    server.remove(url)


def test_a_grader_that_is_stopped_while_it_makes_the_tables_leaves_none(small, server, monkeypatch):
    url = server.database()

    def stop():
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(database, "_newest_schema", stop)
        with pytest.raises(KeyboardInterrupt):
            Gradebook(small, url)
    with Gradebook(small, url) as book:
        book.record(report("ada"), answered(small))
        assert [row.score for row in book.scores("a1")] == [10.5]
        with one_at_a_time(book._api.engine, "test") as connection:
            assert "alembic_version" in inspect(connection).get_table_names()
    server.remove(url)


def test_a_server_that_goes_away_ends_the_run_and_the_next_one_goes_on(small, there, server):
    with Gradebook(small, there) as book:
        book.record(report("ada", predict="fail"), answered(small))
        server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
        with pytest.raises(
            Interrupted, match=r"^the connection to postgresql\S+ was lost: .* run the same command"
        ) as error:
            book.record(report("ada"), answered(small))
        assert PASSWORD not in str(error.value)
    assert not list(small.root.glob("**/.*.part"))
    with Gradebook(small, there) as book:
        assert [row.score for row in book.scores("a1")] == [5.5]
        book.record(report("ada"), answered(small))
        assert [row.score for row in book.scores("a1")] == [10.5]


def test_a_database_that_may_only_be_read_is_one_sentence(small, there):
    with Gradebook(small, there) as book:
        book.record(report("ada", predict="fail"), answered(small))
    read_only = f"{there}&options=-c%20default_transaction_read_only%3Don"
    with Gradebook(small, read_only) as book, pytest.raises(Interrupted, match="is read-only: make it writable"):
        book.record(report("ada"), answered(small))


def test_results_are_entered_beside_each_other_but_not_while_decisions_are_applied(small, there):
    """Both change the same rows in another order, so that the server would end one of the two."""
    with Gradebook(small, there) as book, Gradebook(small, there) as other:
        book.prepare("a1")
        with one_at_a_time(other.engine, "student bob", unless="decisions"):
            book.record(report("ada"), answered(small))  # which would wait for ever
        waiting = threading.Thread(target=book.record, args=(report("cleo"), answered(small)))
        with one_at_a_time(other.engine, "decisions"):
            waiting.start()
            waiting.join(0.5)
            assert waiting.is_alive()
        waiting.join(30)
        assert [row.student for row in book.scores("a1")] == ["ada", "cleo"]
