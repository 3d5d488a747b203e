"""Lets the stock `nbgrader` commands work in this folder; the grader is installed."""

from pathlib import Path

from grader.course import load
from grader.nbgrader_plugin import configure

configure(get_config(), load(Path(__file__).resolve().parent))  # noqa: F821  (nbgrader runs this file with `get_config`)
