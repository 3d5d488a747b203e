"""The fixtures of `student_folder`, for all tests of this folder."""

from student_commands.student_folder import course, folder, run

__all__ = ["course", "folder", "run"]
