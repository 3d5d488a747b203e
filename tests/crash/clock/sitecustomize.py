"""Imported by every Python process that finds this folder in PYTHONPATH: its clock is wrong by so many seconds."""

import os
import time

_WRONG = float(os.environ["NNDL_TEST_CLOCK"])
_time, _time_ns = time.time, time.time_ns
time.time = lambda: _time() + _WRONG
time.time_ns = lambda: _time_ns() + int(_WRONG * 1e9)
