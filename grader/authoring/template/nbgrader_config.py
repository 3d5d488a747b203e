"""Configure the stock `nbgrader` commands and formgrader for this course."""

import sys
from pathlib import Path

from grader.course import load
from grader.nbgrader_plugin import configure

course = load(Path(__file__).resolve().parent)
configure(get_config(), course)  # noqa: F821  (nbgrader runs this file with `get_config` in scope)

if {"generate_assignment", "assign"} & set(sys.argv):
    from grader.release.notebooks import write_sources

    write_sources(course)
