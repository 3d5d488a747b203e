"""Every attack bites a naive grader, and gains nothing here: by `grader grade` and by the stock `nbgrader autograde`.

Both in one file: attacks on the naive grader leave traces on the machine, and here nothing may be left.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from as_ordinary_user import hand_over
from crash.runs import temporary_folder

from grader.sandbox import SandboxUnavailable, choose_confinement
from grader.submission.notebook import is_notebook

from . import naive, proven
from .bank import FAMILIES, bank, table
from .naive import Outcome
from .place import FULL, HERE, NO_BYTECODE, NOTHING, Attacked, make

pytestmark = pytest.mark.timeout(900)  # a class of 150, on a machine that may be busy
ATTACKS = {attack.student: attack for attack in bank()}
HONEST = {"alice": 1.0, "bob": 0.0}


def twelfth_of_each_family() -> list[str]:
    """Every twelfth attack of each family, one at least: the part of the bank that the ordinary suite grades."""
    families: dict[str, list[str]] = {}
    for attack in bank():
        families.setdefault(attack.family, []).append(attack.student)
    return [student for students in families.values() for student in students[::12]]


SAMPLE = twelfth_of_each_family()
every_attack = pytest.mark.parametrize("student", SAMPLE)


# --- what bites ---------------------------------------------------------------------------------------

UNPROVEN = proven.unproven()
# One of each way to bite, so that the ordinary suite runs the naive grader on something in any case.
EACH_BITE = {attack.bites: attack.student for attack in reversed(bank())}.values()


def _marks(student: str) -> tuple[pytest.MarkDecorator, ...]:
    return () if student in EACH_BITE or ATTACKS[student].family in UNPROVEN else (pytest.mark.slow,)


def _naive(root: Path, student: str) -> Outcome:
    make(root, [ATTACKS[student]] if student in ATTACKS else [])
    try:
        hangs = student in ATTACKS and ATTACKS[student].bites == "stops"
        return naive.grade(root / "submitted", student, seconds=3 if hangs else 60)
    finally:
        shutil.rmtree(root, ignore_errors=True)


@pytest.fixture
def naively(tmp_path) -> Iterator[Callable[[str], Outcome]]:
    """What becomes of the naive grader, which meets each attack in a class of its own."""
    naive.clear()
    yield lambda student: _naive(tmp_path / "course", student)
    naive.clear()


@pytest.mark.parametrize("student", HONEST)
def test_the_naive_grader_is_right_about_honest_students(naively, student: str) -> None:
    found = naively(student)
    assert (found.points, found.stopped, found.host) == (HONEST[student], "", [])


@pytest.mark.parametrize("student", [pytest.param(student, marks=_marks(student)) for student in ATTACKS])
def test_an_attack_bites_the_naive_grader(naively, student: str) -> None:
    attack, found = ATTACKS[student], naively(student)
    bitten = {
        "points": found.points > 0 or found.points != found.points,
        "stops": bool(found.stopped),
        "host": bool(found.host),
        "page": bool(attack.mark) and attack.mark in found.page,
    }
    assert bitten[attack.bites], (found.points, found.stopped, found.host, found.page[-600:])


def test_a_family_that_has_changed_since_its_proof_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proven, "RECORD", tmp_path / "proven.toml")
    assert proven.unproven() == set(proven.FAMILIES)  # nothing is recorded
    proven.record()
    assert proven.unproven() == set()
    shutil.copytree(proven.HERE, tmp_path / "attacks", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(proven, "HERE", tmp_path / "attacks")
    for changed, expected in (("pages", {"pages"}), ("naive_checks", set(proven.FAMILIES))):
        with (tmp_path / "attacks" / f"{changed}.py").open("a") as file:
            file.write("# another line\n")
        assert proven.unproven() == expected


# --- the bank -----------------------------------------------------------------------------------------


def test_every_family_has_attacks_of_its_own() -> None:
    assert Counter(attack.family for attack in ATTACKS.values()).keys() == set(FAMILIES)


def test_the_documentation_has_the_bank_in_numbers() -> None:
    said = {name: (HERE / name).read_text() for name in ("docs/security.md", "README.md", "CHANGELOG.md")}
    assert "\n".join(table()) in said["docs/security.md"]
    assert f"a bank of {len(ATTACKS)} complete submissions" in said["docs/security.md"]
    assert f"{len(ATTACKS)} ways to try" in said["README.md"]
    assert f"A bank of {len(ATTACKS)} attacks" in said["CHANGELOG.md"]


# --- ours ---------------------------------------------------------------------------------------------


@contextmanager
def _graded(
    root: Path, students: Iterable[str], *options: str, ordinarily: bool = True
) -> Iterator[tuple[Attacked, str]]:
    """A class of attackers, graded by ``grader grade``, and what the run said; the machine is as it was."""
    with temporary_folder() as temporary:
        place = Attacked(root, temporary, [ATTACKS[student] for student in students])
        if ordinarily:
            hand_over(root.parent, temporary)
        before = place.others()
        naive.clear()
        code, said = place.run(*options, ordinarily=ordinarily, seconds=800, HOME=str(temporary), **NO_BYTECODE)
        assert code == 0, said
        assert place.others() == before
        assert place.strays() == []
        assert place.leftovers() == []
        assert place.mounts() == []
        assert naive.left_behind() == []
        yield place, said


@pytest.fixture(scope="module")
def attacked() -> Iterator[tuple[Attacked, str]]:
    """The class, graded by an ordinary user in the way that this machine prefers."""
    try:
        choose_confinement()
    except SandboxUnavailable as error:
        pytest.skip(f"no sandbox on this machine: {error}")
    with temporary_folder() as folder, _graded(folder / "course", SAMPLE) as found:
        yield found


@pytest.fixture(scope="module")
def scores(attacked) -> dict[str, dict[str, float]]:
    return attacked[0].scores()


def test_everybody_has_a_result_and_the_honest_ones_theirs(scores) -> None:
    assert set(scores) == {*SAMPLE, "alice", "bob"}
    assert scores["alice"] == FULL
    assert scores["bob"] == NOTHING


@every_attack
def test_an_attack_gains_nothing(scores, student: str) -> None:
    assert scores[student] == NOTHING


@every_attack
def test_the_pages_say_what_happened_and_show_nothing_as_it_is(attacked, student: str) -> None:
    _look_at_pages(*attacked, student)


def _look_at_pages(place: Attacked, said: str, student: str) -> None:
    attack, pages = ATTACKS[student], place.pages(student)
    assert student in pages["class"]
    if attack.family == "tampering" and attack.bites == "stops" and "cannot be read" not in pages["own"]:
        assert is_notebook((place.root / "submitted" / student / "a1" / "layers.ipynb").read_bytes())
    if attack.mark:
        assert not [name for name, page in pages.items() if attack.mark in page]
        assert attack.mark not in said


BY_NBGRADER = list({ATTACKS[student].family: student for student in SAMPLE}.values())[::3]  # one of a family


@pytest.mark.slow
def test_both_roads_end_in_the_same_scores(attacked) -> None:
    _grade_by_nbgrader(attacked[0], BY_NBGRADER)


def _grade_by_nbgrader(first: Attacked, students: Iterable[str]) -> None:
    """Grade by nbgrader's own command. Verdicts that were kept are taken from the first run, as in real life."""
    scores = first.scores()
    with temporary_folder() as folder:
        place = Attacked(folder / "course", first.temporary, [ATTACKS[student] for student in sorted(students)])
        shutil.copytree(first.root / "build" / "verdicts", place.root / "build" / "verdicts")
        hand_over(folder)
        before = place.others()
        place.stock("autograde", "a1")
        assert place.others() == before
        assert place.scores() == {student: scores[student] for student in (*students, "alice", "bob")}


@pytest.mark.slow
@pytest.mark.parametrize("way", ["bubblewrap", "landlock"])
@pytest.mark.parametrize("ordinarily", [False, True], ids=["as myself", "as an ordinary user"])
def test_the_whole_bank_gains_nothing(way: str, ordinarily: bool) -> None:
    try:
        choose_confinement(way)
    except SandboxUnavailable as error:
        pytest.skip(str(error))
    with (
        temporary_folder() as folder,
        _graded(folder / "course", ATTACKS, "--sandbox", way, ordinarily=ordinarily) as (place, said),
    ):
        assert place.scores() == {**dict.fromkeys([*ATTACKS, "bob"], NOTHING), "alice": FULL}
        for student in ATTACKS:
            _look_at_pages(place, said, student)
        if ordinarily and way == choose_confinement().name:  # kept verdicts are those of one way
            _grade_by_nbgrader(place, ATTACKS)
