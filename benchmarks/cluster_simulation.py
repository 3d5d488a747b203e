"""Simulate grading a class on more cores than there are here, and say what is busy first.

    python -m benchmarks.cluster_simulation                          10,000 submissions on 2, 64 and 1,024 cores
    python -m benchmarks.cluster_simulation --write                  put that and a plot into docs/scale.md

This is a discrete-event simulation (simpy). One parent process does one thing at a time: it reads a submission and
gives it out, until one waits for each core; or it takes a report back, computes the passages that similar programs are
found by, keeps both and enters the report into the gradebook. When it works, it takes one of the cores, before anybody
else. Every other core grades one submission after another. When all are entered, the parent writes the pages. How long
each step takes is drawn from what `benchmarks.stage_times` has measured, in the mix of kinds that
`benchmarks.made_up_class.EVERY_KIND` has; a submission keeps its kind through all steps.

What is not simulated: a network, a slow disk, cores that get in each other's way. `MESSAGE`, what it costs the parent
to exchange one task and its result with a core, is an assumption.
"""

from __future__ import annotations

import argparse
import json
import random
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import simpy

from .made_up_class import EVERY_KIND
from .sections import put
from .stage_times import Times

ROOT = Path(__file__).resolve().parent.parent
TIMES = ROOT / "benchmarks" / "stage_times.json"
COUNT, CORES, FASTER = 10_000, (2, 64, 1024), 10.0
MESSAGE = 0.001  # seconds; what https://distributed.dask.org says of the overhead of a task
STAGE_WORDS = {
    "read": ("parent", "read it, and look for a kept result"),
    "grade": ("a core", "grade it"),
    "receive": ("parent", "take the report back, and keep it"),
    "enter": ("parent", "enter it into the gradebook, and write its annotated notebooks"),
    "compare": ("parent", "compute the passages that similar programs are found by"),
    "page": ("parent, at the end", "write its page"),
}


@dataclass(frozen=True)
class Work:
    """The seconds that one submission needs: of the parent to give it out, of a core, of the parent at its end."""

    give: float
    grade: float
    enter: float
    page: float


@dataclass(frozen=True)
class Outcome:
    """What a simulated run came to.

    Attributes
    ----------
    cores, submissions : int
    graded : float
        Seconds until the last report was entered.
    seconds : float
        Seconds until the last page was written.
    cores_busy, parent_busy : float
        The share of `graded` in which the average core, and the parent, did something.
    waiting : int
        The most reports that have waited for the parent at one time.
    """

    cores: int
    submissions: int
    graded: float
    seconds: float
    cores_busy: float
    parent_busy: float
    waiting: int

    @property
    def rate(self) -> float:
        """Submissions a minute, pages included."""
        return 60 * self.submissions / self.seconds

    @property
    def limit(self) -> str:
        """What was busy nearly all of the time; where nothing was, the run waited for its slowest submissions."""
        busy = {"parent": self.parent_busy, "cores": self.cores_busy}
        most = max(busy, key=busy.__getitem__)
        return most if busy[most] > 0.9 else "the slowest submissions"


def draw(times: Times, count: int, seed: int = 0, faster: float = 1.0) -> list[Work]:
    """Draw the work of a class from measured times.

    Parameters
    ----------
    times : mapping
        Stage → kind → seconds; see `benchmarks.stage_times`.
    count : int
        How many submissions.
    seed : int, default 0
    faster : float, default 1
        How many times as fast the gradebook is as was measured.
    """
    rng = random.Random(seed)
    works = []
    for kind in rng.choices([*EVERY_KIND], [*EVERY_KIND.values()], k=count):
        read, grade, receive, enter, compare, page = (
            rng.choice(times[stage][kind]) for stage in ("read", "grade", "receive", "enter", "compare", "page")
        )
        works.append(Work(read + MESSAGE / 2, grade, MESSAGE / 2 + receive + compare + enter / faster, page))
    return works


