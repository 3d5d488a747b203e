"""A digest of a function changes exactly when the function, or something that it uses, does something else."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from utils.workspace.sources import Sources

LAYERS = """
import numpy as np

EPS = 1e-8

def helper(x):
    return x + EPS

def forward(x):
    return helper(x)

def backward(dout):
    return dout
"""
NETS = """
from .layers import forward
from . import layers

class Net:
    def __init__(self):
        self.n = 1

    def step(self, x):
        return forward(x)

    def loss(self, x):
        return self.step(x)

    def other(self, x):
        return layers.backward(x)
"""
ALL = [("layers", "forward"), ("layers", "backward"), ("nets", "Net.loss"), ("nets", "Net.other"), ("star", "f")]


def digests(folder: Path, layers: str = LAYERS, nets: str = NETS) -> dict[str, str]:
    (folder / "layers.py").write_text(layers)
    (folder / "nets.py").write_text(nets)
    (folder / "star.py").write_text("from pkg.layers import *\n\ndef f(x):\n    return backward(x)\n")
    return {function: Sources(folder).digest(module, function) for module, function in ALL}


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        ("return dout", "return -dout", {"backward", "Net.other", "f"}),
        ("1e-8", "1e-5", {"forward", "Net.loss"}),
        ("return x + EPS", "return x - EPS", {"forward", "Net.loss"}),
        ("return forward(x)", "return 2 * forward(x)", {"Net.loss"}),
        ("self.n = 1", "self.n = 2", {"Net.loss", "Net.other"}),
        ("return helper(x)", "return helper(x)  # the same", set()),
        ("def backward(dout):", "def backward(\n    dout,\n):", set()),
        ("import numpy as np", "import numpy", set()),
    ],
)
def test_what_a_function_uses_belongs_to_it(old: str, new: str, changed: set[str], tmp_path: Path) -> None:
    folder = tmp_path / "pkg"
    folder.mkdir()
    before = digests(folder)
    assert old in LAYERS + NETS
    after = digests(folder, LAYERS.replace(old, new), NETS.replace(old, new))
    assert {name for name in before if before[name] != after[name]} == changed


@given(data=st.data())
def test_a_change_reaches_exactly_the_functions_that_lead_to_it(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("made") / "pkg"
    folder.mkdir()
    number = 7
    calls = {
        one: data.draw(st.sets(st.sampled_from([other for other in range(number) if other != one]), max_size=2))
        for one in range(number)
    }
    places = {one: data.draw(st.sampled_from("ab")) for one in range(number)}
    changed = data.draw(st.integers(0, number - 1))

    def write(altered: bool) -> dict[int, str]:
        for module, other in ("ab", "ba"):
            imports = [f"from .{other} import f{one}" for one in places if places[one] == other]
            bodies = [
                f"def f{one}(x):\n    return {' + '.join([f'f{k}(x)' for k in sorted(calls[one])] + [f'{one}'])}"
                f"{' + x' if altered and one == changed else ''}"
                for one in places
                if places[one] == module
            ]
            (folder / f"{module}.py").write_text("\n".join([*imports, *bodies, ""]))
        return {one: Sources(folder).digest(places[one], f"f{one}") for one in places}

    before, after = write(False), write(True)
    leads = {changed}
    for _ in range(number):
        leads |= {one for one in calls if calls[one] & leads}
    assert {one for one in before if before[one] != after[one]} == leads


def test_how_a_function_stands(tmp_path: Path) -> None:
    folder = tmp_path / "pkg"
    folder.mkdir()
    (folder / "a.py").write_text(
        "def f(x):\n    return x\n\ndef g(x):\n    y = x\n    raise NotImplementedError('your code here')\n"
    )
    (folder / "b.py").write_text("def f(x):\n    return (x\n")
    (folder / "c.py").write_bytes(b"# caf\xe9\n")
    sources = Sources(folder)
    assert (sources.look("a", "f").condition, sources.look("a", "f").line) == ("written", 1)
    assert (sources.look("a", "g").condition, sources.look("a", "g").line) == ("stub", 6)
    assert sources.look("a", "h").condition == "absent"
    damaged = sources.look("b", "f")
    assert (damaged.condition, damaged.line) == ("damaged", 2)
    assert "SyntaxError" in damaged.why
    assert sources.look("c", "f").condition == "damaged"
    assert (sources.look("d", "f").condition, sources.look("d", "f").why) == ("absent", "there is no pkg/d.py")


def test_of_what_is_not_right_the_imports_belong_to_it(tmp_path: Path) -> None:
    folder = tmp_path / "pkg"
    folder.mkdir()
    digests(folder)
    before = Sources(folder).digest("layers", "backward", with_file=True)
    digests(folder, LAYERS.replace("import numpy as np", "import numpy"))
    assert Sources(folder).digest("layers", "backward", with_file=True) != before
