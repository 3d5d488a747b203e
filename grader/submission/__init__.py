"""Read what a student handed in: a folder or an archive, neither of which is trusted.

`Submission.read` takes only the files that an assignment names. Each has to be a regular file, no larger than a cap.
For everything that it leaves out, it adds a sentence to the submission's remarks. It never extracts anything to disk,
and never follows a link.
"""

from .archive import ARCHIVES
from .submission import Submission
from .tree import NotASubmission

__all__ = ["ARCHIVES", "NotASubmission", "Submission"]
