"""Grade a class: find its submissions, grade them in parallel, and write the gradebook and the feedback pages."""
