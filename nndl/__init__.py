"""Neural networks from scratch: the package you write in this course, one file per topic."""
