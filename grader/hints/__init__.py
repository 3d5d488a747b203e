"""Measure how often the hints name the true cause, on realistic wrong answers whose causes are known.

The wrong answers stand in ``solutions/student_answers``. `corpus` reads them, `measuring` judges them as the grader
would and collects the hints, `readings` keeps what a reader decided about each hint, and `report` writes docs/hints.md.
"""

from .corpus import HALVES, StudentAnswer, read_answers
from .measuring import Hinted, accepted, measure
from .readings import CLASSES, NOT_READ, Readings, read_lines
from .report import PAGE, counted, report, share_lines, shown

__all__ = [
    "CLASSES",
    "HALVES",
    "NOT_READ",
    "PAGE",
    "Hinted",
    "Readings",
    "StudentAnswer",
    "accepted",
    "counted",
    "measure",
    "read_answers",
    "read_lines",
    "report",
    "share_lines",
    "shown",
]
