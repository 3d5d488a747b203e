"""The student's commands that only this course has, besides those that every course has from `utils.cli`."""

from .explore import explore

COMMANDS = (explore,)
