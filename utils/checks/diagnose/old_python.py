"""Say what to write today in place of code that was right in Python 2."""

from __future__ import annotations

import re
from typing import Final

from ..program import Crash

_MODULES: Final = {
    "cPickle": "pickle",
    "cStringIO": "io",
    "StringIO": "io",
    "Queue": "queue",
    "ConfigParser": "configparser",
    "__builtin__": "builtins",
    "urllib2": "urllib.request",
    "urlparse": "urllib.parse",
}
_NAMES: Final = {
    "xrange": "range",
    "raw_input": "input",
    "unicode": "str",
    "basestring": "str",
    "long": "int",
    "unichr": "chr",
    "reduce": "functools.reduce",
    "izip": "zip",
    "imap": "map",
}
_METHODS: Final = {
    "iteritems": "items()",
    "iterkeys": "keys()",
    "itervalues": "values()",
    "has_key": "in",
}
_ITERATOR = r"'(map|zip|filter|range|dict_keys|dict_values|dict_items)'"

# What Python says, what stands on the line, and what to write; {0} is the first group of what Python says.
_RULES: Final = (
    (r"SyntaxError: Missing parentheses in call to 'print'", "", "print is a function: print(...)"),
    (r"SyntaxError: multiple exception types must be", r"except .*,", "write `except ValueError as error:`"),
    (r"SyntaxError: invalid syntax", r"^raise \w+,", "write `raise ValueError('...')`"),
    (r"SyntaxError: invalid syntax", r"`", "write repr(...) in place of `...`"),
    (r"SyntaxError: invalid syntax", r"<>", "write != in place of <>"),
    (r"SyntaxError: (?:invalid decimal literal|invalid syntax)", r"\b\d+[lL]\b", "write whole numbers without the L"),
    (rf"TypeError: .*{_ITERATOR}", "", "{0} gives no list; write list(...) around it where a list is needed"),
    (r"ImportError: cannot import name '(\w+)' from 'collections'", "", "write `from collections.abc import {0}`"),
)


def explain_old_python(crash: Crash) -> str:
    """Say what to write in today's Python where a crash comes from code for an older one.

    Parameters
    ----------
    crash : Crash

    Returns
    -------
    str
        One sentence; empty where the crash has another reason, as far as can be seen.
    """
    said = f"{crash.error}: {crash.message}"
    for pattern, on_the_line, advice in _RULES:
        found = re.match(pattern, said)
        if found and re.search(on_the_line, crash.source):
            return _sentence(advice.format(*(name.removeprefix("dict_") for name in found.groups())))
    for pattern, names in (
        (r"ModuleNotFoundError: (?:No module named ')?(\w+)", _MODULES),
        (r"NameError: name '(\w+)'", _NAMES),
        (r"ImportError: cannot import name '(\w+)' from 'itertools'", _NAMES),
        (r"AttributeError: 'dict' object has no attribute '(\w+)'", _METHODS),
    ):
        found = re.match(pattern, said)
        if found and found[1] in names:
            return _sentence(f"`{found[1]}` is called `{names[found[1]]}`")
    return ""


def _sentence(advice: str) -> str:
    return f"In Python 3, {advice}."
