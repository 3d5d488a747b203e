"""Does the desk show what is needed, share answers out, and keep all grades in line with the rubric?"""

from __future__ import annotations

import base64
import re
import shutil

import pytest
from desk_course import picture

from grader.course import load
from grader.desk.questions import chosen_exercises, questions
from grader.desk.rubric import read_rubrics, rubric_file
from grader.errors import CourseError
from grader.gradebook import Gradebook
from grader.gradebook.by_hand import Key, Mark


def state(served, student):
    grade = served.desk.grades.answer(Key("a1", "why", student))
    return grade.state, grade.points, grade.comment


def change_in_formgrader(served, student, points):
    with Gradebook(served.desk.course) as book:
        grade = book._api.find_grade("why", "warmup", "a1", student)
        grade.manual_score = points
        book._api.db.commit()


def test_the_page_has_the_answer_the_code_the_verdict_and_the_model_answer(served):
    page = served.get(f"/grade{served.page_of('ada')}")
    for words in ("Because.", "loss 0.25", "layers.relu_forward is wrong.", "is cut off.", "Why?", "0 of 2 graded"):
        assert words in page
    assert page.count("data:image/png;base64") == 1
    assert "affine_forward(x" not in page  # the rubric says which function the question is about


def test_answers_that_wait_come_one_after_the_other_and_empty_ones_not(served):
    assert "ada" in served.get("/grade/a1/why")
    status, headers, _ = served.grade("ada", "next", item=["cut"])
    assert (status, headers["Location"]) == (303, f"/grade{served.page_of('bob')}")
    status, headers, _ = served.grade("bob", "next")
    assert (status, headers["Location"]) == (303, "/")
    assert state(served, "ada") == ("graded", 2.0, "+2: Says that negative numbers are cut off")
    assert state(served, "bob") == ("graded", 0.0, "")
    assert state(served, "cy") == ("empty", None, "")
    assert "2 of 2" in served.get("/")


def test_two_graders_get_different_answers_and_one_cannot_enter_the_others(served):
    other = served.log_in()
    other.send("POST", "/", name="Alan")
    assert "ada" in served.get("/grade/a1/why")
    assert "bob" in other.get("/grade/a1/why")
    page = other.get(f"/grade{served.page_of('ada')}")
    assert "<strong>Grace</strong> is at this answer" in page
    seen = served.desk.grades.answer(Key("a1", "why", "ada")).seen
    form = {"action": "stay", "adjustment": "1", "remark": "Typed.", "seen": seen}
    status, _, text = other.send("POST", f"/grade{served.page_of('ada')}", **form)
    assert status == 200
    assert "Not entered:</strong> Grace is at this answer" in text
    assert "Typed." in text  # nothing that was typed is lost
    assert 'name="take-over"' in text
    assert state(served, "ada")[0] == "waiting"
    assert other.send("POST", f"/grade{served.page_of('ada')}", **form, **{"take-over": "1"})[0] == 303
    assert state(served, "ada")[1:] == (1.0, "+1 besides\nTyped.")
    assert served.send("POST", f"/grade{served.page_of('ada')}", action="take-over")[0] == 303
    assert other.send("POST", f"/claim{served.page_of('ada')}")[0] == 409
    assert other.send("POST", f"/grade{served.page_of('ada')}", action="take-over")[0] == 303
    assert other.send("POST", f"/claim{served.page_of('ada')}")[0] == 204
    assert served.send("POST", f"/claim{served.page_of('ada')}")[0] == 409
    assert served.send("POST", f"/let-go{served.page_of('ada')}")[0] == 204  # of what it has; it does not have this
    assert served.send("POST", f"/claim{served.page_of('ada')}")[0] == 409
    assert other.send("POST", f"/let-go{served.page_of('ada')}")[0] == 204
    assert served.send("POST", f"/claim{served.page_of('ada')}")[0] == 204


def test_a_grade_that_somebody_has_changed_meanwhile_is_not_overwritten_unseen(served):
    served.grade("ada", adjustment="1")
    page = f"/grade{served.page_of('ada')}"
    seen = served.desk.grades.answer(Key("a1", "why", "ada")).seen
    change_in_formgrader(served, "ada", 3.5)
    status, _, text = served.send("POST", page, action="stay", adjustment="2", remark="Mine.", seen=seen)
    assert status == 200
    assert "3.5 points" in text
    assert "Mine." in text
    assert state(served, "ada")[1] == 3.5
    served.grade("ada", adjustment="2")
    assert state(served, "ada")[1] == 2


def test_when_the_rubric_changes_all_that_were_graded_by_it_follow(served):
    served.grade("ada", item=["cut", "gradient"], adjustment="-0.5", remark="Well.")
    served.grade("bob", item=["gradient"])
    form = {
        "name": ["cut", "", "gradient"],
        "points": ["1", "0.5", "1,5"],
        "text": ["Cut off", "New", ""],
        "start": "zero",
    }
    _, headers, _ = served.send("POST", f"/rubric{served.page_of('bob')}", **form)
    assert "2+graded+answers+follow" in headers["Location"]
    assert state(served, "ada") == ("graded", 0.5, "+1: Cut off\n-0.5 besides\nWell.")
    assert state(served, "bob") == ("graded", 0.0, "")
    assert "# For both sections; settled in the meeting." in rubric_file(served.desk.course, "a1").read_text()


