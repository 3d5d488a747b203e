"""The package you write in this course, one file per topic."""
