"""A crash is explained in the terms of its exercise."""

from __future__ import annotations

import linecache
import textwrap
from dataclasses import replace
from types import ModuleType

import numpy as np
import pytest
from crash_examples import DEVELOPMENT, HELD_BACK

from utils.checks.case import Case
from utils.checks.diagnose import CaseResult
from utils.checks.diagnose.crash_kind import same_kind
from utils.checks.diagnose.crashes import explain_crash
from utils.checks.diagnose.crashes.letters import Letters
from utils.checks.program import Crash, describe_crash, run_program

DOC = '''
    """A layer.

    x : ndarray of shape (N, D)
    w : ndarray of shape (D, M)
    b : ndarray of shape (M,)
    dout : ndarray of shape (N, M)
    image : ndarray of shape (N, C, H, W)
    """
'''
INPUTS: dict[str, object] = {
    "x": np.linspace(-1, 1, 28).reshape(4, 7),
    "w": np.ones((7, 5)),
    "b": np.ones(5),
    "dout": np.ones((4, 5)),
    "image": np.ones((4, 3, 8, 6)),
    "param": {"stride": 2, "pad": 1},
}
EXPECTED: dict[str, object] = {"dx": np.ones((4, 7)), "dw": np.ones((7, 5)), "db": np.ones(5)}


def crash_of(name: str, body: str, call: str = "out = layers.f(x, w, b, dout, image, param)") -> Crash:
    file = f"nndl/{name}.py"
    code = textwrap.indent(body, "    ")
    source = f"import numpy as np\n\n\ndef f(x, w, b, dout, image, param):{DOC}{code}\n{HELPER}"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    module = ModuleType("nndl.layers")
    exec(compile(source, file, "exec"), vars(module))
    answer = run_program(call, {"layers": module}, INPUTS, ("out",))
    assert isinstance(answer, Crash), answer
    return answer


def explained(name: str, body: str, call: str = "out = layers.f(x, w, b, dout, image, param)") -> str:
    crash = crash_of(name, body, call)
    return explain_crash(crash, INPUTS, EXPECTED) or f"not explained: {crash}"


RETURNS = [
    ("print(x)\nreturn", "out, cache = {}", "`f` should return 2 values, out, cache, but it returned None"),
    ("return x, w, b", "out, cache = {}", "should return 2 values, out, cache, but"),
    ("return x, w", "dx, dw, db = {}", "should return 3 values, dx, dw, db, but it returned 2 values"),
    ("return 0.5", "loss, grads = {}", "should return 2 values, loss, grads, but it returned a single value"),
]


@pytest.mark.parametrize(("body", "call", "phrase"), RETURNS)
def test_what_a_function_should_return_is_said_where_the_check_unpacks_it(body: str, call: str, phrase: str) -> None:
    said = explained("returns", body, call.format("layers.f(x, w, b, dout, image, param)"))
    assert phrase in said


@pytest.mark.parametrize(
    ("line", "phrase"),
    [
        ("    out = (x + 1", "because of line 2, so none of its functions can run: '(' was never closed."),
        ("  if x\n    return", "because of line 2, so none of its functions can run: expected ':'."),
    ],
)
def test_a_file_that_cannot_be_read_says_where(line: str, phrase: str) -> None:
    with pytest.raises(SyntaxError) as caught:
        compile(f"def f(x):\n{line}\n", "nndl/layers.py", "exec")
    assert phrase in explain_crash(describe_crash(caught.value, "nndl"), {}, {})


def test_an_attribute_without_its_self_is_named() -> None:
    body = (
        "class Net:\n    def __init__(self):\n        self.params = {}\n    def loss(self):\n        return params\n"
        "return Net().loss()"
    )
    assert "`self.params` meant" in explained("attribute", body)


NOT_KNOWN = [
    "raise ValueError('something else')",
    "raise KeyError('nowhere')",
    "raise IndexError('index 3 is out of bounds for axis 0 with size 3')",
    "raise TypeError('unsupported')",
    "raise AttributeError('no')",
    "return np.linalg.inv(np.zeros((3, 3)))",
]


@pytest.mark.parametrize("body", NOT_KNOWN)
def test_nothing_is_said_without_evidence(body: str) -> None:
    assert explain_crash(crash_of("unknown", body), INPUTS, EXPECTED) == ""


