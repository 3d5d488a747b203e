"""Visible checks: `check` runs an exercise's cases and says what is wrong; the grader judges by the same rules."""

import sys

from .check import CheckFailed, check, check_inputs
from .student_code import warm_up
from .students_folder import part

warm_up()

__all__ = ["CheckFailed", "check", "check_inputs"]

if "ipykernel" in sys.modules:  # in a notebook: say where its code comes from, and keep a copy of the student's files
    part("updating.notebook").begin()
