"""The grader grades any course: a second one, of another package, from its release to nbgrader and the demo.

It is about k-means: one notebook, three exercises, no gradients, and nothing in its folder but what they need.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest
from submissions import submission, write

from grader import cli, demo
from grader import course as courses
from grader.course import Course
from grader.demo import MARKERS
from grader.gradebook import Gradebook
from grader.judging import oracle
from grader.mutation import Equivalents, mutants, solved
from grader.mutation.proof import followers, outcomes
from grader.recipes import recipe_book
from grader.reference import Reference
from grader.release import release, student_edition
from grader.report import LostPoints
from grader.sandbox import SandboxUnavailable, choose_confinement
from utils.checks.check import examine
from utils.checks.course import find
from utils.checks.pack import load

ROOT = Path(__file__).parents[2]
EXERCISES = ("kmeans.assign", "kmeans.update", "kmeans.inertia")


@pytest.fixture(scope="module")
def clusters(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A copy of the course, released."""
    root = tmp_path_factory.mktemp("elsewhere") / "course"
    shutil.copytree(Path(__file__).parent / "clusters", root, ignore=shutil.ignore_patterns("__pycache__"))
    course = courses.load(root)
    made = release(course)
    student_edition(course, root / "dist", made.tree)
    return course


@pytest.fixture(scope="module")
def edition(clusters: Course) -> Path:
    """What a student unpacks."""
    return clusters.root / "dist" / "clusters-course"


@pytest.fixture(scope="module")
def answers(clusters: Course) -> dict[str, str]:
    """The file kmeans.py: in the reference's words, in another style, with a known mistake, and as a stub."""
    reference = Reference(clusters.root, "clusters")
    recipes = recipe_book(reference).all().values()
    styles = [hunk for recipe in recipes for answer in recipe.right for hunk in answer.hunks]
    mistake = next(one for recipe in recipes for one in recipe.misconceptions if one.id == "sum-for-mean")
    texts = {
        "right": reference.source("kmeans"),
        "other": reference.changed("kmeans", styles),
        "wrong": reference.changed("kmeans", mistake.hunks),
    }
    texts = {
        name: "".join(line for line in text.splitlines(keepends=True) if line.strip() not in MARKERS)
        for name, text in texts.items()
    }
    return {**texts, "stub": (clusters.root / "clusters" / "kmeans.py").read_text("utf-8")}


def python(folder: Path, *args: str, given: str = "") -> subprocess.CompletedProcess[str]:
    """Run Python in a folder, where it finds neither the grader nor this repository."""
    root = next(place for place in (folder, *folder.parents) if (place / "utils").is_dir())
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": f"{root}{os.pathsep}{sysconfig.get_path('purelib')}",  # with -S no installed copy is found
        "PYTHONPYCACHEPREFIX": f"{root}-bytecode",  # what one process has compiled the next one need not
        "OMP_NUM_THREADS": "1",
    }
    command = [sys.executable, "-S", *args]
    return subprocess.run(
        command, cwd=folder, env=environment, input=given, capture_output=True, text=True, check=False
    )


def test_the_release_gives_stubs_a_notebook_packs_and_an_edition(clusters: Course, edition: Path) -> None:
    stub = (clusters.root / "clusters" / "kmeans.py").read_text("utf-8")
    assert 'raise NotImplementedError("assign: your code here")' in stub
    assert "argmin" not in stub
    said = "# Also checked, for 40 % of the points:"
    assert f"    {said}\n    # - shape: exactly as documented\n" in stub
    assert "    # - tie: a centre that is there twice\n    raise NotImplementedError" in stub
    notebook = json.loads((clusters.root / "assignments/groups/k-means.ipynb").read_text("utf-8"))
    assert sum("".join(cell["source"]).startswith(said) for cell in notebook["cells"]) == 1
    graded = [cell["metadata"]["nbgrader"] for cell in notebook["cells"] if cell["metadata"].get("nbgrader")]
    assert {cell["grade_id"]: cell["points"] for cell in graded} == {
        "kmeans-assign": 3,
        "kmeans-update": 4,
        "kmeans-inertia": 2,
        "why-local": 1,
    }
    assert {path.stem for path in (clusters.root / "goldens").glob("*.npz")} == set(EXERCISES)
    given = find(edition)
    assert (given.root, given.package, given.title) == (edition, "clusters", "Finding groups in data")
    assert {path.name for path in (edition / "utils").iterdir()} == {
        "__init__.py",
        "checks",
        "cli",
        "errors.py",
        "py.typed",
        "workspace",
    }
    text = (edition / "README.md").read_text("utf-8")
    assert text.startswith("# Finding groups in data\n")
    assert "clusters check kmeans.assign" in text
    assert "torch" not in text + (edition / "pyproject.toml").read_text("utf-8")


