"""Find the line of the student's code that a process is at, from its frames or from what `faulthandler` wrote."""

from __future__ import annotations

import linecache
import re
from dataclasses import replace
from types import FrameType, TracebackType

from ..crash import Crash, describe_crash

_LINE = re.compile(r'File "(?P<file>.+)", line (?P<line>\d+) in (?P<function>.+)')


def place_of(frame: FrameType | None, package: str) -> Crash:
    """Describe where a thread is, as if the student's line had raised there.

    Parameters
    ----------
    frame : FrameType or None
        The innermost frame of the thread.
    package : str
        The student's package.
    """
    trace: TracebackType | None = None
    files = []
    while frame is not None:
        trace = TracebackType(trace, frame, frame.f_lasti, frame.f_lineno or 0)
        files.append(frame.f_code.co_filename)
        frame = frame.f_back
    try:
        crash = describe_crash(TimeoutError("").with_traceback(trace), package)
        file = next((one for one in files if crash.file and one.replace("\\", "/").endswith(crash.file)), "")
        # Of a loop, the line it begins with is shown, and not the whole of it.
        return replace(crash, source=linecache.getline(file, crash.line).strip() or crash.source)
    except Exception:  # the thread runs on while it is looked at
        return Crash(False, "TimeoutError", "")


def place_in(text: str, package: str) -> Crash:
    """Find the student's line in what `faulthandler` wrote; no line where there is none.

    Parameters
    ----------
    text : str
        The innermost line of a thread stands first.
    package : str
        The student's package.
    """
    for found in _LINE.finditer(text):
        parts = found["file"].replace("\\", "/").split("/")
        if parts[-2:-1] == [package]:
            number = int(found["line"])
            linecache.checkcache(found["file"])
            source = linecache.getline(found["file"], number).strip()
            short = "/".join(parts[-2:])
            return Crash(False, "", "", file=short, line=number, source=source, function=found["function"])
    return Crash(False, "", "")
