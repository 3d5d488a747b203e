"""Every attack bites a naive grader, and gains nothing here: by `grader grade` and by the stock `nbgrader autograde`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from crash.runs import temporary_folder

from grader.gradebook.restore import is_notebook
from grader.sandbox import SandboxUnavailable, confinement

from . import naive
from .bank import bank, table
from .naive import Outcome
from .place import FULL, HERE, NOTHING, Attacked, make

pytestmark = pytest.mark.timeout(900)  # a class of 150, on a machine that may be busy
ATTACKS = {attack.student: attack for attack in bank()}
HONEST = {"alice": 1.0, "bob": 0.0}
every_attack = pytest.mark.parametrize("student", ATTACKS)


def _naive(root: Path, student: str) -> Outcome:
    make(root, [ATTACKS[student]] if student in ATTACKS else [])
    try:
        hangs = student in ATTACKS and ATTACKS[student].bites == "stops"
        return naive.grade(root / "submitted", student, seconds=3 if hangs else 60)
    finally:
        shutil.rmtree(root, ignore_errors=True)


@pytest.fixture(scope="module")
def naively(tmp_path_factory) -> Iterator[dict[str, Outcome]]:
    """What becomes of the naive grader, which meets each attack in a class of its own."""
    folder = tmp_path_factory.mktemp("naive")
    _clear()
    with ThreadPoolExecutor(2) as pool:
        asked = {student: pool.submit(_naive, folder / student, student) for student in (*ATTACKS, *HONEST)}
        yield {student: future.result() for student, future in asked.items()}
    _clear()


def _clear() -> None:
    for path in naive.left_behind():
        path.unlink()


@pytest.mark.parametrize("student", HONEST)
def test_the_naive_grader_is_right_about_honest_students(naively, student: str) -> None:
    found = naively[student]
    assert (found.points, found.stopped, found.host) == (HONEST[student], "", [])


@every_attack
def test_an_attack_bites_the_naive_grader(naively, student: str) -> None:
    attack, found = ATTACKS[student], naively[student]
    bitten = {
        "points": found.points > 0 or found.points != found.points,
        "stops": bool(found.stopped),
        "host": bool(found.host),
        "page": bool(attack.mark) and attack.mark in found.page,
    }
    assert bitten[attack.bites], (found.points, found.stopped, found.host, found.page[-600:])


def test_the_bank_is_large_and_of_every_family() -> None:
    families = {attack.family for attack in ATTACKS.values()}
    assert len(ATTACKS) >= 70
    assert families == {
        "patching", "looking", "leaving", "flooding", "lying", "redirecting", "tampering", "packaging", "pages",
        "questions", "time",
    }  # fmt: skip


def test_the_documentation_has_the_bank_in_numbers() -> None:
    assert "\n".join(table()) in (HERE / "docs" / "security.md").read_text()


# --- ours ---------------------------------------------------------------------------------------------


@contextmanager
def _graded(root: Path, *options: str, user: int | None = None) -> Iterator[tuple[Attacked, str]]:
    """The whole bank as one class, graded by ``grader grade``, and what the run said; the machine is as it was."""
    with temporary_folder() as temporary:
        place = Attacked(root, temporary, list(ATTACKS.values()))
        before = place.others()
        _clear()
        if user is None:
            code, said = place.run(*options)
        else:
            place.hand_over(user)
            code, said = place.run(*options, user=user, HOME=str(temporary))
        assert code == 0, said
        assert place.others() == before
        assert place.strays() == []
        assert place.leftovers() == []
        assert place.mounts() == []
        assert naive.left_behind() == []
        yield place, said


@pytest.fixture(scope="module")
def attacked(tmp_path_factory) -> Iterator[tuple[Attacked, str]]:
    """The class, graded in the way that this machine prefers."""
    try:
        confinement()
    except SandboxUnavailable as error:
        pytest.skip(f"no sandbox on this machine: {error}")
    with _graded(tmp_path_factory.mktemp("ours") / "course") as found:
        yield found


@pytest.fixture(scope="module")
def scores(attacked) -> dict[str, dict[str, float]]:
    return attacked[0].scores()


def test_everybody_has_a_result_and_the_honest_ones_theirs(scores) -> None:
    assert set(scores) == {*ATTACKS, "alice", "bob"}
    assert scores["alice"] == FULL
    assert scores["bob"] == NOTHING


@every_attack
def test_an_attack_gains_nothing(scores, student: str) -> None:
    assert scores[student] == NOTHING


@every_attack
def test_the_pages_say_what_happened_and_show_nothing_as_it_is(attacked, student: str) -> None:
    place, said = attacked
    attack, pages = ATTACKS[student], place.pages(student)
    assert student in pages["index.html"]
    if attack.family == "tampering" and attack.bites == "stops" and "cannot be read" not in pages[f"{student}.html"]:
        assert is_notebook((place.root / "submitted" / student / "a1" / "layers.ipynb").read_bytes())
    if attack.mark:
        assert not [name for name, page in pages.items() if attack.mark in page]
        assert attack.mark not in said


@pytest.fixture(scope="module")
def by_nbgrader(attacked, tmp_path_factory) -> Attacked:
    """The same class by nbgrader's own command. Verdicts that were kept are taken from the first run, as in real life."""
    first, _ = attacked
    place = Attacked(tmp_path_factory.mktemp("stock") / "course", first.temporary, list(ATTACKS.values()))
    shutil.copytree(first.root / "build" / "verdicts", place.root / "build" / "verdicts")
    before = place.others()
    place.stock("autograde", "a1")
    assert place.others() == before
    return place


def test_both_roads_end_in_the_same_scores(scores, by_nbgrader: Attacked) -> None:
    assert by_nbgrader.scores() == scores


ORDINARY = 65534  # nobody


def _reaches(user: int) -> bool:
    """Whether a user can run this Python and read this repository."""
    code = "import grader, numpy, sandlock"
    try:
        done = subprocess.run([sys.executable, "-c", code], user=user, cwd=HERE, capture_output=True, check=False)
    except PermissionError:
        return False
    return done.returncode == 0


@pytest.mark.slow
@pytest.mark.parametrize("way", ["sandlock", "bubblewrap"])
@pytest.mark.parametrize("user", [None, ORDINARY], ids=["as myself", "as an ordinary user"])
def test_no_way_of_confinement_gives_a_point(way: str, user: int | None) -> None:
    try:
        confinement(way)
    except SandboxUnavailable as error:
        pytest.skip(str(error))
    if user is not None and (os.getuid() != 0 or not _reaches(user)):
        pytest.skip(f"user {user} cannot run {sys.executable}")
    with temporary_folder() as folder, _graded(folder / "course", "--sandbox", way, user=user) as (place, _):
        scores = place.scores()
        assert scores.pop("alice") == FULL
        assert scores == dict.fromkeys([*ATTACKS, "bob"], NOTHING)