def test_the_last_of_equally_near_centres_costs_the_trait_tie(clusters: Course) -> None:
    reference = Reference(clusters.root, "clusters")
    text = reference.source("kmeans")
    last = text.replace(".argmin(axis=1)", "[:, ::-1].argmin(axis=1)\n    nearest = len(centres) - 1 - nearest")
    assert last != text
    handed_in = submission({"clusters/kmeans.py": last.encode()})
    how = {"confinement": choose_confinement(), "secret": b"for tests"}
    report = oracle.grade(handed_in, clusters, clusters["groups"], "ana", **how)
    assign, *others = report.exercises
    assert (assign.verdict, assign.score) == ("partial", 2.4)  # the core is 60 %, and one of two traits is wrong
    assert assign.lost == (LostPoints("nearest", "tie", 0.6),)
    assert [verdict.verdict for verdict in others] == ["pass", "pass"]


def test_the_packs_alone_name_every_misconception(clusters: Course) -> None:
    reference = Reference(clusters.root, "clusters")
    found = 0
    for name, recipe in recipe_book(reference).all().items():
        pack = load(name, clusters.root / "goldens")
        for misconception in recipe.misconceptions:
            result = examine(pack, {"kmeans": reference.variant("kmeans", misconception.hunks)})
            said = {finding.misconception for finding in result.findings if finding.verdict != "pass"}
            assert said == {misconception.id}, str(result)
            found += 1
    assert found >= 9


# As in a notebook, which loads the student's file again after each change.
NOTEBOOK = """
import importlib, json, sys
from pathlib import Path
import clusters.kmeans as kmeans
from utils.checks import check

for text in json.load(sys.stdin):
    Path(kmeans.__file__).write_text(text)
    importlib.reload(kmeans)
    for function in (kmeans.assign, kmeans.update, kmeans.inertia):
        try:
            check(function)
        except AssertionError as failed:
            print(failed)
try:
    check(len)
except TypeError as error:
    print(error)
print([name for name in ("grader", "solutions", "nndl") if importlib.util.find_spec(name)])
"""


def test_the_students_own_check_works_in_the_edition(edition: Path, answers: dict[str, str]) -> None:
    texts = [answers[name] for name in ("stub", "wrong", "other")]
    done = python(edition, "-c", NOTEBOOK, given=json.dumps(texts))
    assert done.returncode == 0, done.stderr
    stub, rest = done.stdout.split("✓ kmeans.assign", 1)
    assert stub.count("is not written yet") == 3
    wrong, rest = rest.split("✓ kmeans.inertia", 1)
    assert "✗ kmeans.update" in wrong
    assert "A centre moves to the sum of its points; it should move to their mean." in wrong
    assert rest.count("✓ kmeans.") == 3
    assert "is not an exercise; the exercises are kmeans.assign, kmeans.inertia, kmeans.update." in rest
    assert rest.splitlines()[-1] == "[]"


def test_the_command_works_anywhere_in_the_edition(edition: Path, answers: dict[str, str]) -> None:
    (edition / "clusters" / "kmeans.py").write_text(answers["wrong"])
    checked = python(edition / "assignments" / "groups", "-m", "utils.cli", "check")
    assert (checked.returncode, checked.stdout.splitlines()[-1]) == (1, "2 of 3 exercises pass."), checked.stderr
    assert "✗ kmeans.update" in python(edition, "-m", "utils.cli", "status").stdout
    assert "kmeans.update" in python(edition, "-m", "utils.cli", "next").stdout
    packed = python(edition, "-m", "utils.cli", "pack", "groups", "--anyway")
    assert packed.returncode == 0, packed.stderr
    with zipfile.ZipFile(edition / "groups.zip") as archive:
        names = ("MANIFEST.json", "clusters/__init__.py", "clusters/kmeans.py", "k-means.ipynb")
        assert archive.namelist() == [f"groups/{name}" for name in names]
    assert "No such command 'explore'" in python(edition, "-m", "utils.cli", "explore").stderr


@pytest.fixture(scope="module")
def graded(clusters: Course, answers: dict[str, str]) -> Course:
    """The course, after a class of four was graded."""
    try:
        choose_confinement()
    except SandboxUnavailable as error:
        pytest.skip(f"no sandbox on this machine: {error}")
    notebook = (clusters.root / "assignments/groups/k-means.ipynb").read_bytes()
    files = {student: answers[student] for student in ("other", "wrong", "stub")}
    files["crash"] = f"{answers['right']}\nimport no_such_package\n"
    for student, text in files.items():
        handed_in = {"k-means.ipynb": notebook, "clusters/kmeans.py": text.encode()}
        write(clusters.root / "submitted" / student / "groups", handed_in)
    with pytest.raises(SystemExit) as ended:
        cli.main(["grade", "groups", "--course", str(clusters.root), "--jobs", "1"])
    assert not ended.value.code
    return clusters


