"""
The official Python client reads through the server while the store fails: one fault at one request of the server's, or
of the client's own downloads. Its rows are those of the table, or it raises; never other rows, and never for ever.
SPILLWAY_FAULTS=all plays every fault at every request.
"""

import collections
import concurrent.futures
import contextlib
import itertools
import json
import os
import pathlib
import random
import shutil
import subprocess
import tarfile

import delta_sharing
import pytest

from sharing_server import NoS3Server, s3_server, serving

HERE = pathlib.Path(__file__).resolve().parent
FIXTURES = HERE.parent / "fixtures"
HELPER = HERE.parent / "hostile" / "dist" / "serve-faults.js"
ALL = os.environ.get("SPILLWAY_FAULTS") == "all"
# Runs of each table: a sample, or enough for every fault at every request.
SAMPLED, MOST = 20, 1000
BUCKET = "golden-tables"
HANG_SECONDS = 60

FAULTS = [
    {"kind": "status", "status": 500, "code": "InternalError"},
    {"kind": "status", "status": 503, "code": "SlowDown"},
    {"kind": "status", "status": 403, "code": "AccessDenied"},
    {"kind": "status", "status": 404, "code": "NoSuchKey"},
    *({"kind": kind} for kind in ["reset", "cut", "short", "empty", "html", "slow", "other object", "replaced"]),
    *({"kind": "stale listing", "drop": drop} for drop in ["last", "middle"]),
    *({"kind": "token", "token": token} for token in ["none", "empty", "same"]),
]

# Format, folder or archive, and how the client is to ask.
TABLES = {
    "delta": ("delta", FIXTURES / "delta" / "checkpoint-v2-parquet", {}),
    "vectors": ("delta", FIXTURES / "delta" / "dv-delete", {"use_delta_format": True}),
    "iceberg": ("iceberg", FIXTURES / "iceberg" / "spark-v2-branches-tags", {}),
    "hudi": ("hudi", FIXTURES / "hudi" / "v9" / "cow_basic.tar.gz", {}),
}
COPIES = {name: MOST if ALL else SAMPLED for name in TABLES}
# More than any of these tables has, of those whose versions are numbers of their own.
VERSIONS = 12

# Where the Iceberg table says that it lies.
WRITTEN_AT = "/tmp/spillway-golden-iceberg/spark/db/spark-v2-branches-tags"


class Store:
    """The failing store in front of the real one, told line by line what to do next."""

    def __init__(self, process):
        self._process = process
        self.endpoint = self._heard()["endpoint"]

    def _heard(self):
        return json.loads(self._process.stdout.readline())

    def start(self, **run):
        """Begins a run; gives the requests of the one before, and how often its fault was played."""
        self._process.stdin.write(json.dumps(run) + "\n")
        self._process.stdin.flush()
        return self._heard()


@contextlib.contextmanager
def failing_store(upstream):
    command = ["node", str(HELPER), upstream]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Store(process)
        finally:
            process.terminate()


def is_rows(request):
    """About a data file: of these the client asks, a dozen times each."""
    return request.endswith(".parquet") and "/_delta_log/" not in request


def faults_of(requests):
    """
    Every fault with every request that it can be played at, in an order of its own that is always the same. The requests
    about two of the data files stand for those about the others.
    """
    files = sorted({request.split(" ")[1] for request in requests if is_rows(request)})
    places = [at for at, request in enumerate(requests) if not is_rows(request) or request.split(" ")[1] in files[:2]]
    pairs = [(fault, at) for fault, at in itertools.product(FAULTS, places) if fits(fault, requests[at])]
    random.Random(20261129).shuffle(pairs)
    return pairs


def fits(fault, request):
    if fault["kind"] in ("stale listing", "token"):
        return request.startswith("LIST")
    if fault["kind"] == "replaced":
        return request.startswith("GET")
    if fault["kind"] == "other object":
        # Another file of rows, whole, on the way to the client: no file says which it is, so that it cannot know.
        return request.startswith("GET") and not is_rows(request)
    return True


def lay(source, folder):
    if source.is_dir():
        shutil.copytree(source, folder)
        return
    with tarfile.open(source) as archive:
        archive.extractall(folder, filter="data")


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A copy of a table for every run, so that the server has read none of it before."""
    folder = tmp_path_factory.mktemp("faults")
    try:
        with s3_server(folder / "state") as storage:
            buckets = folder / "state" / "buckets" / BUCKET
            tables = []
            for name, (form, source, _) in TABLES.items():
                for copy in range(COPIES[name] + 1):
                    location = f"s3://{BUCKET}/{name}-{copy}"
                    rebase = {"rebase": [{"from": WRITTEN_AT, "to": location}]} if form == "iceberg" else {}
                    tables.append({"name": f"{name}-{copy}", "format": form, "location": location, **rebase})
                    lay(source, buckets / f"{name}-{copy}")
            with failing_store(storage["s3"]["endpoint"]) as store:
                through = {"s3": {**storage["s3"], "endpoint": store.endpoint}}
                with serving(folder, "faults", tables, through) as profile:
                    yield store, profile
    except NoS3Server as reason:
        pytest.skip(str(reason))


def load(profile, table, options, **more):
    """The rows in an order of their own; a client that waits for ever is a failure of its own kind."""
    worker = concurrent.futures.ThreadPoolExecutor(1)
    try:
        url = f"{profile}#golden.faults.{table}"
        frame = worker.submit(delta_sharing.load_as_pandas, url, **options, **more).result(HANG_SECONDS)
    finally:
        worker.shutdown(wait=False)
    return sorted(map(repr, frame.itertuples(index=False, name=None)))


def older(profile, name, options):
    """The rows of the versions before, which a listing without the newest commits is one of: nobody can tell."""
    found = []
    for version in range(VERSIONS):
        with contextlib.suppress(Exception):
            found.append(load(profile, f"{name}-0", options, version=version))
    return found


@pytest.mark.parametrize("name", TABLES)
def test_rows_or_an_error(served, name):
    store, profile = served
    options = TABLES[name][2]
    store.start()
    whole = load(profile, f"{name}-0", options)
    requests = store.start()["requests"]
    assert whole and any(is_rows(request) for request in requests)
    before = older(profile, name, options)
    outcomes, wrong = collections.Counter(), []
    pairs = faults_of(requests)
    assert not ALL or len(pairs) <= MOST
    for copy, (fault, at) in enumerate(pairs[: COPIES[name]], start=1):
        store.start(at=at, fault=fault)
        rows = None
        try:
            rows = load(profile, f"{name}-{copy}", options)
            outcome = "equal" if rows == whole else "other"
        except concurrent.futures.TimeoutError:
            outcome = "still waiting"
        except Exception:  # noqa: BLE001 any error is one
            outcome = "refused"
        if store.start()["played"] == 0:
            outcome = "not played"
        if outcome == "other" and fault["kind"] == "stale listing" and rows in before:
            outcome = "older"
        outcomes[outcome] += 1
        if outcome in ("other", "still waiting"):
            wrong.append((outcome, fault, at, requests[at], rows and len(rows)))
    assert wrong == []
    print(name, len(requests), "requests", dict(outcomes))
    assert outcomes["equal"] > 0 and outcomes["refused"] > 0
