"""nbgrader's gradebook: reports in, scores and what people graded out.

`book` enters a submission in one transaction; `restore` makes a sound notebook of whatever was handed in and `annotate`
writes findings and points into it; `lateness` reads times and counts penalties; `markdown` shows a student's text
harmlessly.
"""

from .book import Gradebook
from .rows import Row, WrittenGrade

__all__ = ["Gradebook", "Row", "WrittenGrade"]
