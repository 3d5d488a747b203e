"""Are two submissions found that share more than the course does?"""

from __future__ import annotations

import io
import keyword
import tokenize
from collections import Counter
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.course import Course
from grader.reference import Reference
from grader.submission import similarity
from grader.submission.similarity import _TOKEN, _tokens, fingerprints, similar_pairs, submission_fingerprints
from grader.submission.source import decode


def program(seed: int, name: str = "x") -> str:
    """Forty lines that nobody else would write."""
    rng = np.random.default_rng(seed)
    lines = [
        f"    {name}{k} = ({name} {rng.choice(list('+-*/'))} {rng.integers(100)}) {rng.choice(list('+-*@'))} "
        f"{name}.{rng.choice(['T', 'sum()', 'mean()', 'copy()'])}"
        for k in range(40)
    ]
    return f"def f({name}):\n" + "\n".join(lines) + f"\n    return {name}1\n"


def test_other_names_comments_and_layout_hide_nothing() -> None:
    text = program(1)
    disguised = program(1, "other").replace("\n    ", "\n\n      ").replace(") ", ")  ").replace("1\n", "1  # mine\n")
    assert fingerprints(disguised) == fingerprints(text) != fingerprints(program(2))
    found = similar_pairs({"ana": fingerprints(text), "bo": fingerprints(disguised), "cy": fingerprints(program(2))})
    assert [(pair.one, pair.other, pair.share) for pair in found] == [("ana", "bo", 1.0)]


def test_what_everybody_was_given_and_what_many_have_says_nothing(course: Course, reference: Reference) -> None:
    stubs = {path.name: path.read_bytes() for path in (course.root / "nndl").glob("*.py")}
    given = submission_fingerprints(stubs)
    assert similar_pairs({name: submission_fingerprints(stubs, given) for name in ("ana", "bo")}) == []
    solved = {"layers.py": reference.source("layers").encode()}
    everyone = {f"s{k}": submission_fingerprints(solved, given) for k in range(10)}
    assert similar_pairs(everyone) == []
    two = dict(list(everyone.items())[:2])
    assert [pair.share for pair in similar_pairs(two)] == [1.0]  # of two, the same text is odd


@pytest.mark.parametrize("path", sorted(Path("grader").rglob("*.py")), ids=str)
def test_a_program_is_read_as_python_reads_it(path: Path) -> None:
    text, layout = path.read_text(), {"COMMENT", "NL", "NEWLINE", "INDENT", "DEDENT", "ENDMARKER"}
    words: list[str] = []
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        string = token.string
        docstring = token.type == tokenize.STRING and token.line.lstrip().startswith('"""')
        if tokenize.tok_name[token.type] in layout or docstring:
            continue
        named = token.type == tokenize.NAME and not keyword.iskeyword(string) and words[-1:] != ["."]
        words.append("name" if named else string)
    assert _tokens(text) == words


@given(st.text(st.sampled_from(list("'\"\\\n #rba1e.+-*é\0"))))
def test_no_character_is_looked_at_twice(text: str) -> None:
    """Each match begins where the one before ended, so that reading takes linear time."""
    assert "".join(match.group() for match in _TOKEN.finditer(text)) == text


@pytest.mark.parametrize("piece", ["\\'", '"', "'", "\\", "a.", "1e+", '"""\\', "'\n", "(", "\f"])
@pytest.mark.parametrize("start", ["", "'", '"""'])
def test_a_megabyte_on_one_line_is_read(start: str, piece: str) -> None:
    """The module tokenize takes hours for some of these."""
    assert isinstance(fingerprints(start + piece * (100_000 // len(piece))), frozenset)


def test_no_encoding_hides_a_copy() -> None:
    text = program(1)
    hidden = f"# coding: utf-7\n{text}".encode("utf-7")
    assert decode(hidden).text.isascii()
    assert submission_fingerprints({"layers.py": text.encode("utf-8-sig")}) == fingerprints(text)
    assert submission_fingerprints({"layers.py": hidden}) == fingerprints(decode(hidden).text)  # what is graded, too


def test_a_mistake_in_the_middle_does_not_hide_the_rest() -> None:
    assert fingerprints(f"x = 'open\n)\n{program(1)}") > fingerprints(program(1))


def test_a_file_that_is_no_python_is_no_trouble() -> None:
    assert fingerprints("") == frozenset()
    fingerprints("\0 (((")
    assert submission_fingerprints({"nndl/layers.py": b"\xff\xfe", "a.ipynb": b"{}"}) == frozenset()


CLASSES = st.dictionaries(
    st.sampled_from("abcdefghij"), st.frozensets(st.integers(0, 25).map(lambda k: k.to_bytes(8)), max_size=26)
)


def every_pair(own: dict[str, frozenset[bytes]], share: float) -> list[tuple[str, str, float]]:
    """What `similar_pairs` is to find, by comparing each student with each other one."""
    counts = Counter(passage for found in own.values() for passage in found)
    often = max(2, min(similarity.MAX_CLASS_SHARE * len(own), similarity.MAX_STUDENTS))
    rare = {student: {one for one in found if counts[one] <= often} for student, found in own.items()}
    large = sorted(student for student, found in rare.items() if len(found) >= similarity.MIN_FINGERPRINTS)
    pairs = [
        (one, other, len(rare[one] & rare[other]) / min(len(rare[one]), len(rare[other])))
        for one, other in combinations(large, 2)
    ]
    return sorted((pair for pair in pairs if pair[2] >= share), key=lambda pair: (-pair[2], pair[0], pair[1]))


@given(CLASSES, st.sampled_from([0.1, 0.5, 0.8, 1.0]), st.sampled_from([2, 3, 100]))
def test_the_same_pairs_are_found_as_by_comparing_all(own, share, most) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(similarity, "MIN_FINGERPRINTS", 2)
        patch.setattr(similarity, "MAX_STUDENTS", most)
        expected = every_pair(own, share)
        for given_as in (own, iter(own.items())):
            assert [(pair.one, pair.other, pair.share) for pair in similar_pairs(given_as, share)] == expected


def test_what_more_than_a_hundred_have_is_no_evidence_in_any_class() -> None:
    alone = {f"alone{k:03}": fingerprints(program(k)) for k in range(200, 700)}
    copies = {f"copy{k:03}": fingerprints(program(1)) for k in range(similarity.MAX_STUDENTS)}
    assert len(similar_pairs(alone | copies)) == similarity.MAX_STUDENTS * (similarity.MAX_STUDENTS - 1) // 2
    assert similar_pairs(alone | copies | {"one more": fingerprints(program(1))}) == []
