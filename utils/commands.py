"""The student's commands that only this course has, besides those that every course has from `utils.cli`."""

from .data_command import data, examine_data
from .explore import explore
from .fast_layers_command import examine_fast_layers

COMMANDS = (data, explore)
EXAMINED = (examine_fast_layers, examine_data)
"""What ``doctor`` looks at besides; see `utils.workspace.doctor.examine`."""
