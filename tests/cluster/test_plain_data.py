"""What travels between machines: bytes that are read back as what they were, whatever is in a student's name."""

from __future__ import annotations

from dataclasses import fields, replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.classrun.cluster.plain_data import (
    Died,
    Refused,
    decode_reply,
    decode_task,
    encode_reply,
    encode_task,
)
from grader.classrun.task import Failure, Task
from grader.judging.outcome import Accuracy, Outcome
from grader.submission import Submission
from utils.checks.case import Finding
from utils.checks.diagnose import Loss

SUBMISSION = Submission({"nndl/layers.py": b"\xff\x00"}, ("a remark",), {"nndl/more.py": b"x = 1\n"}, complete=False)
TASK = Task(3, "a1", "ana", SUBMISSION, ("layers.affine_forward",), "landlock")
OUTCOME = Outcome(
    0.1 + 0.2,
    (Finding("dx", "fail", "a hint", "sign", "a case", ("core",), "what was seen"),),
    0.25,
    (Loss("dx", "core", 1 / 3),),
    1.5,
    Accuracy(2 / 3, 7, "offline", 0.1, " A remark."),
    True,
    True,
)


def test_a_task_is_read_back_but_for_its_remarks() -> None:
    assert decode_task(encode_task(TASK)) == replace(TASK, submission=replace(SUBMISSION, remarks=()))


@pytest.mark.parametrize("value", [TASK, SUBMISSION, OUTCOME])
def test_no_attribute_is_left_at_its_default_here(value: object) -> None:
    """Otherwise one that is added later could be lost on the way, and no test would see it."""
    for field in fields(value):
        assert getattr(value, field.name) not in (field.default, None, (), {}, "")


@given(st.text(st.characters(codec=None), max_size=20), st.lists(st.binary(max_size=9), max_size=3))
def test_any_name_and_any_bytes_are_read_back(student: str, contents: list[bytes]) -> None:
    files = {f"file{number}.py": content for number, content in enumerate(contents)}
    task = replace(TASK, student=student, submission=Submission(files, ()))
    assert decode_task(encode_task(task)) == task


def test_a_name_that_is_no_utf_8_is_read_back() -> None:
    student = b"jos\xe9".decode("utf-8", "surrogateescape")
    assert decode_task(encode_task(replace(TASK, student=student))).student == student


@pytest.mark.parametrize(
    "reply", [{"layers.affine_forward": OUTCOME}, {}, Failure("it failed"), Refused("no", "tcp://a:1"), Died()]
)
def test_a_reply_is_read_back(reply: object) -> None:
    assert decode_reply(encode_reply(reply)) == reply


def test_bytes_of_something_else_are_an_error() -> None:
    for data in (b"", b"\xc1", msgspec.msgpack.encode({"outcomes": 3}), msgspec.msgpack.encode({})):
        with pytest.raises(msgspec.DecodeError):
            decode_reply(data)
