"""Does the command say where the desk is, refuse what it cannot do, and end on Ctrl-C with everything kept?"""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

ROOT = Path(__file__).parents[2]


def command(course, *options):
    """Start ``grader desk`` on a course."""
    words = [sys.executable, "-m", "grader.cli", "desk", "--no-browser", "--course", str(course.root), *options]
    return subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


@pytest.mark.slow
def test_it_prints_its_address_and_ends_on_ctrl_c(course):
    process = command(course)
    try:
        assert process.stdout is not None
        found = re.search(r"http://127\.0\.0\.1:\d+/\?token=\S{20,}", process.stdout.readline())
        assert found
        parts = urlsplit(found[0])
        connection = http.client.HTTPConnection(parts.netloc, timeout=30)
        connection.request("GET", f"/?{parts.query}")
        with connection.getresponse() as answer:
            assert "Set-Cookie" in answer.headers
        connection.close()
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
        assert "Traceback" not in process.stdout.read()
    finally:
        process.kill()
        process.communicate()


OPENER = """\
#!/bin/sh
page="${1#file://}"
cp "$page" copy
ls -ld "$(dirname "$page")" > folder
echo "$@" > arguments
"""


@pytest.mark.slow
def test_the_browser_gets_the_address_in_a_file_that_nobody_else_can_read(course, tmp_path):
    """The arguments of a command can be read by every user of the machine."""
    opener, arguments = tmp_path / "opener", tmp_path / "arguments"
    opener.write_text(OPENER)
    opener.chmod(0o755)
    words = [sys.executable, "-m", "grader.cli", "desk", "--course", str(course.root)]
    environment = {**os.environ, "BROWSER": str(opener), "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(words, cwd=tmp_path, stdout=subprocess.PIPE, text=True, env=environment)
    try:
        assert process.stdout is not None
        found = re.search(r"token=(\S+)", process.stdout.readline())
        assert found
        for _ in range(600):
            if arguments.exists() and arguments.read_text():
                break
            time.sleep(0.1)
        assert found[1] not in arguments.read_text()
        assert found[1] in (tmp_path / "copy").read_text()
        assert (tmp_path / "folder").read_text().startswith("drwx------")
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
        assert not Path(arguments.read_text().strip().removeprefix("file://")).exists()
    finally:
        process.kill()
        process.communicate()


@pytest.mark.slow
def test_a_port_that_is_taken_is_one_sentence(course):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        process = command(course, "--port", str(taken.getsockname()[1]))
        text, _ = process.communicate(timeout=120)
    assert process.returncode == 2
    assert "choose another with --port" in text
    assert "Traceback" not in text
