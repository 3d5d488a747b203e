"""The instructor's side of the course: the reference package and the notebook sources."""
