"""Enter reports into nbgrader's gradebook, and read scores and the grades that people gave from it.

`book` enters submissions, several in one transaction. `restore` makes a valid notebook of whatever was handed in, and
`annotate` writes findings and points into it. `totals` computes what a student gets in the end, with the decisions of
instructors, and `applied` writes that into nbgrader's rows. `lateness` reads hand-in times and computes penalties.
`formgrader` lets nbgrader's own lists show totals. `markdown` and `rendering` turn a student's text into harmless HTML.
"""

from .book import Entry, Gradebook
from .rows import Row, WrittenGrade
from .totals import Total

__all__ = ["Entry", "Gradebook", "Row", "Total", "WrittenGrade"]
