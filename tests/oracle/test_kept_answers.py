"""The answers of misconceptions are computed once, kept on disk, and computed anew when anything about them changes."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from here import COURSE

from grader.host.sealed_store import SealedStore
from grader.judging import kept_answers as module
from grader.judging.case_bank import CaseBank
from grader.judging.kept_answers import KeptAnswers, kept_answers
from grader.judging.known_answers import KnownAnswers
from grader.reference import Reference
from utils.checks.program import Answer

EXERCISE = "layers.affine_backward"
SECRET = b"a secret for the tests"


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[list[str]]:
    """The titles of the cases whose answers are computed, with an empty folder to keep them in."""
    computed: list[str] = []
    compute = KnownAnswers._computed

    def noted(self: KnownAnswers) -> object:
        computed.append(self.case.title)
        return compute(self)

    monkeypatch.setattr(KnownAnswers, "_computed", noted)
    monkeypatch.setattr(module, "FOLDER", tmp_path / "answers")
    kept_answers.cache_clear()
    yield computed
    kept_answers.cache_clear()


def answers(reference: Reference, secret: bytes = SECRET) -> list[tuple[dict[str, Answer], dict[str, tuple[str, ...]]]]:
    """What a new process would know of a form; the store is opened anew as well."""
    kept_answers.cache_clear()
    return [(known.misconceptions, known.wrong_paths) for known in CaseBank(reference, EXERCISE, secret)._form(3)]


def test_a_second_process_computes_nothing_and_knows_the_same(reference: Reference, runs: list[str]) -> None:
    first = answers(reference)
    assert runs
    runs.clear()
    second = answers(reference)
    assert not runs
    for (found, wrong), (kept, kept_wrong) in zip(first, second, strict=True):
        assert wrong == kept_wrong
        np.testing.assert_equal(
            {name: vars(answer) for name, answer in kept.items()},
            {name: vars(answer) for name, answer in found.items()},
        )
    assert any(kept for kept, _ in second)


def test_another_secret_and_other_code_are_computed(
    reference: Reference, runs: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    answers(reference)
    number = len(runs)
    answers(reference, b"another secret")
    assert len(runs) == 2 * number
    monkeypatch.setattr(module, "_digest_of_code", lambda reference: b"another reference")
    answers(reference)
    assert len(runs) == 3 * number


def test_the_code_is_the_reference_and_the_recipes(tmp_path: Path) -> None:
    shutil.copytree(COURSE.root / "solutions", tmp_path / "solutions")
    reference = Reference(tmp_path, "nndl")
    seen = {module._digest_of_code(reference)}
    for path in ("solutions/nndl/layers.py", "solutions/exercises/layers/affine.wrong"):
        with (tmp_path / path).open("a") as file:
            file.write("\n# changed\n")
        module._digest_of_code.cache_clear()
        seen.add(module._digest_of_code(reference))
    assert len(seen) == 3


def test_what_is_damaged_or_cannot_be_kept_is_computed(
    reference: Reference, runs: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    answers(reference)
    number = len(runs)
    monkeypatch.setattr(SealedStore, "get", lambda self, key: b"no pickle")
    answers(reference)
    assert len(runs) == 2 * number
    monkeypatch.undo()
    monkeypatch.setattr(module, "FOLDER", tmp_path / "file" / "answers")
    (tmp_path / "file").write_text("where the folder should be")
    assert answers(reference)
    monkeypatch.setattr(module, "FOLDER", tmp_path / "answers")
    case = CaseBank(reference, EXERCISE, SECRET)._form(0)[0].case
    KeptAnswers(reference).keep(EXERCISE, case, lambda: None)  # a function made here cannot be pickled
    assert KeptAnswers(reference).get(EXERCISE, case) is None


def test_a_sealed_store_never_returns_a_changed_value(tmp_path: Path) -> None:
    value = np.random.default_rng(0).bytes(5_000)
    with SealedStore(tmp_path) as store:
        store.put({"one": value, "other": b"else"})
        assert store.get("one") == value
    database = tmp_path / "cache.db"
    data = database.read_bytes()
    at = data.find(value[:64])
    assert at > 0
    database.write_bytes(data[: at + 30] + bytes([data[at + 30] ^ 1]) + data[at + 31 :])
    with SealedStore(tmp_path) as store:
        assert store.get("one") is None
        assert store.get("other") == b"else"
    database.write_bytes(data[:2000])
    with SealedStore(tmp_path) as store:
        assert store.get("other") is None
