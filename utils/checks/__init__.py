"""Visible checks: `check` runs an exercise's cases and says what is wrong; the grader judges by the same rules."""

from .check import CheckFailed, check, check_inputs
from .student_code import warm_up

warm_up()

__all__ = ["CheckFailed", "check", "check_inputs"]
