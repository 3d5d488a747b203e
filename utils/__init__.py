"""What every student is given: data, solver, gradient checks, pictures and the visible checks."""
