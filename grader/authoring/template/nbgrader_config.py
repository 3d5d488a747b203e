"""Configure the stock `nbgrader` commands and formgrader for this course."""

import sys
from pathlib import Path

try:
    from grader.course import load
    from grader.nbgrader_plugin import configure

    course = load(Path(__file__).resolve().parent, decided=False)
    configure(get_config(), course)  # noqa: F821  (nbgrader runs this file with `get_config` in scope)
except Exception as error:
    # nbgrader would go on with its own defaults, and run what was handed in without a sandbox.
    sys.exit(f"nbgrader cannot be used in this folder: {error}")

if {"generate_assignment", "assign"} & set(sys.argv):
    from grader.release.notebooks import write_sources

    write_sources(course)
