"""What goes wrong on a cluster that runs for hours: machines, schedulers and commands that end, and slow machines."""

from __future__ import annotations

import re
import shlex
import shutil
import signal
import subprocess
import textwrap
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import dask
import network_namespaces
import pytest
import yaml
from crash import small_class
from crash.runs import Place, temporary_folder
from dask_processes import REPOSITORY, Processes, until
from distributed import Client
from outcomes_by_student import by_student

from grader.classrun.cluster.admission import Admission
from grader.classrun.cluster.connection import cluster_runner
from grader.classrun.cluster.identity import identity, summary
from grader.classrun.cluster.worker import Run
from grader.classrun.task import Task
from grader.course import Course
from grader.errors import Interrupted, NoUsableWorker, UnusableInput

pytestmark = pytest.mark.slow
SLOW_WORKER = str(Path(__file__).with_name("slow_worker.py"))


def test_the_scheduler_is_started_again(
    small: Course, tasks: list[Task], expected: dict[str, object], logs: Path
) -> None:
    """The workers end with their scheduler; whoever runs them starts them again."""
    with Processes(logs) as processes:
        processes.start_worker("before", small.root, "--preload", SLOW_WORKER, SLOW_SECONDS="1000")
        processes.wait_for(1)

        def start_again() -> bool:
            processes.until_at_work("before")
            processes.kill("scheduler")
            processes.start_scheduler()
            processes.start_worker("after", small.root)
            return True

        with cluster_runner(small, processes.address) as runner, ThreadPoolExecutor(1) as thread:
            started = thread.submit(start_again)
            assert by_student(runner(small, tasks)) == expected
            assert started.result()


def test_a_scheduler_that_stays_away_ends_the_run(small: Course, tasks: list[Task], logs: Path) -> None:
    with Processes(logs) as processes:
        processes.start_worker("only", small.root, "--preload", SLOW_WORKER, SLOW_SECONDS="1000")
        processes.wait_for(1)

        def kill() -> None:
            processes.until_at_work("only")
            processes.kill("scheduler")

        with cluster_runner(small, processes.address, wait=3.0) as runner, ThreadPoolExecutor(1) as thread:
            killed = thread.submit(kill)
            with pytest.raises(Interrupted, match=r"^the connection to tcp://127\.0\.0\.1:\d+ was lost: start the "):
                list(runner(small, tasks))
            killed.result()


def test_a_worker_is_killed_and_its_nanny_starts_it_again(
    small: Course, tasks: list[Task], expected: dict[str, object], logs: Path
) -> None:
    """It has another process, another address, and none of the run's resources: it is examined anew."""
    with Processes(logs) as processes:
        processes.start_worker("only", small.root)
        processes.wait_for(1)

        def kill() -> bool:
            processes.until_at_work("only")
            processes.kill_below_nanny("only")
            return True

        with cluster_runner(small, processes.address) as runner, ThreadPoolExecutor(1) as thread:
            killed = thread.submit(kill)
            assert by_student(runner(small, tasks)) == expected
            assert killed.result()
        assert processes.said("only").count("Start worker at") == 2


def test_a_slow_worker_holds_nobody_up_and_counts_once(
    small: Course, tasks: list[Task], expected: dict[str, object], logs: Path
) -> None:
    with Processes(logs) as processes:
        processes.start_worker("slow", small.root, "--preload", SLOW_WORKER, SLOW_SECONDS="5")
        processes.start_worker("fast", small.root)
        processes.wait_for(2)
        with cluster_runner(small, processes.address) as runner:
            assert by_student(runner(small, tasks)) == expected


def test_a_scheduler_without_the_grader_is_said(small: Course, tasks: list[Task], logs: Path) -> None:
    lacking = logs / "lacking"
    lacking.mkdir()
    (lacking / "grader.py").write_text("raise ModuleNotFoundError(\"No module named 'grader'\")")
    with Processes(logs) as processes:
        processes.kill("scheduler")
        processes.start_scheduler(PYTHONPATH=str(lacking))
        processes.start_worker("a", small.root)
        processes.wait_for(1)
        with (
            cluster_runner(small, processes.address) as runner,
            pytest.raises(NoUsableWorker, match=r"cannot hand out tasks; is this version of the grader installed"),
        ):
            list(runner(small, tasks))


