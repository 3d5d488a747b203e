"""What every student is given: the solver, the data, gradient checks, pictures, and the checks of exercises.

Nothing in here imports ``nndl``: what runs a student's code is handed it.
"""
