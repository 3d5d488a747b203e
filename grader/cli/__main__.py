"""Let ``python -m grader.cli`` be the command ``grader``."""

from __future__ import annotations

from . import main

main()
