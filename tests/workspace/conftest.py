"""The fixtures of `student_folder`, for all tests of this folder."""

from workspace.student_folder import course, folder, run

__all__ = ["course", "folder", "run"]