def test_workers_in_networks_of_their_own(
    small: Course, tasks: list[Task], expected: dict[str, object], logs: Path
) -> None:
    if why_not := network_namespaces.why_not():
        pytest.skip(why_not)
    with (
        network_namespaces.namespaces(2) as hosts,
        Processes(logs, host=network_namespaces.HERE) as processes,
    ):
        for number, (address, within) in enumerate(hosts):
            root = logs / f"course {number}"  # each host has a copy of its own
            shutil.copytree(small.root, root)
            processes.start_worker(f"host{number}", root, "--host", address, within=within)
        processes.wait_for(2)
        with Client(processes.address, set_as_default=False) as client:
            assert {found.split(":")[1].strip("/") for found in client.nthreads()} == {address for address, _ in hosts}
        with cluster_runner(small, processes.address) as runner:
            assert by_student(runner(small, tasks)) == expected


@pytest.mark.filterwarnings("ignore::distributed.versions.VersionMismatchWarning")
def test_every_difference_refuses_a_worker_and_the_others_go_on(
    small: Course, tasks: list[Task], expected: dict[str, object], logs: Path
) -> None:
    def copy(name: str) -> Path:
        shutil.copytree(small.root, logs / name)
        return logs / name

    edited = {name: copy(name) for name in ("course.toml", "reference", "recipe")}
    for path in (
        edited["course.toml"] / "course.toml",
        edited["reference"] / "solutions" / "nndl" / "layers.py",
        edited["recipe"] / "solutions" / "exercises" / "layers" / "affine.wrong",
    ):
        path.write_text(f"{path.read_text()}\n# changed")
    packages = logs / "packages" / "numpy-0.1.dist-info"
    packages.mkdir(parents=True)
    (packages / "METADATA").write_text("Metadata-Version: 2.1\nName: numpy\nVersion: 0.1\n")
    without_solutions = copy("without")
    shutil.rmtree(without_solutions / "solutions")
    said: list[str] = []
    with Processes(logs) as processes:
        for name, root in edited.items():
            processes.start_worker(name, root, "--no-nanny")
        processes.start_worker("numpy", small.root, "--no-nanny", PYTHONPATH=f"{packages.parent}:{REPOSITORY}")
        processes.start_worker("no solutions", without_solutions, "--no-nanny")
        processes.start_worker("no course", None, "--no-nanny")
        processes.start_worker("no sandbox", small.root, "--no-nanny", PATH="/nonexistent")
        processes.start_worker("right", small.root, "--no-nanny")
        processes.wait_for(8)
        with Client(processes.address, set_as_default=False) as client:
            here = identity(small, small["a1"], b"nonce")
            admission = Admission(client, Run("", "a1", "bubblewrap", b"nonce", summary(here), 10), here, said.append)
            until(lambda: admission.look() or len(said) + len(admission.slots) == 8)
            assert list(admission.slots.values()) == [1]
        with cluster_runner(small, processes.address) as runner:
            assert by_student(runner(small, tasks)) == expected
    why = dict(re.fullmatch(r"Not used: worker (.+) on \S+: (.+)\.", sentence).groups() for sentence in said)
    assert {name: reason.split("; ")[0] for name, reason in why.items() if name != "no sandbox"} == {
        "course.toml": "course.toml differs from what is here",
        "reference": "the reference or how exercises are judged differs from what is here",
        "recipe": "the reference or how exercises are judged differs from what is here",
        "numpy": f"numpy is {here['numpy']} here and 0.1 there",
        "no solutions": f"{without_solutions / 'solutions' / 'nndl'} is missing",
        "no course": f"it finds no course.toml in {logs} or above it",
    }
    assert "submitted code cannot be confined on this machine (bubblewrap: " in why["no sandbox"]


