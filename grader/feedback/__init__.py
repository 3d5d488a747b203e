"""The HTML pages of feedback: one for each student, and one for the class."""

from .pages import class_page, next_steps, page_name, student_page, write

__all__ = ["class_page", "next_steps", "page_name", "student_page", "write"]
