"""Is the desk there for the browser of the person who started it, and for nobody else?"""

from __future__ import annotations

import socket

import pytest

from grader.gradebook.by_hand import Key

ADA = Key("a1", "why", "ada")
PATHS = ["/", "/desk.css", "/desk.js", "/grade/a1/why", "/grade/a1/why/0123456789abcdef", "/similar/a1", "/nothing"]


def points(served):
    return served.desk.grades.answer(ADA).points


def own_addresses():
    """Addresses of this machine besides that of the loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing
        except OSError:
            return ["127.0.0.2"]
        return [probe.getsockname()[0], "127.0.0.2"]


def test_it_listens_on_the_loopback_only(served):
    with socket.create_connection(("127.0.0.1", served.port), 5):
        pass
    for address in own_addresses():
        with socket.socket() as other:
            other.settimeout(5)
            assert other.connect_ex((address, served.port)) != 0


@pytest.mark.parametrize("cookie", ["", "desk-{port}=", "desk-{port}=guess", "desk=x"])
def test_without_a_session_there_is_nothing_to_see(served, cookie):
    headers = served.headers | {"Cookie": cookie.format(port=served.port)}
    for path in PATHS:
        status, answer, text = served.send("GET", path, headers)
        assert status == 401
        assert "Set-Cookie" not in answer
        assert "Because" not in text
    for path in (f"/grade{served.page_of('ada')}", "/"):
        assert served.send("POST", path, headers, action="stay", adjustment="4", seen="")[0] == 401
    assert points(served) is None


def test_a_wrong_token_begins_no_session(served):
    for token in ("x", served.token[:-1], f"{served.token}x", "ä"):
        status, headers, _ = served.send("GET", f"/?token={token.encode().hex() if token == 'ä' else token}")
        assert (status, "Set-Cookie" in headers) == (401, False)


def test_the_token_leaves_the_address_and_the_cookie_is_for_this_site_alone(served):
    host = {"Host": f"localhost:{served.port}"}
    status, headers, text = served.send("GET", f"/grade/a1/why?token={served.token}", host)
    assert status == 200
    assert 'content="0; url=/grade/a1/why"' in text
    assert served.token not in text
    for attribute in ("HttpOnly", "SameSite=Strict", "Path=/"):
        assert attribute in headers["Set-Cookie"]


def test_the_address_with_the_token_leads_to_no_other_site(served):
    host = {"Host": f"127.0.0.1:{served.port}"}
    for path in ("//evil.example/", "/\\evil.example/", "///evil.example"):
        _, _, text = served.send("GET", f"{path}?token={served.token}", host)
        assert "url=//" not in text
        assert "url=/\\" not in text


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "[::1]:{port}", ""]
)
def test_another_host_is_refused_even_with_the_cookie_and_the_token(served, host):
    headers = served.headers | {"Host": host.format(port=served.port)}
    for path in ("/", f"/?token={served.token}", "/grade/a1/why"):
        status, answer, text = served.send("GET", path, headers)
        assert status in (400, 403)
        assert "Set-Cookie" not in answer
        assert "why" not in text


@pytest.mark.parametrize("origin", [None, "null", "https://evil.example", "http://127.0.0.1:1", "http://127.0.0.1"])
def test_a_form_of_another_site_changes_nothing(served, origin):
    headers = {name: value for name, value in served.headers.items() if name != "Origin"}
    headers |= {"Origin": origin} if origin else {}
    rubric = (served.desk.course.root / "solutions" / "rubrics" / "a1.toml").read_bytes()
    seen = served.desk.grades.answer(ADA).seen
    for path in ("grade", "rubric", "claim"):
        form = {
            "action": "stay",
            "adjustment": "4",
            "seen": seen,
            "name": "",
            "points": "1",
            "text": "x",
            "start": "full",
        }
        status, _, _ = served.send("POST", f"/{path}{served.page_of('ada')}", headers, **form)
        assert status == 403
    assert served.send("POST", "/", headers, name="Eve")[0] == 403
    assert points(served) is None
    assert (served.desk.course.root / "solutions" / "rubrics" / "a1.toml").read_bytes() == rubric
    assert "Grace" in served.get("/")


def test_the_same_form_of_the_desk_itself_is_taken(served):
    assert served.grade("ada", adjustment="4")[0] == 303
    assert points(served) == 4


def test_looking_changes_no_grade(served):
    before = served.desk.grades.answers("a1")
    for path in (*PATHS, f"/grade{served.page_of('ada')}?action=clear&adjustment=4"):
        served.send("GET", path)
    for method in ("PUT", "DELETE", "PATCH"):
        assert served.send(method, f"/grade{served.page_of('ada')}")[0] in (403, 405)
    after = served.desk.grades.answers("a1", holder=next(iter(served.desk.grades.answers("a1"))))
    assert [(grade.student, grade.seen) for grade in after["why"]] == [
        (grade.student, grade.seen) for grade in before["why"]
    ]


def test_every_answer_has_the_policy(served):
    for headers in (served.headers, {**served.headers, "Cookie": ""}, {**served.headers, "Host": "evil.example"}):
        for path in PATHS:
            _, answer, _ = served.send("GET", path, headers)
            assert "default-src 'none'; script-src 'self';" in answer["Content-Security-Policy"]
            assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]
            assert "unsafe" not in answer["Content-Security-Policy"]
            assert answer["X-Content-Type-Options"] == "nosniff"
            assert answer["Cache-Control"] == "no-store"


def test_a_large_request_is_refused(served):
    try:
        status, _, _ = served.send("POST", f"/grade{served.page_of('ada')}", remark="x" * (2 << 20), action="stay")
    except OSError:
        status = 400  # the connection is closed while the request is still being sent
    assert status in (400, 413)
    assert points(served) is None


@pytest.mark.parametrize(
    "form",
    [
        {"adjustment": "many"},
        {"adjustment": "nan"},
        {"adjustment": "1e9"},
        {"adjustment": "1", "remark": "x" * 30_000},
        {},
    ],
)
def test_a_form_that_cannot_be_used_is_answered_with_one_sentence(served, form):
    path = f"/grade{served.page_of('ada')}"
    status, _, text = served.send("POST", path, **form, **({"action": "stay", "seen": ""} if form else {}))
    assert status == 400
    assert "Traceback" not in text
    assert points(served) is None