def test_a_command_grades_on_a_cluster_what_it_grades_here(tmp_path: Path) -> None:
    """The gradebook, the notebooks and the pages, also after Ctrl-C and after a kill."""
    with temporary_folder() as temporary, Processes(tmp_path) as processes:
        place = Place(small_class.make(tmp_path / "course", 8), temporary)
        worker_course = tmp_path / "there"  # has neither submissions nor anything that a run leaves here
        for name in ("solutions", "course.toml", ".course-secret"):
            _copy(place.root / name, worker_course / name)
        assert place.run()[0] == 0
        expected = place.results(), _pages(place)
        place.reset()
        processes.start_worker("a", worker_course)
        processes.start_worker("b", worker_course)
        cluster = ("--dask", processes.address)
        for number in (signal.SIGINT, signal.SIGKILL):
            process = place.start(*cluster)
            processes.until_at_work("a")
            process.send_signal(number)
            _, said = process.communicate(timeout=60)
            assert process.returncode == (130 if number == signal.SIGINT else -number), said.decode()
        code, text = place.run(*cluster)
        assert code == 0, text
        assert (place.results(), _pages(place)) == expected
        assert place.leftovers() == []
        kept = [".course-secret", "build", "course.toml", "solutions"]
        assert sorted(path.name for path in worker_course.iterdir()) == kept
        assert [path.name for path in (worker_course / "build").iterdir()] == ["answers"]  # those of known mistakes


def test_a_command_without_a_usable_cluster_says_so(tmp_path: Path) -> None:
    with temporary_folder() as temporary, Processes(tmp_path) as processes:
        place = Place(small_class.make(tmp_path / "course", 1), temporary)
        code, said = place.run("--dask", processes.address, "--dask-wait", "1")
        assert (code, "has had no worker for 1 seconds" in said) == (4, True)
        code, said = place.run("--dask", "tcp://127.0.0.1:9", "--dask-wait", "1")
        assert (code, "no Dask scheduler answers at tcp://127.0.0.1:9" in said) == (2, True)
        code, said = place.run("--dask", processes.address, "--jobs", "3")
        assert (code, "--jobs counts processes on this machine" in said) == (2, True)


def test_with_certificates_nobody_else_is_let_in(
    small: Course, tasks: list[Task], expected: dict[str, object], logs: Path
) -> None:
    """As docs/cluster.md says: nothing but Dask's configuration, and certificates that openssl makes."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    commands = re.findall(r"^ *(openssl .*)$", (REPOSITORY / "docs" / "cluster.md").read_text("utf-8"), re.MULTILINE)
    assert len(commands) == 3
    for command in commands:
        subprocess.run(shlex.split(command), cwd=logs, check=True, capture_output=True)
    (text,) = re.findall(r"```yaml\n(.*?)```", (REPOSITORY / "docs" / "cluster.md").read_text("utf-8"), re.DOTALL)
    settings = logs / "settings"
    settings.mkdir()
    (settings / "grader.yaml").write_text(textwrap.dedent(text).replace("/home/grader/tls", str(logs)))
    with Processes(logs, protocol="tls", DASK_CONFIG=str(settings)) as processes:
        processes.start_worker("a", small.root)
        own = yaml.safe_load((settings / "grader.yaml").read_text())
        with dask.config.set(dask.config.merge(dask.config.config, own)):
            processes.wait_for(1)
            with cluster_runner(small, processes.address) as runner:
                assert by_student(runner(small, tasks)) == expected
        for address, why in (
            (processes.address, r"there are no certificates in Dask's configuration on this machine"),
            (processes.address.replace("tls", "tcp"), r".*reset"),
        ):
            refused = rf"no Dask scheduler answers at {address} \({why}"
            with pytest.raises(UnusableInput, match=refused), cluster_runner(small, address, wait=2):
                pass


def _pages(place: Place) -> dict[str, str]:
    """The feedback pages, without the columns of seconds on the class page."""
    folder = place.root / "feedback"
    pages = {str(path.relative_to(folder)): path.read_text("utf-8") for path in folder.rglob("*.html")}
    return {name: re.sub(r'<td class="number"[^>]*>[\d.]+ s\b.*?</td>', "", text) for name, text in pages.items()}


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target)
    else:
        shutil.copy(source, target)