def simulate(works: Sequence[Work], cores: int) -> Outcome:
    """Simulate a run on so many cores; the parent's is one of them."""
    world = simpy.Environment()
    machine = simpy.PriorityResource(world, capacity=cores)
    queue = simpy.Store(world)
    reports: deque[Work] = deque()
    news = world.event()
    most = 0

    def occupy(seconds: float, priority: int) -> Iterator[Any]:
        with machine.request(priority) as turn:
            yield turn
            yield world.timeout(seconds)

    def tell_parent() -> None:
        if not news.triggered:
            news.succeed()

    def core() -> Iterator[Any]:
        nonlocal most
        while True:
            work = yield queue.get()
            tell_parent()
            yield from occupy(work.grade, priority=1)
            reports.append(work)
            most = max(most, len(reports))
            tell_parent()

    def parent() -> Iterator[Any]:
        nonlocal news
        left, entered = deque(works), 0
        while entered < len(works):
            if left and len(queue.items) < cores:
                yield from occupy(left[0].give, priority=0)
                queue.put(left.popleft())
            elif reports:
                yield from occupy(reports.popleft().enter, priority=0)
                entered += 1
            else:
                news = world.event()
                yield news

    for _ in range(cores):
        world.process(core())
    world.run(world.process(parent()))
    end, parents = float(world.now), sum(work.give + work.enter for work in works)
    return Outcome(
        cores,
        len(works),
        end,
        end + sum(work.page for work in works),
        (parents + sum(work.grade for work in works)) / (cores * end),
        parents / end,
        most,
    )


def table(outcomes: Sequence[Outcome]) -> str:
    """Write outcomes as Markdown."""
    lines = [
        "| cores | minutes | submissions a minute | cores busy | parent busy | reports waiting, at most | limit |",
        "|---:|---:|---:|---:|---:|---:|---|",
    ]
    lines += [
        f"| {one.cores:,} | {one.seconds / 60:.1f} | {one.rate:,.0f} | {one.cores_busy:.1%} | {one.parent_busy:.0%} "
        f"| {one.waiting:,} | {one.limit} |"
        for one in outcomes
    ]
    return "\n".join(lines)


def stages(found: Mapping[str, Any]) -> str:
    """Write what was measured as Markdown: the mean of each stage, in the mix of kinds of a class."""
    lines = ["| stage | who | ms, mean |", "|---|---|---:|"]
    for stage, (who, words) in STAGE_WORDS.items():
        means = {kind: sum(times) / len(times) for kind, times in found["seconds"][stage].items()}
        mean = sum(share * means[kind] for kind, share in EVERY_KIND.items()) / sum(EVERY_KIND.values())
        lines.append(f"| {words} | {who} | {1000 * mean:.1f} |")
    return "\n".join(lines)


def results(found: Mapping[str, Any], count: int, cores: Sequence[int], faster: float) -> str:
    """Write what was measured and what the simulation comes to as Markdown."""
    number = sum(len(times) for times in found["seconds"]["grade"].values())
    parts = [f"Measured on {found['cores']} cores, {found['assignment']}, {number} submissions:", stages(found)]
    parts.append(f"Simulated for {count:,} submissions, with the gradebook as measured:")
    for speed in (1.0, faster):
        works = draw(found["seconds"], count, faster=speed)
        if speed != 1:
            parts.append(f"and with one {speed:g} times as fast:")
        parts.append(table([simulate(works, each) for each in cores]))
        core, parent = sum(work.grade for work in works), sum(work.give + work.enter for work in works)
        parts.append(
            f"A core needs {1000 * core / count:.0f} ms for a submission, the parent {1000 * parent / count:.0f} ms, "
            f"so that {core / parent:.0f} cores keep the parent busy."
        )
    return "\n\n".join(parts)


def main() -> None:
    """Run what the arguments ask for, and print tables."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.cluster_simulation", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--times", type=Path, default=TIMES, help="as measured (default: benchmarks/stage_times.json)")
    parser.add_argument("--submissions", type=int, default=COUNT, help="how many (default: 10,000)")
    parser.add_argument("--cores", type=int, nargs="+", default=CORES, help="how many (default: 2 64 1024)")
    parser.add_argument("--faster", type=float, default=FASTER, help="a gradebook so many times as fast (default: 10)")
    parser.add_argument("--write", action="store_true", help="put the results and a plot into docs/scale.md")
    asked = parser.parse_args()
    found = json.loads(asked.times.read_text("utf-8"))
    text = results(found, asked.submissions, asked.cores, asked.faster)
    print(text)
    if asked.write:
        from .scale_plots import cores

        counts = [2**n for n in range(11)]
        curves = {
            faster: [simulate(draw(found["seconds"], asked.submissions, faster=faster), each) for each in counts]
            for faster in (1.0, asked.faster)
        }
        cores(curves, ROOT / "docs" / "images" / "scale-cores.svg")
        put(ROOT / "docs" / "scale.md", "simulation", text)


if __name__ == "__main__":
    main()
