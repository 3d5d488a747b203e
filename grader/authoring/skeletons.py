"""Make the texts of a new exercise. Its author has to complete the lines with TO WRITE; `grader prove` lists them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..release.markers import BEGIN, END

_ENDINGS = re.compile(r"(_naive|_forward|_backward)+$")


@dataclass(frozen=True)
class Skeleton:
    """The texts of one new exercise.

    Attributes
    ----------
    name : str
        The exercise: ``"layers.leaky_relu_forward"`` or ``"fc_net.TwoLayerNet.loss"``.
    package : str
        The name of the student's package.
    """

    name: str
    package: str

    @property
    def module(self) -> str:
        """The module that the exercise is in: ``"layers"``."""
        return self.name.split(".")[0]

    @property
    def function(self) -> str:
        """The function's qualified name in that module: ``"TwoLayerNet.loss"``."""
        return self.name.partition(".")[2]

    @property
    def family(self) -> str:
        """The name of its files in ``solutions/exercises``: the class, or the function without its ending."""
        first = self.function.split(".")[0]
        words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", first).lower()
        return _ENDINGS.sub("", words) or words

    def todo(self, what: str) -> str:
        """Return a sentence for the author, in the form that `grader.release.consistency.TO_WRITE` finds."""
        return f"TO WRITE ({self.name}): {what}"

    def file(self) -> str:
        """Return the beginning of a new module of the reference."""
        return f'"""{self.todo("what this file is about, in a sentence.")}"""\n\nimport numpy as np\n'

    def class_head(self) -> str:
        """Return the beginning of a new class."""
        owner = self.function.split(".")[0]
        return f'class {owner}:\n    """{self.todo("what this class is for.")}"""\n'

    def reference(self, indent: str = "") -> str:
        """Return the function with its solution region; a method if `indent` is not empty."""
        inside, name = indent + "    ", self.function.rpartition(".")[2]
        return "\n".join(
            [
                f"{indent}def {name}({'self, ' if indent else ''}x):",
                f'{inside}"""{self.todo("what it computes, with the shapes of what it takes and returns.")}"""',
                f"{inside}{BEGIN}",
                f"{inside}# {self.todo('the answer; what stands between these two markers is for students to write.')}",
                f"{inside}raise NotImplementedError",
                f"{inside}{END}",
                "",
            ]
        )

    def recipe(self) -> str:
        """Return the file with the recipe: how cases are drawn and what is compared."""
        cases = f"{self.function.replace('.', '_').lower()}_cases"
        covered = self.todo("which situations are covered, in a sentence.")
        draw = self.todo("draw the inputs, call the function, and name each output with its rule.")
        return f'''"""Define how ``{self.name}`` is judged."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from grader.recipes import Case, Equal, Recipe, sizes


def {cases}(rng: np.random.Generator) -> Iterator[Case]:
    """{covered}"""
    n, c = sizes(rng, 2)  # different sizes, so that no axis can be mistaken for another
    # {draw}
    x = rng.standard_normal((n, c))
    yield Case(f"x of shape {{(n, c)}}", "out = {self.name}(x)", {{"x": x}}, {{"out": Equal()}})


RECIPES = (Recipe("{self.name}", {cases}),)
'''

    def wrong(self) -> str:
        """Return the file for misconceptions, with the form of one as a comment."""
        what = "misconceptions: a name, the sentence that students read, and a diff of the answer, in this form."
        return f"""# {self.todo(what)}
# === {self.name}: name-of-the-mistake
# What the answer does; what it should do, with the word "should". Never the line of the answer.
# -    the line of the answer
# +    the line that a student writes who makes this mistake
"""

    def right(self) -> str:
        """Return the file for right answers in other styles, with the form of one as a comment."""
        what = "a right answer in another style, as a diff of the answer, in this form; it may lose no point."
        return f"""# {self.todo(what)}
# === {self.name}: a few words about the style
# -    the line of the answer
# +    another line that is right, too
"""

    def cells(self) -> str:
        """Return the cells to add to the notebook's source."""
        top = self.function.split(".")[0]
        return f"""
# %% [markdown]
# {self.todo("what the function is for, and all that students need to know to write it.")}

# %%
from {self.package}.{self.module} import {top}
from utils.checks import check

# %% exercise="{self.name}"
check({self.function})
"""