def test_a_call_that_a_layer_refuses_is_shown_where_it_is_made() -> None:
    body = (
        "def layer(v):\n    if v.ndim != 3:\n        raise ValueError('layer: v has 2 axes; pass an array with 3.')\n"
        "    return v\nreturn layer(x)"
    )
    crash = crash_of("refused", body)
    assert (crash.source, crash.function) == ("return layer(x)", "f")
    assert explain_crash(crash, INPUTS, EXPECTED) == "layer: v has 2 axes; pass an array with 3."


def test_a_size_that_two_letters_have_is_not_named() -> None:
    letters = Letters(("x (N, D)", "w (D, M)"), {"x": np.ones((4, 7)), "w": np.ones((7, 4))})
    assert letters.size(7) == "D = 7"
    assert letters.size(4) == "4"
    assert letters.shape((4, 7)) == "(4, 7)"
    assert letters.shape((7,)) == "(D,) = (7,)"


def test_a_size_that_is_a_setting_too_is_not_named() -> None:
    letters = Letters(("x (N, D)",), {"x": np.ones((4, 7)), "groups": 4})
    assert letters.shape((4, 7)) == "(4, 7)"


def test_a_letter_that_is_given_as_a_number_is_not_named_where_images_have_that_size() -> None:
    assert Letters((), {"G": 2, "x": np.ones((4, 6, 5, 3))}).size(2) == "G = 2"
    assert Letters((), {"G": 2, "x": np.ones((4, 6, 5, 2))}).size(2) == "2"
    assert Letters((), {"H": 2, "w": np.ones((4, 2))}).size(2) == "H = 2"


def test_contradicting_sizes_are_not_named() -> None:
    values = {"x": np.ones((4, 7)), "w": np.ones((6, 5))}
    assert Letters(("x (N, D)", "w (D, M)"), values).size(7) == "7"


def test_every_spelling_of_a_product_crashes_in_the_same_way() -> None:
    crash = crash_of("one", "return dout @ w")
    for other in ("np.dot(dout, w)", "dout.dot(w)", "np.matmul(dout, w)"):
        assert same_kind(crash, crash_of("other", f"return {other}"))
    for other in ("w @ dout", "dout + w", "dout.missing"):
        assert not same_kind(crash, crash_of("other", f"return {other}"))


def test_a_crash_is_taken_for_a_misconception_only_if_it_has_the_same_operands() -> None:
    case = Case("a case", "", {})
    crash = crash_of("mine", "return dout @ w")
    same, other = crash_of("same", "return np.dot(dout, w)"), crash_of("other", "return x + w")
    result = CaseResult(case, EXPECTED, crash, {"same": same, "other": other})
    assert result.is_given_by("same")
    assert other.error == crash.error  # the class alone would take them for one
    assert not result.is_given_by("other")


CODE = [
    "return np.zeros((n, n), dtype=int)[x",
    "(" * 200,
    "x = " + "-" * 490 + "1",
    "x @ x" + ".T" * 245,
    "x[0" + "[0" * 150 + "]" * 151,
    "x + " + "+".join("x" * 240),
    "f(" * 90 + "x + x" + ")" * 90,
    "\x00",
    "`{}` {0} %s",
    "lambda: (yield)",
    "w[x, :9] += w[0, n:99999999999999999999999] * w[x:y, N:]",
    "out = f_backward(x, y)",
]


MESSAGES = [
    "operands could not be broadcast together with shapes (4,7) (4,) ",
    "operands could not be broadcast together with shapes (4,9) (4,99999999999999999999999) ",
    "zero-size array to reduction operation maximum which has no identity",
    "index 9 is out of bounds for axis 1 with size 4",
    "too many values to unpack (expected 2)",
    "f_backward: dout has shape (2,); pass shape (4, 0, 1), that of out.",
    "'x'",
    "(" * 400,
]


