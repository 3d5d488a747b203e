"""The HTML pages of feedback: one for each student, and one for the class."""

from .page_of_class import class_page
from .pages import next_steps, student_page
from .side_by_side import side_by_side_page
from .summary import student_row
from .writing import page_name, write

__all__ = ["class_page", "next_steps", "page_name", "side_by_side_page", "student_page", "student_row", "write"]
