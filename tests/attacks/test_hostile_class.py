"""A class in which four of five submissions mean harm: the honest fifth gets what it would get alone."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from as_ordinary_user import hand_over
from crash.runs import temporary_folder

from . import naive
from .bank import Attack, bank, put
from .place import NO_BYTECODE, NOTHING, Attacked, right

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]
HONEST, HOSTILE = 20, 80
SIZES = "stride, out_height, out_width = _pool_sizes"
SLIPS = [  # what some honest students get wrong: file, what is right, what they wrote
    None,
    ("nndl/layers.py", "out = np.maximum(0, x)", "out = np.abs(x)"),
    ("nndl/conv_layers.py", f"pool_height, pool_width, {SIZES}", f"pool_width, pool_height, {SIZES}"),
    ("nndl/layers.py", "out = np.maximum(0, x)", "out = np.maximum(x, 0.0)"),
]


def _honest(root: Path) -> list[str]:
    """Hand in right and partly wrong submissions; the students' names."""
    names = []
    for number in range(HONEST):
        files = right(root)
        slip = SLIPS[number % len(SLIPS)]
        if slip:
            name, correct, wrong = slip
            assert correct in files[name]
            files[name] = files[name].replace(correct, wrong)
        names.append(f"honest-{number:02}")
        put(root / "submitted" / names[-1] / "a1", files)
    return names


@contextmanager
def _class(hostile: list[Attack]) -> Iterator[tuple[Attacked, list[str]]]:
    with temporary_folder() as folder, temporary_folder() as temporary:
        place = Attacked(folder / "course", temporary, hostile)
        for name in ("alice", "bob"):
            shutil.rmtree(place.root / "submitted" / name)
        names = _honest(place.root)
        hand_over(folder, temporary)
        yield place, names


def _budget(place: Attacked, submissions: int) -> float:
    """Seconds that a class may take by its own budgets, one submission after the other, and to start and to write."""
    return submissions * (place.course.limits.submission_seconds + 10) + 60


def test_a_hostile_class_changes_nothing_for_the_honest_ones() -> None:
    hostile = random.Random(13).sample(bank(), HOSTILE)
    with _class([]) as (alone, names):
        code, said = alone.run(ordinarily=True, HOME=str(alone.temporary), **NO_BYTECODE)
        assert code == 0, said
        expected = alone.scores()
    assert len({tuple(sorted(score.items())) for score in expected.values()}) > 2  # not all of one kind

    with _class(hostile) as (place, names):
        before = place.others()
        code, said = place.run(
            ordinarily=True, seconds=_budget(place, HONEST + HOSTILE), HOME=str(place.temporary), **NO_BYTECODE
        )
        assert code == 0, said
        scores = place.scores()
        assert {name: scores.pop(name) for name in names} == expected
        assert scores == {attack.student: NOTHING for attack in hostile}

        shutil.rmtree(place.root / "build")  # so that the other road grades anew
        place.stock("autograde", "a1", seconds=_budget(place, HONEST + HOSTILE))
        scores = place.scores()
        assert {name: scores.pop(name) for name in names} == expected
        assert scores == {attack.student: NOTHING for attack in hostile}
        assert place.others() == before
        assert place.strays() == []
        assert place.mounts() == []
        assert naive.left_behind() == []
