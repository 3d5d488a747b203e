#!/usr/bin/env python3
"""Start Dask workers as jobs of Slurm, for `grader grade --dask`; they are ended when this program is.

    python deploy/slurm.py --jobs 8 --cores 16 /shared/course

Each job is one worker, which judges as many submissions at a time as it has cores. See docs/cluster.md.
"""

from __future__ import annotations

import argparse
import os
import shlex
import signal
from pathlib import Path

from dask_jobqueue import SLURMCluster


def main(arguments: list[str] | None = None) -> None:
    """Start the scheduler and the jobs, print the scheduler's address, and wait for Ctrl-C."""
    options = _options(arguments)
    with slurm_cluster(options) as cluster:
        if options.show:
            print(cluster.job_script())
            return
        cluster.scale(jobs=options.jobs)
        print(f"grader grade ASSIGNMENT --dask {cluster.scheduler_address} --dask-wait 3600", flush=True)
        signal.sigwait({signal.SIGINT, signal.SIGTERM})


def slurm_cluster(options: argparse.Namespace) -> SLURMCluster:
    """Start a scheduler here that can start workers as jobs; see ``--help`` for the options."""
    return SLURMCluster(
        job_name="grader",
        queue=options.partition,
        account=options.account,
        walltime=options.time,
        cores=options.cores,
        processes=1,  # a worker has one thread for each core, and each thread has a grading process of its own
        memory=f"{2 * options.cores} GiB",
        interface=options.interface,
        protocol="tls://" if options.tls else None,
        scheduler_options={"dashboard_address": ":0"},  # the usual port may be taken by somebody else
        job_script_prologue=[
            f"export GRADER_COURSE={shlex.quote(str(options.course))}",
            # One thread of BLAS for each grading process, because every core has a grading process already.
            "export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1",
        ],
        # The limit counts the worker itself, which needs little, and not its grading processes.
        worker_extra_args=["--memory-limit", "0", "--no-dashboard"],
    )


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("course", type=Path, help="the course folder, as the compute nodes see it")
    parser.add_argument("--jobs", type=int, default=1, help="how many jobs, each of them a worker (1)")
    parser.add_argument("--cores", type=int, default=os.cpu_count(), help="cores of a job (as many as there are here)")
    parser.add_argument("--time", default="02:00:00", help="how long a job may take (02:00:00)")
    parser.add_argument("--partition", help="Slurm's partition")
    parser.add_argument("--account", help="Slurm's account")
    parser.add_argument("--interface", help="the network interface that the nodes share, for instance ib0")
    parser.add_argument("--tls", action="store_true", help="encrypt, with the certificates in Dask's configuration")
    parser.add_argument("--show", action="store_true", help="print the job script, and start no job")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
