"""What the grader needs of the machine: processes that can be ended, temporary folders, files written whole, errors."""
