"""A class: its submissions found, graded in parallel, kept, and entered into the gradebook and the pages."""