@pytest.mark.parametrize("source", CODE)
@pytest.mark.parametrize("message", MESSAGES)
def test_whatever_a_worker_says_is_explained_or_not_but_never_raises(source: str, message: str) -> None:
    operands = ("x (4, 7)", "y", "(", "z of 3 items [(, None]", "w (4, 999999999999999999999999)")
    for error in (
        "ValueError",
        "IndexError",
        "KeyError",
        "TypeError",
        "NameError",
        "UnboundLocalError",
        "AttributeError",
        "UFuncTypeError",
    ):
        crash = Crash(
            False, error, message, "a.py", 3, source, "f", operands=operands, expression=source, assigned=("", "x")
        )
        assert isinstance(explain_crash(crash, INPUTS, EXPECTED), str)
        around = ("x1 (4, 0, 1)", "x2 (0,)", "(", "n = ", "d with", "x: 3 for i in range((:", "w (5,)", "N (0, D)")
        crash = replace(
            crash,
            scope=around,
            origins=around,
            conditions=around,
            settings=around,
            call="x y",
            parameters=("x", "w"),
            passed=around,
            callers_scope=around,
            returns=around,
            functions=(*around, "f_backward(): ", "f_backward(x, cache): a, b | (", "f_forward(x): y, cache"),
            results=(*around, "x = f(", "7 a, b = f_forward(x)", "8 b = f_forward", "9 [a] = f_backward(x, b)"),
            taken=(*around, "cache (3,)", "x of 2 items"),
        )
        assert isinstance(explain_crash(crash, INPUTS, EXPECTED), str)


@pytest.mark.parametrize(
    ("name", "body", "phrases"), DEVELOPMENT + HELD_BACK, ids=[one[0] for one in DEVELOPMENT + HELD_BACK]
)
def test_a_crash_is_explained(name: str, body: str, phrases: tuple[str, ...]) -> None:
    said = explained(name, body)
    assert all(phrase in said for phrase in phrases), said


@pytest.mark.parametrize(("name", "body"), [one[:2] for one in DEVELOPMENT + HELD_BACK])
def test_a_function_is_offered_only_where_the_file_imports_its_module(name: str, body: str) -> None:
    crash = replace(crash_of(name, body), modules=())
    said = explain_crash(crash, INPUTS, EXPECTED)
    written = body.replace("numpy", "np")
    for module in ("np", "math", "torch"):
        assert f"{module}." not in said or f"{module}." in written, said


def test_the_modules_that_a_line_can_use_are_known() -> None:
    assert crash_of("modules", "return x @ x").modules == ("np",)
    assert crash_of("modules-inside", "import math\nnp = 3\nreturn x @ x").modules == ("math",)


@pytest.mark.parametrize("call", ["rand(x.shape)", "randn((4, 5))", "normal(0, 1, 4, 5)", "choice(x, 2)"])
def test_a_call_that_draws_from_numpy_itself_is_not_written_out_as_right(call: str) -> None:
    said = explained("drawn", f"rng = np.random.RandomState(1)\nreturn np.random.{call}")
    assert "not explained" not in said
    assert said.count("np.random.") == ("choice" in call)


HELPER = """

def layer(x, w):
    return x @ w


def keyed(layer, x):
    return {"W1": x}[f"W{layer}"]
"""


@pytest.mark.parametrize(
    ("body", "phrases"),
    [
        (
            "first = x @ w\nresult = layer(x, first)\nreturn result",
            ("It was reached from line", "`x` is your `x` and `w` is your `first`"),
        ),
        (
            "W1, W2 = w, w.T\nhidden = x @ W1\nscores = layer(x, W2)\nreturn scores",
            ("`hidden` in place of `x`", '"scores = layer(x, W2)"'),
        ),
        ("out = keyed(x, 1)\nreturn out", ("stands in a key", "`keyed(layer, x)`")),
    ],
)
def test_a_crash_in_another_function_is_traced_to_the_call(body: str, phrases: tuple[str, ...]) -> None:
    said = explained("calls", body)
    assert all(phrase in said for phrase in phrases), said
    assert "would fit, and give" not in said


@pytest.mark.parametrize(
    ("body", "phrase"),
    [
        ("return {'loss': 1}, 2, 3", "returns 3 values; it should return out, cache."),
        ("return x.nonzero() + x.nonzero()", "+ joins the two tuples to a longer one. Each should be unpacked first"),
        (
            "if x is None:\n    return x\nresult = x\nreturn result",
            "returns `result` alone; it should return out, cache.",
        ),
    ],
)
def test_the_line_that_returns_too_few_or_too_many_values_is_shown(body: str, phrase: str) -> None:
    assert phrase in explained("returns", body, "out, cache = layers.f(x, w, b, dout, image, param)")