SCORES = {"other": 9.0, "wrong": 5.0, "stub": 0.0, "crash": 0.0}


def test_a_class_gets_its_scores_and_its_pages(graded: Course) -> None:
    with Gradebook(graded) as book:
        assert {row.student: row.score for row in book.scores("groups")} == SCORES
    with sqlite3.connect(graded.root / "gradebook.db") as connection:
        assert ("clusters",) in connection.execute("select id from course").fetchall()
    pages = graded.root / "build/feedback/groups"
    (own,) = pages.glob("students/wrong-*.html")
    page = own.read_text("utf-8")
    assert "A centre moves to the sum of its points" in page
    assert "clusters check kmeans." in page
    everybody = (pages / "class/index.html").read_text("utf-8")
    assert "clusters check kmeans." in everybody
    assert "nndl" not in page + everybody


# What `nbgrader autograde` and `nbgrader generate_feedback` run, in one process: it takes seconds to import.
NBGRADER = """
from nbgrader.apps import AutogradeApp, GenerateFeedbackApp

for command in (AutogradeApp, GenerateFeedbackApp):
    command.launch_instance(["groups", "--student=wrong", "--force"])
    command.clear_instance()
"""


@pytest.mark.slow
def test_the_stock_commands_of_nbgrader_give_the_same_score(graded: Course) -> None:
    (graded.root / "gradebook.db").unlink()
    done = subprocess.run(
        [sys.executable, "-c", NBGRADER],
        cwd=graded.root,
        env={**os.environ, "PYTHONPATH": str(ROOT), "HOME": str(graded.root), "PYTHONWARNINGS": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    with Gradebook(graded) as book:
        assert {row.student: row.score for row in book.scores("groups")} == {"wrong": SCORES["wrong"]}
    page = (graded.root / "feedback/wrong/groups/k-means.html").read_text("utf-8")
    assert "A centre moves to the sum of its points" in page


def test_the_plain_class_of_the_demo_is_made_from_the_recipes(clusters: Course, tmp_path: Path) -> None:
    assignment, students = demo.demo_class(clusters)
    demo.make_class(demo.make_kit(clusters, assignment, tmp_path), students, assignment, tmp_path)
    wrong = {f"wrong-{name.replace('.', '-')}": name for name in EXERCISES}
    assert {path.name for path in tmp_path.iterdir()} == {"right", "untouched", "loop", "crash", *wrong}
    texts = {path.name: (path / "groups/clusters/kmeans.py").read_text("utf-8") for path in tmp_path.iterdir()}
    assert "while True: pass" in texts["loop"]
    assert texts["crash"].endswith("import no_such_package\n")
    assert texts["untouched"] == (clusters.root / "clusters" / "kmeans.py").read_text("utf-8")
    reference = Reference(clusters.root, "clusters")
    for student in ("right", *wrong):
        module = reference.execute(texts[student], "kmeans", student)
        packs = [load(name, clusters.root / "goldens") for name in EXERCISES]
        failed = {pack.exercise for pack in packs if not examine(pack, {"kmeans": module}).passed}
        assert failed == ({wrong[student]} if student in wrong else set())


@pytest.mark.slow
def test_the_demo_grades_the_plain_class(graded: Course, tmp_path: Path) -> None:
    demo.run(graded, tmp_path)
    with Gradebook(graded, f"sqlite:///{tmp_path / 'gradebook.db'}") as book:
        scores = {row.student: row.score for row in book.scores("groups")}
    assert scores == {
        "right": 9.0,
        "loop": 6.0,
        "wrong-kmeans-assign": 6.0,
        "untouched": 0.0,
        "crash": 0.0,
        "wrong-kmeans-update": 5.0,
        "wrong-kmeans-inertia": 7.0,
    }


def test_the_proof_finds_nothing_that_slips_through_unexplained(clusters: Course) -> None:
    reference = Reference(clusters.root, "clusters")
    found = [
        outcome
        for name in solved(clusters)
        for outcome in outcomes(clusters.root, (name, *followers(clusters, name)), mutants(name, reference))
    ]
    survivors = [outcome for outcome in found if not outcome.rejected]
    equivalents = Equivalents.read(reference)
    assert len(found) > 40
    assert equivalents.reasons
    assert not equivalents.unexplained(survivors)
    assert not equivalents.stale(survivors, EXERCISES)
