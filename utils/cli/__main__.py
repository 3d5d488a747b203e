"""``python -m utils.cli``: the student's command where it is not installed."""

from . import main

main()
