"""What authors start from: the skeleton of an exercise, and a course of their own."""

from .new_course import copy_course, new_course
from .new_exercise import NewExercise, new_exercise

__all__ = ["NewExercise", "copy_course", "new_course", "new_exercise"]
