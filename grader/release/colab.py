"""Make the cell with which a released notebook fetches the course's files on Google Colab."""

from __future__ import annotations

import json

from nbformat import NotebookNode, v4

from ..course import Assignment, Course
from .percent_scripts import FOLDED

_CELL = """\
# Only for Google Colab: fetch the course's files (elsewhere: nothing)
import sys

if "google.colab" in sys.modules:
    import os
    import subprocess
    import zipfile
    from glob import glob
    from urllib.request import urlretrieve

    from google.colab import drive, files

    drive.mount("/content/drive")  # what is kept elsewhere is gone when Colab ends this machine
    os.chdir("/content/drive/MyDrive")
    folders = sorted(glob({folder} + "*/"), key=os.path.getctime)
    if not (folders and os.path.isdir(folders[0] + {notebooks})):
        if address := {address}:
            urlretrieve(address, {archive})
        elif not os.path.isfile({archive}):
            files.upload_file({archive})  # choose the zip that your course has given you
        if folders:  # of an earlier release: what was written there stays
            command = [sys.executable, "-m", "utils.cli", "update", os.path.abspath({archive})]
            subprocess.run(command, cwd=folders[0], check=True)
        else:
            zipfile.ZipFile({archive}).extractall()
            folders = glob({folder} + "*/")
    os.chdir(folders[0] + {notebooks})
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--editable", "../.."], check=True)
    sys.path.insert(0, os.path.abspath("../.."))"""


def colab_cell(course: Course, assignment: Assignment) -> NotebookNode:
    """Return the cell for the notebooks of an assignment.

    It keeps the student's files in Google Drive, because Colab deletes its machine after some hours. The first time it
    unpacks the student edition there, from the address in course.toml or from an upload.

    Parameters
    ----------
    course, assignment : Course, Assignment
        The assignment and its course.

    Returns
    -------
    NotebookNode
        A folded code cell.
    """
    folder = course.edition_name
    names = {
        "folder": folder,
        "archive": f"{folder}.zip",
        "address": course.edition.archive,
        "notebooks": f"assignments/{assignment.name}",
    }
    source = _CELL.format(**{name: json.dumps(value) for name, value in names.items()})
    cell: NotebookNode = v4.new_code_cell(source, id="google-colab", metadata=dict(FOLDED))
    return cell
