"""Reading what a student handed in: a folder or an archive, neither of which is trusted.

`Submission.read` takes just the files that an assignment names, regular files only and none above a cap, and says in
plain sentences what it left aside. Nothing is ever extracted to disk and no link is ever followed.
"""

from .archive import ARCHIVES
from .submission import Submission
from .tree import NotASubmission

__all__ = ["ARCHIVES", "NotASubmission", "Submission"]
