"""Judge one submission: draw cases, compare its answers with the reference's, and compute the scores.

The code here is trusted: it knows the reference, and runs outside the sandbox. It never executes a student's code
itself.
"""
