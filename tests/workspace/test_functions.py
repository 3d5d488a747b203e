"""A student's Python file and that of a newer release are merged function by function."""

from __future__ import annotations

import ast

import pytest
from small_releases import FEEDING

from utils.workspace.updating.functions import merge_python, split
from utils.workspace.updating.merge import CannotMerge

STUB = 'raise NotImplementedError("portions: your code here")'
MINE = "share = share / share.sum()   # mine;  keep the blanks \n\n    return weights * share"


def merged(mine: str, new: str, base: str = FEEDING) -> str:
    return merge_python(base.encode(), mine.encode(), new.encode()).data.decode()


def solved(text: str = FEEDING) -> str:
    assert STUB in text
    return text.replace(STUB, MINE)


@pytest.mark.parametrize(
    "text",
    [
        FEEDING,
        FEEDING.replace("\n", "\r\n"),
        "",
        "\n\n# nothing but a comment",
        "a = 1; b = 2\nclass A: x = 1\nclass B(\n  A\n): y = 2; z = 3\n\nif a:\n  b = 3\n  # below\n\n# at the end",
        "@one\n\n@two\n# between\ndef f():\n\tpass\n\t# trailing\nf()\x0c\nx = '''\n# no comment\n'''",
        "def f(): return 1 \\\n  + 2\nfrom .a import (\n  b,\n)\nasync def g(): ...\rh = 1",
    ],
)
def test_the_pieces_of_a_file_make_up_the_file(text: str) -> None:
    assert "".join(piece.whole for piece in split(text)) == text


def test_what_stands_below_a_function_and_is_indented_belongs_to_it() -> None:
    first, second = (piece for piece in split("def f():\n    pass\n    # END\n\n\n# about g\ndef g():\n    pass\n"))
    assert first.whole.endswith("# END\n")
    assert second.whole.startswith("\n\n# about g")


def test_what_the_student_wrote_stays_and_what_the_release_changed_comes() -> None:
    new = FEEDING.replace("np.float64(pet)", "np.float32(pet)")
    assert merged(solved(), new) == solved(new)


def test_new_words_reach_a_function_that_is_written_already() -> None:
    new = FEEDING.replace("3 points", "4 points").replace("Grams.", "Grams, rounded.")
    assert merged(solved(), new) == solved(new)


def test_a_banner_that_the_student_has_deleted_does_not_come_back() -> None:
    gone = "\n".join(line for line in solved().split("\n") if "========" not in line)
    new = FEEDING.replace("3 points", "4 points").replace("Grams.", "Grams, rounded.")
    result = merge_python(FEEDING.encode(), gone.encode(), new.encode())
    assert result.data.decode() == gone.replace("Grams.", "Grams, rounded.")
    assert not result.beside


def test_words_that_both_have_changed_are_laid_beside() -> None:
    mine = solved().replace("Grams.", "Grams, as I see it.")
    result = merge_python(FEEDING.encode(), mine.encode(), FEEDING.replace("Grams.", "Kilograms.").encode())
    assert result.data.decode() == mine
    assert result.beside
    assert not result.both


def test_where_both_have_changed_code_the_students_stays_and_it_is_said() -> None:
    new = FEEDING.replace("def portions(weights, share):", "def portions(weights, share, rest=0):")
    result = merge_python(FEEDING.encode(), solved().encode(), new.encode())
    assert result.data.decode() == solved()
    assert result.both == ("portions",)
    assert result.beside


def test_a_new_exercise_comes_to_its_place() -> None:
    stub = 'def groom(pet):\n    raise NotImplementedError("groom: your code here")\n\n\n'
    new = FEEDING.replace("class Bowl", f"{stub}class Bowl").replace(
        "    def empty", "    def wash(self):\n        pass\n\n    def empty"
    )
    mine = solved() + "\n\ndef my_own():\n    return 1"
    result = merge_python(FEEDING.encode(), mine.encode(), new.encode())
    assert result.data.decode() == solved(new) + "\n\ndef my_own():\n    return 1"
    assert result.added == ("groom", "Bowl.wash")