def test_a_rubric_that_is_changed_in_an_editor_is_followed_except_where_a_person_decided_elsewhere(served):
    for student in ("ada", "bob"):
        served.grade(student, item=["cut"])
    change_in_formgrader(served, "bob", 3.5)
    path = rubric_file(served.desk.course, "a1")
    path.write_text(path.read_text().replace("points = 2", "points = 1"))
    assert "Changed elsewhere" in served.get(f"/grade{served.page_of('bob')}")
    assert state(served, "ada")[1:] == (1.0, "+1: Says that negative numbers are cut off")
    assert state(served, "bob")[1] == 3.5


def test_a_damaged_rubric_is_one_sentence_and_changes_no_grade(served):
    served.grade("ada", item=["cut"])
    rubric_file(served.desk.course, "a1").write_text("[why")
    status, _, text = served.send("GET", f"/grade{served.page_of('ada')}")
    assert status == 400
    assert "a1.toml cannot be used" in text
    assert state(served, "ada")[1] == 2.0


def test_a_grade_is_taken_back(served):
    before = state(served, "ada")
    served.grade("ada", item=["cut"])
    assert "Take back" in served.get(f"/grade{served.page_of('ada')}")
    served.grade("ada", "clear")
    assert state(served, "ada") == before


def test_the_grader_is_named_and_shown(served):
    served.send("POST", "/", name="  Alan   T. ")
    served.grade("ada", item=["cut"])
    assert "graded by Alan T." in served.get(f"/grade{served.page_of('ada')}")
    assert served.send("POST", "/", name="\u202e")[0] == 400


def test_pictures_beside_the_notebooks_are_shown_in_questions_and_answers(course, serve):
    (course.root / "assignments" / "a1" / "graph.png").write_bytes(base64.b64decode(picture()))
    for path in (course.root / "assignments" / "a1" / "warmup.ipynb", course.root / "autograded/ada/a1/warmup.ipynb"):
        path.write_text(path.read_text().replace("Why?", "![](graph.png)").replace("Because.", "![](graph.png)"))
    with serve() as served:
        page = served.get(f"/grade{served.page_of('ada')}")
        assert page.count(f"data:image/png;base64,{picture()}") == 2


def test_similar_programs_are_shown_side_by_side(served, serve):
    assert "/similar/a1" in served.get("/")
    assert "<bdi>ada</bdi> and <bdi>bob</bdi></a>, 100 % in common" in served.get("/similar/a1")
    page = served.get("/similar/a1/1")
    assert 'id="one-1" href="#other-1"' in page
    assert 'href="/similar/a1"' in page
    for path in ("/similar/a1/0", "/similar/a1/2", "/similar/a2", "/similar/a2/1"):
        assert served.send("GET", path)[0] in (400, 404)
    with serve(anonymous=True) as anonymous:
        assert "/similar" not in anonymous.get("/")
        for path in ("/similar/a1", "/similar/a1/1"):
            status, _, text = anonymous.send("GET", path)
            assert status == 403
            assert "bob" not in text


def test_nobody_is_named_where_answers_are_anonymous(serve):
    with serve(anonymous=True) as served:
        students = [grade.student for grade in served.desk.answers(served.desk.question("a1", "why"))]
        assert sorted(students) == ["ada", "bob", "cy"]
        for number, student in enumerate(students, 1):
            words = re.sub(r"<[^>]*>", " ", served.get(f"/grade{served.page_of(student)}"))
            assert f"Answer {number}" in words
            assert not re.search(r"\b(ada|bob|cy)\b", words)
    with serve() as served:
        assert re.search(r"\bada\b", re.sub(r"<[^>]*>", " ", served.get(f"/grade{served.page_of('ada')}")))


def test_a_student_without_files_or_verdicts_can_be_graded(served, course):
    shutil.rmtree(course.root / "submitted")
    shutil.rmtree(course.root / "build")
    (course.root / "autograded" / "bob" / "a1" / "warmup.ipynb").write_text("{")
    assert "is not in what was handed in" in served.get(f"/grade{served.page_of('ada')}")
    assert "cannot be read" in served.get(f"/grade{served.page_of('bob')}")
    served.grade("bob", adjustment="1")
    assert state(served, "bob")[1] == 1


def test_every_question_of_this_course_has_a_text_a_model_answer_and_exercises():
    course = load()
    for assignment in course.assignment:
        for question in questions(course, assignment):
            assert len(question.text) > 20, question.name
            assert len(question.model_answer) > 20, question.name
            assert question.points > 0


def test_a_right_answer_earns_all_points_by_every_rubric_of_this_course():
    course = load()
    for assignment in course.assignment:
        rubrics = read_rubrics(course, assignment.name)
        for question in questions(course, assignment):
            if question.name in rubrics:
                rubric = rubrics[question.name]
                everything = Mark(tuple(item.name for item in rubric.items if item.points > 0))
                assert sum(item.points for item in rubric.items if item.points > 0) == question.points, question.name
                assert rubric.points(everything, question.points) == question.points
                assert chosen_exercises(assignment, rubric.about, question)


def test_a_rubric_about_an_exercise_that_is_not_there_is_named(served):
    path = rubric_file(served.desk.course, "a1")
    path.write_text(path.read_text().replace("layers.relu_forward", "layers.nothing"))
    with pytest.raises(CourseError, match=r'"layers.nothing"'):
        served.desk.own_code(served.desk.question("a1", "why"), "ada")
