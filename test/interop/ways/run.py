"""Asks every case through every way."""

import concurrent.futures
import contextlib
import dataclasses
import os
import pathlib
import time

# Moments without a zone are UTC everywhere; the clients take the zone of the process.
os.environ["TZ"] = "UTC"
time.tzset()

from ways import http_ways, local_ways, python_ways  # noqa: E402
from ways.answers import Broken, NotAsked, Outcome, Refused, Wrong  # noqa: E402
from ways.served import STAGES, Served, serving_cases  # noqa: E402
from ways.worker import Worker  # noqa: E402

# The machine's cores serve, answer and read at the same time.
AT_ONCE = 4


@dataclasses.dataclass(frozen=True)
class Place:
    """Where a case is asked: Spillway's own process and, but for local ways, a server that shares it."""

    worker: Worker
    served: Served | None = None

    def version(self):
        return http_ways.Wire(self.served, "parquet").version()


def ways_of(stage):
    yield f"query/{stage}/command", local_ways.by_profile
    yield f"query/{stage}/one-table", local_ways.by_sharp_name
    for transport in local_ways.TRANSPORTS:
        yield f"query/{stage}/sql-{transport}", local_ways.by_sql(transport)
    yield f"query/{stage}/sql-version", local_ways.by_sql_version
    yield f"query/{stage}/sql-changes", local_ways.by_sql_changes
    for form in ("parquet", "delta"):
        yield f"{form}/{stage}/python", python_ways.whole(form)
        yield f"{form}/{stage}/python-limit", python_ways.limited(form)
        yield f"{form}/{stage}/python-hints", python_ways.hinted(form)
        yield f"{form}/{stage}/python-version", python_ways.travelled(form)
        yield f"{form}/{stage}/python-changes", python_ways.changed(form)
        yield f"{form}/{stage}/http", http_ways.whole(form)
        yield f"{form}/{stage}/http-pages", http_ways.paged(form)
        yield f"{form}/{stage}/http-hints", http_ways.hinted(form)
        yield f"{form}/{stage}/http-version", http_ways.travelled(form)
        yield f"{form}/{stage}/http-async", http_ways.asynchronous(form)
        yield f"{form}/{stage}/http-changes", http_ways.changed(form)
        yield f"{form}/{stage}/http-declared", http_ways.declared(form)


WAYS = {
    "batch/rows": local_ways.by_batch,
    "batch/folder": local_ways.by_folder,
    **{name: ask for stage in STAGES for name, ask in ways_of(stage)},
}
# Ways that are about more than the rows: a table that must be refused may still say what its columns are.
ABOUT_MORE = ("http-declared", "http-changes")


def group_of(way):
    """`batch`, `query/plain`, `delta/staged`, …: what a test is about, and what `refusable` names."""
    parts = way.split("/")
    return parts[0] if parts[0] == "batch" else "/".join(parts[:2])


GROUPS = tuple(dict.fromkeys(group_of(way) for way in WAYS))


@contextlib.contextmanager
def asking(folder, cases, stages=STAGES):
    """Gives the function from (case, way) to its outcome."""
    cases = list(cases)
    with contextlib.ExitStack() as stack:
        served = stack.enter_context(serving_cases(pathlib.Path(folder), cases, stages))
        worker = stack.enter_context(contextlib.closing(Worker(pathlib.Path(folder) / "worker.log")))

        def ask(case, way):
            stage = group_of(way).partition("/")[2]
            place = Place(worker, served[stage][case.id] if stage else None)
            return outcome_of(case, way, place)

        yield ask


def ask_all(folder, asked):
    """The outcomes of (case, way) pairs, as they come."""
    asked = list(asked)
    cases = list({case.id: case for case, _ in asked}.values())
    stages = [stage for stage in STAGES if any(f"/{stage}/" in way for _, way in asked)]
    with asking(folder, cases, stages) as ask, concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        # A case's ways follow each other: its files are warm then, and what it does to a server stays its own.
        by_case = {case.id: [(each, way) for each, way in asked if each.id == case.id] for case in cases}
        work = [pool.submit(lambda pairs: [ask(*pair) for pair in pairs], pairs) for pairs in by_case.values()]
        for done in concurrent.futures.as_completed(work):
            yield from done.result()


def outcome_of(case, way, place):
    state, detail = state_of(case, way, place)
    return Outcome(case, way, state, detail, passes(case, way, state))


def state_of(case, way, place):
    if case.leaves_out(way) or (case.direct_only and place.served is not None):
        return "not asked", "the case leaves it out"
    try:
        WAYS[way](case, place)
    except NotAsked as reason:
        return "not asked", str(reason)
    except Refused as reason:
        return "refused", str(reason)
    except Wrong as reason:
        return "wrong", str(reason)
    except Broken as reason:
        return "broken", str(reason)
    except Exception as error:  # noqa: BLE001 - an answer that the oracle cannot read is broken, not the harness
        return "broken", f"{type(error).__name__}: {error}"
    return "equal", ""


def passes(case, way, state):
    if state == "not asked":
        return True
    if way.endswith(ABOUT_MORE):
        return state in ("refused", "equal")
    if case.must_refuse:
        # A few rows may come of files that nobody need refuse.
        return state == "refused" or (state == "equal" and way.endswith("-limit"))
    if case.rows is None:
        return state in ("equal", "refused")
    return state == "equal" or (state == "refused" and (case.may_refuse(way) or has_no_versions(case, way)))


def has_no_versions(case, way):
    """A folder of files has its current version only, and no number by which to ask for it."""
    return case.format == "parquet" and way.endswith("-version")
