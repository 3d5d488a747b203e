"""What every student is given: the solver, the data, gradient checks, pictures, and the checks of exercises.

Nothing in here imports the student's package: what runs a student's code is handed it.
"""
