"""A line of a solution is recognised in any dress; what everybody writes is not."""

from __future__ import annotations

import pytest

from grader.release.gate.released import Released
from grader.release.gate.solution_lines import Secrets, surviving_lines

SOLUTION = """\
# The upstream gradient meets every weight once, so it is multiplied from the right.
dx = (dout @ w.T).reshape(x.shape)
dw = x.reshape(x.shape[0], -1).T @ dout
db = dout.sum(axis=0)
grads["W1"], scale = alpha * (A @ (A.T @ X)), 1.0
total += 0.5 * reg * np.sum(W * W)
for a, b in zip(sizes[:-1], sizes[1:]):
    pass
"""


@pytest.fixture
def secrets() -> Secrets:
    known = Secrets()
    known.learn(SOLUTION, "layers.affine_backward")
    return known


SURVIVORS = {
    "as it is": "dx = (dout @ w.T).reshape(x.shape)",
    "other names": "gradient = (upstream @ weights.T).reshape(inputs.shape)",
    "other layout": "dx = (\n    dout\n    @ w.T\n).reshape(x.shape)  # back to the shape of x",
    "returned": "def f(dout, w, x):\n    return (dout @ w.T).reshape(x.shape)",
    "in a larger expression": "assert np.allclose(f(dout), (dout @ w.T).reshape(x.shape))",
    "in a comment": "y = 1\n# dx = (dout @ w.T).reshape(x.shape)",
    "behind a prompt": ">>> dx = (dout @ w.T).reshape(x.shape)",
    "in a docstring": 'def f():\n    """Try this:\n\n    dx = (dout @ w.T).reshape(x.shape)\n    """',
    "in prose": "Nothing easier than that:\n\n`dx = (dout @ w.T).reshape(x.shape)`\n\nSee?",
    "one entry of several": "K = beta * (B @ (B.T @ Z))",
    "in place": "loss += 0.5 * strength * np.sum(V * V)",
    "what was added": "penalty = 0.5 * strength * np.sum(V * V)",
    "the head of a loop": "for rows, columns in zip(widths[:-1], widths[1:]):\n    print(rows, columns)",
    "the head of a loop in a comment": "# for a, b in zip(sizes[:-1], sizes[1:]):",
    "behind a magic": "%matplotlib inline\ndw = x.reshape(x.shape[0], -1).T @ dout",
}


@pytest.mark.parametrize("case", SURVIVORS)
def test_is_a_line_recognised(secrets, case):
    found = list(secrets.in_code(SURVIVORS[case], {}))
    assert len(found) == 1
    assert "the solution of layers.affine_backward" in found[0][1]


HARMLESS = {
    "another formula": "dx = (dout @ w).reshape(x.shape)",
    "one variable for two": "dx = (w @ w.T).reshape(x.shape)",
    "another attribute": "dx = (dout @ w.T).reshape(x.size)",
    "too short to tell": "total = errors.sum(axis=0)",
    "only a name": "dx = dout",
    "prose": "The gradient has the shape of x, and w.T is the transposed weight matrix.",
}


@pytest.mark.parametrize("case", HARMLESS)
def test_is_harmless_code_let_through(secrets, case):
    assert list(secrets.in_code(HARMLESS[case], {})) == []


def test_does_less_give_an_answer_away_in_its_own_function(secrets):
    line = "# db = dout.sum(axis=0)"
    assert list(secrets.in_code(line, {})) == []
    assert list(secrets.in_code(line, {1: "layers.relu_backward"})) == []
    assert [number for number, _ in secrets.in_code(line, {1: "layers.affine_backward"})] == [1]


def test_may_a_line_be_declared_no_secret():
    known = Secrets()
    known.learn("a = (p @ q.T).reshape(r.shape)  # not a secret\nb = (p @ q.T + 1).reshape(r.shape)\n", "layers.f")
    assert list(known.in_code("c = (x @ y.T).reshape(z.shape)", {})) == []
    assert len(list(known.in_code("c = (x @ y.T + 1).reshape(z.shape)", {}))) == 1


def test_are_the_words_of_an_answer_recognised_when_they_are_wrapped_anew(secrets):
    said = "Note that the upstream gradient meets\nevery weight once, so it is\nmultiplied from the right!"
    assert [line for line, _ in secrets.in_words(said)] == [1]
    assert list(secrets.in_words("Every weight meets the upstream gradient, multiplied from the right.")) == []


PLANTED = {
    "nndl/optim.py": b"\n\ndef helper(u, v, t):\n    return (u @ v.T).reshape(t.shape)\n",
    "utils/solver.py": b"\n# h = np.where(s > 0, u @ v, 0)\n",
    "README.md": b"\nHint: `dW = np.outer(h, r) + np.outer(W @ r, x)`\n",
}


def test_is_a_line_of_the_course_s_own_solutions_found_anywhere(course, reference, tree):
    """In these files nothing else is found: without what is planted, the whole tree passes (test_gate.py)."""
    planted = {path: tree[path] + text for path, text in PLANTED.items()}
    leaks = list(surviving_lines(Released(planted, course, reference)))
    assert [leak.path for leak in leaks] == list(PLANTED)
    for leak in leaks:
        assert planted[leak.path].split(b"\n")[leak.line - 1] in PLANTED[leak.path]
