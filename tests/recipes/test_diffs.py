"""Wrong and right answers are read as they are written, and whatever cannot be read is named with its line."""

from __future__ import annotations

import pytest

from grader.patch import MODULE
from grader.recipes.diffs import read

FILE = "solutions/exercises/layers/relu.wrong"
PLAIN = """\
# What goes wrong with a ReLU.

=== layers.relu_forward: identity
Negative inputs come out unchanged; they should come out as 0.
-    out = np.maximum(0, x)
+    out = x.copy()

# The next one is seen by its inputs alone.
=== layers.relu_forward: in-place
x is changed in place; it should be left as it is,
because the caller still needs it.

-    out = np.maximum(0, x)
+    out = x

+    out[out < 0] = 0
     cache = x
"""


def problems(text: str, *, sentences: bool = True) -> list[str]:
    _, found = read(text, FILE, sentences=sentences)
    return [str(problem).removeprefix(f"{FILE}, ") for problem in found]


def test_an_entry_is_its_exercise_its_name_its_sentence_and_its_lines() -> None:
    (identity, in_place), found = read(PLAIN, FILE, sentences=True)
    assert found == []
    assert (identity.exercise, identity.name, identity.line) == ("layers.relu_forward", "identity", 3)
    assert identity.sentence == "Negative inputs come out unchanged; they should come out as 0."
    (hunk,) = identity.hunks
    assert (hunk.function, hunk.file, hunk.line) == ("relu_forward", FILE, 5)
    assert (hunk.old, hunk.new) == (("    out = np.maximum(0, x)",), ("    out = x.copy()",))
    assert in_place.sentence == "x is changed in place; it should be left as it is, because the caller still needs it."


def test_a_blank_line_belongs_to_a_diff_that_goes_on_after_it() -> None:
    _, in_place = read(PLAIN, FILE, sentences=True)[0]
    (hunk,) = in_place.hunks
    assert hunk.old == ("    out = np.maximum(0, x)", "", "    cache = x")
    assert hunk.new == ("    out = x", "", "    out[out < 0] = 0", "    cache = x")


@pytest.mark.parametrize(
    ("heading", "function"),
    [
        ("@@", "Net.loss"),
        ("@@ def loss", "Net.loss"),
        ("@@ def loss(self, X):", "Net.loss"),
        ("@@ -12,3 +12,4 @@ def loss(self, X):", "Net.loss"),
        ("@@ -12 +12 @@", "Net.loss"),
        ("@@ def Net.__init__", "Net.__init__"),
        ("@@ Net.__init__", "Net.__init__"),
        ("@@ def softmax_loss", "softmax_loss"),
        ("@@ class Net", "Net"),
        ("@@ <module>", MODULE),
    ],
)
def test_a_diff_goes_on_where_its_heading_says(heading: str, function: str) -> None:
    text = f"=== fc_net.Net.loss: twice\nAll of it twice.\n-a\n+b\n{heading}\n-c\n+d\n"
    ((entry,), found) = read(text, FILE, sentences=True)
    assert found == []
    assert [hunk.function for hunk in entry.hunks] == ["Net.loss", function]


def test_a_right_answer_has_a_name_in_words_and_no_sentence() -> None:
    ((entry,), found) = read("=== layers.relu_forward: half the sum with |x|\n-a\n+b\n", FILE, sentences=False)
    assert found == []
    assert (entry.name, entry.sentence) == ("half the sum with |x|", "")


def test_an_empty_file_holds_nothing() -> None:
    assert read("", FILE, sentences=True) == ([], [])
    assert read("# Nothing yet.\n\n", FILE, sentences=True) == ([], [])


HEAD = "=== layers.relu_forward: identity\nNegative inputs come out unchanged.\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            f"\nSome words.\n\n{HEAD}-a\n+b\n",
            'line 2: this stands before the first diff, "=== exercise: name"; make it a # comment.',
        ),
        ("=== layers.relu_forward\nWrong.\n-a\n+b\n", 'line 1: a diff begins with "=== exercise: name".'),
        ("=====\nWrong.\n-a\n+b\n", 'line 1: a diff begins with "=== exercise: name".'),
        ("=== relu: identity\nWrong.\n-a\n+b\n", 'line 1: "relu" is no exercise; write "module.function".'),
        (
            "=== layers.relu_forward: In place\nWrong.\n-a\n+b\n",
            'line 1: "In place" is no name; write small letters, digits and hyphens.',
        ),
        (
            "=== layers.relu_forward: identity\n-a\n+b\n",
            "line 1: the sentence that students read is missing; write it below this line.",
        ),
        (HEAD, 'line 1: there is no diff; write lines that begin with "-" and "+".'),
        (f"{HEAD} a\n b\n", 'line 3: nothing is replaced here; write lines that begin with "-" and "+".'),
        (f"{HEAD}-a\n+b\n@@\n", 'line 5: nothing is replaced here; write lines that begin with "-" and "+".'),
        (
            f"{HEAD}+a\n",
            "line 3: these lines have no place; write the line above or below them, too, with a blank before it.",
        ),
        (
            f"{HEAD}-a\n+b\nout = x\n",
            'line 5: a line of a diff begins with "-", "+" or a blank; a sentence stands before the diff.',
        ),
        (
            f"{HEAD}-a\n+b\n@@ in the function above\n-c\n",
            'line 5: a diff goes on after "@@", "@@ def function" or "@@ <module>".',
        ),
        (
            f"{HEAD}-a\n+b\n\n{HEAD}-a\n+c\n",
            'line 6: layers.relu_forward has "identity" on line 1 already; give one of them another name.',
        ),
    ],
)
def test_what_cannot_be_read_is_named(text: str, said: str) -> None:
    assert problems(text) == [said]


def test_a_sentence_is_too_much_for_a_right_answer() -> None:
    said = "line 2: a right answer has no sentence; make it a # comment."
    assert problems(f"{HEAD}-a\n+b\n", sentences=False) == [said]


def test_everything_is_named_at_once_and_what_can_be_read_is_read() -> None:
    text = f"Words.\n{HEAD}-a\n+b\n=== relu: One\n{HEAD.replace('identity', 'other')}+c\n"
    entries, found = read(text, FILE, sentences=True)
    assert [entry.name for entry in entries] == ["identity"]
    assert [problem.line for problem in found] == [1, 6, 6, 6, 6, 9]
