"""What the course keeps to itself: the reference, the notebook, and how answers are judged."""
