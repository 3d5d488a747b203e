"""What `benchmarks.grading` gives to both contenders: a class of all kinds, and the cells that check."""

from __future__ import annotations

from here import COURSE

from benchmarks.grading import checks
from benchmarks.made_up_class import KINDS, MOST_MISTAKES, made_up
from grader.reference import Reference

HW4 = COURSE["hw4"]


def test_the_class_is_the_same_every_time_and_no_two_are_alike():
    first, second = (dict(made_up(COURSE, HW4, 9)) for _ in range(2))
    assert first == second
    assert [name.partition("-")[2] for name in first] == [*KINDS] * 3
    assert len({tuple(sorted(files.items())) for files in first.values()}) == 9


def test_the_wrong_ones_and_no_others_differ_from_the_reference():
    reference = Reference.of(COURSE)
    modules = {f"{COURSE.package}/{name}.py": reference.source(name).encode() for name in reference.modules}
    for name, files in made_up(COURSE, HW4, 12):
        changed = [path for path, data in files.items() if not data.startswith(modules[path])]
        assert files.keys() == {path for path in HW4.files if path.endswith(".py")}
        assert {"stub": bool(changed), "right": not changed, "wrong": 0 < len(changed) <= MOST_MISTAKES}[name[5:]]


def test_the_cells_that_check_and_no_others_are_executed():
    cells = [cell for notebook in checks(COURSE, HW4) for cell in notebook.cells]
    imports = [cell for cell in cells if "import" in cell.source]
    assert len(imports) == len(HW4.notebook)
    assert len(cells) == len(imports) + len(HW4.exercises)
    assert all("\ncheck(" in cell.source for cell in cells if cell not in imports)
