"""Enter reports into nbgrader's gradebook, and read scores and the grades that people gave from it.

`book` enters a submission in one transaction. `restore` makes a valid notebook of whatever was handed in, and
`annotate` writes findings and points into it. `lateness` reads hand-in times and computes penalties. `markdown` and
`rendering` turn a student's text into harmless HTML.
"""

from .book import Gradebook
from .rows import Row, WrittenGrade

__all__ = ["Gradebook", "Row", "WrittenGrade"]