def test_a_new_function_at_the_end_does_not_join_the_students_last_line() -> None:
    mine = solved().rstrip("\n")
    result = merged(mine, FEEDING + "\n\ndef groom(pet):\n    pass\n")
    assert result == solved() + "\n\ndef groom(pet):\n    pass\n"


def test_a_new_function_does_not_split_a_class_that_the_student_has_made_longer() -> None:
    own = "    def mine(self):\n        return 1\n\n"
    mine = FEEDING.replace("\n\ndef weigh", f"\n{own}\ndef weigh")
    new = FEEDING.replace("def weigh", "def groom(pet):\n    pass\n\n\ndef weigh")
    result = merged(mine, new)
    methods = [node.name for node in ast.parse(result).body[3].body if isinstance(node, ast.FunctionDef)]
    assert methods == ["fill", "empty", "mine"]
    assert own in result


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_new_pieces_have_the_line_ends_of_the_students_file(end: str) -> None:
    new = FEEDING.replace("def weigh", "def groom(pet):\n    pass\n\n\ndef weigh").replace("size = 3", "size = 4")
    expected = solved(new).replace("\n", end)
    assert merged(solved().replace("\n", end), new) == expected


def test_a_byte_order_mark_stays() -> None:
    assert merged("\ufeff" + solved(), FEEDING.replace("size = 3", "size = 4")).startswith('\ufeff"""Feeding')


def test_what_the_release_has_dropped_stays_where_the_student_needs_it() -> None:
    new = FEEDING[: FEEDING.index("\n\ndef weigh")].replace("import numpy as np\n", "")
    assert "def weigh" not in merged(solved(), new)
    calling = solved().replace("return weights * share", "return np.array([weigh(pet) for pet in weights])")
    result = merged(calling, new)
    assert "def weigh" in result
    assert "import numpy as np" in result


def test_a_function_that_the_student_wrote_and_the_release_dropped_stays_and_it_is_said() -> None:
    new = FEEDING[: FEEDING.index("def portions")] + FEEDING[FEEDING.index("class Bowl") :]
    result = merge_python(FEEDING.encode(), solved().encode(), new.encode())
    assert result.data.decode() == solved()
    assert result.gone == ("portions",)


def test_what_the_student_has_deleted_stays_deleted() -> None:
    mine = FEEDING[: FEEDING.index("\n\ndef weigh")]
    assert merged(mine, FEEDING.replace("size = 3", "size = 4")) == mine.replace("size = 3", "size = 4")


def test_both_imports_stay_where_both_sides_have_changed_one() -> None:
    base = "from math import pi\nimport os\n"
    result = merged("from math import pi, e\nimport os\n", "from math import pi, tau\nimport os\n", base)
    assert result == "from math import pi, e\nfrom math import pi, tau\nimport os\n"


def test_an_unknown_release_loses_nothing_and_brings_what_is_new() -> None:
    new = FEEDING + "\n\ndef groom(pet):\n    pass\n"
    result = merge_python(b"", solved().encode(), new.encode())
    assert MINE in result.data.decode()
    assert "def groom" in result.data.decode()
    assert result.both == ("portions",)


@pytest.mark.parametrize("damaged", [b"def f(:\n", b"\xff\xfe", b"x = 1\x00", b"def f():\n  x\n y\n"])
def test_a_file_that_cannot_be_read_is_not_merged(damaged: bytes) -> None:
    with pytest.raises(CannotMerge):
        merge_python(FEEDING.encode(), damaged, FEEDING.encode())


def test_a_merge_that_would_be_no_python_is_refused() -> None:
    with pytest.raises(CannotMerge, match="would not be valid"):
        merge_python(b"", b"y = 2\nz = 3\n", b"y = 2\nfrom __future__ import annotations\n")


def test_a_warning_about_the_students_code_is_not_shown(recwarn: pytest.WarningsRecorder) -> None:
    merged(solved().replace("share.sum()", 'share.sum(), "\\d"'), FEEDING.replace("size = 3", "size = 4"))
    assert not recwarn.list
