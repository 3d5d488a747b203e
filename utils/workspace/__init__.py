"""The folder that a student works in: what is done and what is next, whether all is well, what is handed in."""
