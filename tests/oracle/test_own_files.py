"""Only the files that a module can import reach its worker, and no file that it imports is missing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.course import Course
from grader.judging.own_files import OwnFiles
from grader.submission import Submission


def reached(course: Course, module: str, beside: dict[str, str] | None = None, **texts: str) -> set[str]:
    files = {f"nndl/{name}.py": text.encode() for name, text in texts.items()}
    others = {f"nndl/{name}.py": text.encode() for name, text in (beside or {}).items()}
    paths = OwnFiles(Submission(files, (), others), course).paths(module)
    return {path.removeprefix("nndl/").removesuffix(".py") for path in paths}


@pytest.mark.parametrize(
    "text",
    [
        "from .optim import adam",
        "from . import optim",
        "import nndl.optim as o",
        "def f():\n    from nndl.optim import *",
        "from importlib import import_module\nimport_module('nndl.optim')",
        "from . import \\\n    optim",
        "from .ｏptim import adam",  # Python reads the full-width letter as a plain one
        "from .𝓸𝓹𝓽𝓲𝓶 import adam",
        "é = 1\nfrom .optim import adam",
        "this is no Python, (optim",
    ],
)
def test_a_module_that_is_imported_is_there(course: Course, text: str) -> None:
    assert reached(course, "layers", layers=text, optim="", cnn="") == {"layers", "optim"}


@pytest.mark.parametrize("text", ["", "optimise = 1", "my_optim = 2", "éoptim = 3", "optim3 = 4"])
def test_a_module_that_is_not_named_is_not_there(course: Course, text: str) -> None:
    assert reached(course, "layers", layers=text, optim="") == {"layers"}


def test_what_others_import_is_there_too(course: Course) -> None:
    texts = {"layers": "from .a import x", "a": "from .b import x", "b": "import nndl.layers", "c": "from .a import x"}
    assert reached(course, "layers", **texts) == {"layers", "a", "b"}
    assert reached(course, "c", **texts) == {"layers", "a", "b", "c"}
    assert reached(course, "layers", {"a": "from .b import x", "b": ""}, layers="from .a import x") == {
        "layers",
        "a",
        "b",
    }


def test_a_module_that_was_not_handed_in_has_no_files(course: Course) -> None:
    assert reached(course, "layers", optim="from .layers import x") == set()


def test_a_module_whose_name_is_not_ascii_is_always_there(course: Course) -> None:
    assert reached(course, "layers", layers="from .e\u0301tude import x", étude="") == {"layers", "étude"}


def test_only_these_files_are_in_the_part(course: Course) -> None:
    files = {"nndl/layers.py": b"from .b import x", "nndl/optim.py": b"", "a.ipynb": b"{}", "nndl/sub/b.py": b""}
    part = OwnFiles(Submission(files, ("a remark",), {"nndl/b.py": b"x = 1", "nndl/c.py": b""}), course).part("layers")
    assert part == Submission({"nndl/layers.py": b"from .b import x"}, (), {"nndl/b.py": b"x = 1"})


@given(st.text(max_size=300))
def test_any_text_has_its_files(course: Course, text: str) -> None:
    data = text.encode(errors="replace").decode()
    assert "layers" in reached(course, "layers", layers=data, optim="", cnn="from .layers import x")
