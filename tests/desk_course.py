"""A small graded class for tests of the desk: three students, two questions, a plot, code with verdicts."""

from __future__ import annotations

import base64
import json
from io import BytesIO
from pathlib import Path

from gradebook.small_course import answered, make, report
from PIL import Image

from grader.classrun import record
from grader.classrun.cache import Cache
from grader.course import Course
from grader.gradebook import Gradebook
from grader.judging.outcome import Outcome

SCRIPTS = {
    "warmup": """\
# %% [markdown]
# # Warm up
# %% exercise="layers.affine_forward"
check(affine_forward)
# %% exercise="layers.relu_forward"
check(relu_forward)
# %% [markdown]
# Why?
# %% [markdown] written="why"
# ### BEGIN SOLUTION
# Because $x < 0$ is cut off.
# ### END SOLUTION
""",
    "more": """\
# %% exercise="neural_net.TwoLayerNet.predict"
check(TwoLayerNet.predict)
# %% [markdown] written="how"
# ### BEGIN SOLUTION
# So.
# ### END SOLUTION
# %% further="further.adamw"
check(adamw)
""",
}
RUBRIC = """\
# For both sections; settled in the meeting.
[why]
about = ["layers.relu_forward"]
from = "zero"

[[why.items]]
name = "cut"
points = 2
text = "Says that negative numbers are cut off"

[[why.items]]
name = "gradient"
points = 1.5
text = "Says what that means for the gradient"
"""
LAYERS = b"""def affine_forward(x, w, b):
    return x.reshape(len(x), -1) @ w + b


def relu_forward(x):
    return abs(x), x
"""


def picture() -> str:
    """A small PNG picture in base64."""
    made = BytesIO()
    Image.new("RGB", (40, 30), "navy").save(made, "PNG")
    return base64.b64encode(made.getvalue()).decode()


def desk_course(root: Path, answers: dict[str, str], shown: list[object] | None = None) -> Course:
    """Make a course in which the students have answered the question "why"; nobody has answered "how".

    Parameters
    ----------
    root : Path
        An empty folder.
    answers : dict of str to str
        Student → answer.
    shown : list, optional
        Outputs of a cell that each student has added before the answer; text and a plot by default.
    """
    course = make(root)
    for name, text in SCRIPTS.items():
        path = root / "solutions" / "a1" / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (root / "solutions" / "rubrics").mkdir()
    (root / "solutions" / "rubrics" / "a1.toml").write_text(RUBRIC)
    with Gradebook(course) as book, Cache(course) as cache:
        for student, answer in answers.items():
            submission = answered(course, why=answer)
            folder = root / "submitted" / student / "a1"
            (folder / "nndl").mkdir(parents=True)
            (folder / "nndl" / "layers.py").write_bytes(LAYERS)
            notebook = json.loads(submission.files["warmup.ipynb"])
            notebook["cells"].insert(4, plot(shown))
            submission.files["warmup.ipynb"] = json.dumps(notebook).encode()
            for name, data in submission.files.items():
                (folder / name).write_bytes(data)
            book.record(report(student, relu_forward="fail"), submission)
            outcomes = {each.name: Outcome.nothing("fail", f"{each.name} is wrong.") for each in course["a1"].exercises}
            passages = b"".join(bytes([number]) * 8 for number in range(20 if student in ("ada", "bob") else 0))
            found = record.Record(outcomes, sandbox="landlock", passages=passages)
            record.write(cache, "a1", student, found)
    return course


def plot(shown: list[object] | None) -> dict[str, object]:
    """A cell that a student has added."""
    text = {"output_type": "stream", "name": "stdout", "text": "loss 0.25\n"}
    figure = {"output_type": "display_data", "data": {"image/png": picture()}, "metadata": {}}
    outputs = [text, figure] if shown is None else shown
    return {"cell_type": "code", "source": "plt.plot(x)", "metadata": {}, "outputs": outputs, "execution_count": 3}
