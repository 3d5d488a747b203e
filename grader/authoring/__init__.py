"""Write what authors start from: the skeleton of a new exercise, or a new course."""

from .new_course import copy_course, new_course
from .new_exercise import NewExercise, new_exercise

__all__ = ["NewExercise", "copy_course", "new_course", "new_exercise"]
