"""The cell for Google Colab does nothing elsewhere, and there brings the course's files into the student's Drive."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from types import ModuleType, SimpleNamespace

import msgspec
import nbformat
import pytest

from grader.course import EditionTable
from grader.release.colab import colab_cell
from grader.release.notebooks import write_sources
from grader.release.percent_scripts import FOLDED


@pytest.fixture
def source(course):
    return colab_cell(course, course["hw4"]).source


@pytest.fixture
def drive(tmp_path, monkeypatch):
    """A Google Colab of which nothing is real: the calls that the cell makes, and its Google Drive."""
    place = tmp_path / "drive"
    place.mkdir()
    calls = []
    colab = ModuleType("google.colab")
    colab.drive = SimpleNamespace(mount=lambda where: calls.append(("mount", where)))
    colab.files = SimpleNamespace(upload_file=lambda name: (calls.append(("upload", name)), zipped(place / name)))
    monkeypatch.setitem(sys.modules, "google", ModuleType("google"))
    monkeypatch.setitem(sys.modules, "google.colab", colab)
    monkeypatch.setattr(subprocess, "run", lambda command, check: calls.append(("run", command[1:])))
    monkeypatch.setattr(
        "urllib.request.urlretrieve", lambda url, name: (calls.append(("get", url)), zipped(place / name))
    )
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.chdir(tmp_path)
    return SimpleNamespace(place=place, calls=calls)


def zipped(path):
    """An edition of one notebook."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("nndl-course/assignments/hw4/Dropout.ipynb", "{}")


def run(source, drive):
    exec(source.replace("/content/drive/MyDrive", str(drive.place)), {})


def test_does_it_nothing_elsewhere(source, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = list(sys.path)
    exec(source, {})
    assert list(tmp_path.iterdir()) == []
    assert sys.path == before
    assert os.getcwd() == str(tmp_path)


def test_does_it_ask_for_the_archive_and_go_where_the_notebook_belongs(source, drive):
    run(source, drive)
    assert [call[0] for call in drive.calls] == ["mount", "upload", "run"]
    assert drive.calls[2][1] == ["-m", "pip", "install", "--quiet", "--no-deps", "--editable", "../.."]
    assert os.getcwd() == str(drive.place / "nndl-course" / "assignments" / "hw4")
    assert sys.path[0] == str(drive.place / "nndl-course")


def test_is_work_that_is_there_left_alone(source, drive):
    written = drive.place / "nndl-course" / "assignments" / "hw4" / "Dropout.ipynb"
    written.parent.mkdir(parents=True)
    written.write_text("mine")
    run(source, drive)
    assert [call[0] for call in drive.calls] == ["mount", "run"]
    assert written.read_text() == "mine"


def test_is_a_published_archive_fetched(course, drive):
    published = msgspec.structs.replace(course, edition=EditionTable(archive='https://example.org/a"b.zip'))
    run(colab_cell(published, course["hw4"]).source, drive)
    assert drive.calls[1] == ("get", 'https://example.org/a"b.zip')


def test_has_each_notebook_one_where_the_course_wants_it(course, tmp_path):
    for colab in (True, False):
        wanted = msgspec.structs.replace(course, edition=EditionTable(colab=colab))
        folder = write_sources(wanted, [course["hw3"]], tmp_path / str(colab))
        for path in (folder / "hw3").glob("*.ipynb"):
            cells = [cell for cell in nbformat.read(path, 4).cells if "google.colab" in cell.source]
            assert [cell.metadata for cell in cells] == [FOLDED] * colab
