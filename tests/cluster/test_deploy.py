"""The files in ``deploy/``: would Slurm and Dask's Kubernetes operator take them, and do they say one thing?"""

from __future__ import annotations

import importlib.util
import os
import runpy
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from dask_processes import ONE_THREAD, until
from outcomes_by_student import by_student

from grader.classrun.cluster.connection import cluster_runner
from grader.classrun.cluster.identity import FOLDER_VARIABLE
from grader.classrun.task import Task
from grader.course import Course
from grader.judging.secret import VARIABLE

DEPLOY = Path(__file__).parents[2] / "deploy"
SLURM = DEPLOY / "slurm.py"
SBATCH = """#!/bin/sh
# Starts a job at once, on this machine.
setsid sh "$1" >/dev/null 2>"{logs}/job.log" &
echo $! >> "{logs}/jobs"
echo "Submitted batch job $!"
"""
SCANCEL = '#!/bin/sh\nkill -- "-$1"\n'


@pytest.fixture
def documents() -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text("utf-8")))


def container(cluster: dict[str, Any], part: str) -> dict[str, Any]:
    (found,) = cluster["spec"][part]["spec"]["containers"]
    return dict(found)


def test_the_cluster_is_what_the_operator_takes(documents: list[dict[str, Any]]) -> None:
    """As the operator's own definition says where it is installed; and everywhere, that no field is misspelt."""
    cluster = documents[0]
    assert (cluster["apiVersion"], cluster["kind"]) == ("kubernetes.dask.org/v1", "DaskCluster")
    for schema in schemas():
        jsonschema.Draft7Validator(schema).validate(cluster)
        for spoil in (
            lambda spec: spec["worker"].update(replica=3),
            lambda spec: spec["worker"]["spec"]["containers"][0].update(volumeMount=[]),
            lambda spec: spec["scheduler"]["service"].update(kind="ClusterIP"),
            lambda spec: spec["worker"].update(replicas="many"),
        ):
            wrong = yaml.safe_load(yaml.safe_dump(cluster))
            spoil(wrong["spec"])
            assert list(jsonschema.Draft7Validator(schema).iter_errors(wrong))


def schemas() -> list[dict[str, Any]]:
    """The fields that this file uses; and the operator's own, where the package is installed."""
    found = [yaml.safe_load(Path(__file__).with_name("daskcluster_fields.yaml").read_text("utf-8"))]
    if operator := importlib.util.find_spec("dask_kubernetes"):
        assert operator.submodule_search_locations
        (definition,) = Path(operator.submodule_search_locations[0]).glob("**/helm/*/crds/daskcluster.yaml")
        version = yaml.safe_load(definition.read_text("utf-8"))["spec"]["versions"][0]
        schema = version["schema"]["openAPIV3Schema"]
        schema["properties"] |= {"apiVersion": {}, "kind": {}, "metadata": {}}
        _refuse_other_fields(schema)
        found.append(schema)
    return found


def _refuse_other_fields(schema: Any) -> None:
    """As Kubernetes does with ``kubectl apply --validate=strict``."""
    if isinstance(schema, dict):
        if "properties" in schema and not schema.get("x-kubernetes-preserve-unknown-fields"):
            schema.setdefault("additionalProperties", False)
        for value in list(schema.values()):
            _refuse_other_fields(value)


def test_the_parts_of_the_cluster_fit_together(documents: list[dict[str, Any]]) -> None:
    cluster, policy = documents
    worker, scheduler = container(cluster, "worker"), container(cluster, "scheduler")
    name = cluster["metadata"]["name"]
    assert worker["image"] == scheduler["image"]
    variables = {entry["name"]: entry for entry in worker["env"]}
    (mount,) = worker["volumeMounts"]
    assert variables[FOLDER_VARIABLE]["value"] == mount["mountPath"]
    assert mount["readOnly"]
    assert "secretKeyRef" in variables[VARIABLE]["valueFrom"]
    assert not {FOLDER_VARIABLE, VARIABLE} & {entry["name"] for entry in scheduler.get("env", ())}
    threads = worker["args"][worker["args"].index("--nthreads") + 1]
    assert threads == worker["resources"]["limits"]["cpu"] == worker["resources"]["requests"]["cpu"]
    service = cluster["spec"]["scheduler"]["service"]
    assert service["selector"] == {"dask.org/cluster-name": name, "dask.org/component": "scheduler"}
    ports = {port["name"]: port["containerPort"] for port in scheduler["ports"]}
    assert {port["targetPort"]: port["port"] for port in service["ports"]} == ports
    assert policy["spec"]["podSelector"]["matchLabels"] == {"dask.org/cluster-name": name}


def test_the_commands_in_it_are_dasks_own(documents: list[dict[str, Any]]) -> None:
    for part in ("worker", "scheduler"):
        program, what, *options = container(documents[0], part)["args"]
        said = subprocess.run([sys.executable, "-m", program, what, "--help"], capture_output=True, text=True)
        assert {option for option in options if option.startswith("--")} <= set(said.stdout.split())


def test_the_job_script_starts_a_worker_that_knows_the_course(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("dask_jobqueue", reason="dask-jobqueue is not installed")
    main = runpy.run_path(str(SLURM))["main"]
    main(["--show", "--cores", "12", "--time", "00:40:00", "--partition", "short", "/shared/a course"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "#!/usr/bin/env bash"
    for line in ("#SBATCH --cpus-per-task=12", "#SBATCH --mem=24G", "#SBATCH -t 00:40:00", "#SBATCH -p short"):
        assert line in lines
    assert "export GRADER_COURSE='/shared/a course'" in lines
    (command,) = (line for line in lines if "distributed.cli.dask_worker" in line)
    assert "--nthreads 12 " in command
    assert "--nanny" in command.split()


@pytest.mark.slow
def test_a_class_is_graded_by_jobs(small: Course, tasks: list[Task], expected: dict[str, object], logs: Path) -> None:
    """With programs in place of Slurm's that start and end jobs on this machine."""
    pytest.importorskip("dask_jobqueue", reason="dask-jobqueue is not installed")
    for name, text in (("sbatch", SBATCH.format(logs=logs)), ("scancel", SCANCEL)):
        (logs / name).write_text(text)
        (logs / name).chmod(0o755)
    command = [sys.executable, str(SLURM), "--jobs", "2", "--cores", "1", "--interface", "lo", str(small.root)]
    environment = {**os.environ, **ONE_THREAD, "PATH": f"{logs}:{os.environ['PATH']}"}
    with subprocess.Popen(command, env=environment, cwd=logs, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            said = process.stdout.readline()
            address = said.split("--dask ")[1].split()[0]
            with cluster_runner(small, address) as runner:
                assert by_student(runner(small, tasks)) == expected
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)
    jobs = [int(line) for line in (logs / "jobs").read_text().split()]
    assert len(jobs) == 2
    until(lambda: not [job for job in jobs if Path("/proc", str(job), "cmdline").exists()], seconds=30)
