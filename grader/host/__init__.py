"""Use the machine safely: child processes with limits, temporary folders, atomic writes, and errors of the machine."""
