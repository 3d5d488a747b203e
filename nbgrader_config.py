"""Lets the stock `nbgrader` commands and formgrader work in this repository; see grader/nbgrader_plugin.py."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT))  # the course folder need not be installed

try:
    from grader.course import load
    from grader.nbgrader_plugin import configure

    course = load(ROOT, decided=False)  # a mistake in decisions.toml is named by what applies it
    configure(get_config(), course)  # noqa: F821  (nbgrader runs this file with `get_config` in scope)
except Exception as error:
    # nbgrader would go on with its own defaults, and run what was handed in without a sandbox.
    sys.exit(f"nbgrader cannot be used in this folder: {error}")

if {"generate_assignment", "assign"} & set(sys.argv):
    from grader.release.notebooks import write_sources

    write_sources(course)
