"""Spark streams shared tables while they grow and while the URLs of their files expire: no row is lost or comes twice."""

import collections
import os
import pathlib
import shutil
import subprocess
import tarfile
import time

import pytest

from matrix.cases import catalogue
from matrix.clients import SIGNS
from sharing_server import serving_schemas
from spark_session import NoSpark, open_session

os.environ["TZ"] = "UTC"
time.tzset()

REPO = pathlib.Path(__file__).resolve().parent.parent.parent
PEERS = REPO / ".venv" / "peers" / "bin" / "python"
HUDI = REPO / "test" / "fixtures" / "hudi"
# Shorter than a stream of this suite runs, longer than one of its batches.
URL_SECONDS = 30
PATIENCE = 300


@pytest.fixture(scope="module")
def spark():
    try:
        return open_session()
    except NoSpark as reason:
        pytest.skip(str(reason))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("streams")


@pytest.fixture(scope="module")
def shared(folder, spark):
    """One server for all of them: the connector goes on refreshing what it once read, and waits for who is gone."""
    names = [f"{kind}-{use}" for kind in GROWING for use in ("batch", "snapshot", "from-version-2")]
    locations = {**{name: location_of(folder, name) for name in names}, **{n: folder / n for n in HUDI_TABLES}}
    tables = [{"name": name, "location": str(at), "history": True} for name, at in locations.items()]
    staging = str(folder / "staging")
    with serving_schemas(folder, {"lake": tables}, staging=staging, urlExpiresInSeconds=URL_SECONDS) as profile:
        yield lambda name: f"{profile}#golden.lake.{name}"


def location_of(folder, name):
    return folder / name / "lake" / "events" if name.startswith("iceberg") else folder / name


def growing_delta(spark, location):
    """Each call appends ten rows as one version, by Spark itself."""

    def append(first):
        rows = spark.range(first, first + 10).selectExpr("id", "concat('row ', id) name").coalesce(1)
        rows.write.format("delta").mode("append").save(str(location))

    return append


def growing_iceberg(_spark, location):
    """The same as Iceberg snapshots, by PyIceberg."""
    if not PEERS.exists():
        pytest.skip("PyIceberg is not installed: benchmarks/peers/setup.sh installs it")
    script = pathlib.Path(__file__).with_name("append_iceberg.py")

    def append(first):
        command = [PEERS, script, location.parent.parent, str(first), str(first + 9)]
        subprocess.run(command, check=True, capture_output=True, text=True)

    return append


GROWING = {"delta": growing_delta, "iceberg": growing_iceberg}
HUDI_TABLES = {"hudi-v8": "v8/cow_basic", "hudi-v9": "v9/cow_basic"}


def four_versions(spark, folder, name):
    append = GROWING[name.partition("-")[0]](spark, location_of(folder, name))
    for first in range(0, 40, 10):
        append(first)
    return append


def reader(source, response_format):
    return source.format("deltaSharing").option("responseFormat", response_format)


def test_batches_outlive_their_urls(spark, shared, folder):
    """The connector refreshes by the token that an answer ends with, in both formats."""
    frames = []
    for name in ("delta-batch", "iceberg-batch"):
        four_versions(spark, folder, name)
        frames += [reader(spark.read, form).load(shared(name)) for form in ("parquet", "delta")]
    for pause in (0, URL_SECONDS + 3):
        time.sleep(pause)
        for frame in frames:
            assert sorted(row.id for row in frame.collect()) == list(range(40))
    assert folder.joinpath("server.log").read_text().count("delta-batch  4 of 4 files") > 2


STREAMS = [
    ("delta-snapshot", "delta", {}),
    ("delta-from-version-2", "parquet", {"startingVersion": 2}),
    ("iceberg-snapshot", "parquet", {}),
    ("iceberg-from-version-2", "delta", {"startingVersion": 2}),
]


@pytest.mark.parametrize(("name", "response_format", "starting"), STREAMS, ids=[stream[0] for stream in STREAMS])
def test_a_stream_outlives_its_urls_and_sees_what_arrives(spark, shared, folder, name, response_format, starting):
    """One file a batch, each taking seconds: URLs that the first batch was given are dead before the last."""
    append = four_versions(spark, folder, name)
    # Iceberg's numbers begin with 1, Delta's with 0.
    first = 10 * (starting["startingVersion"] - name.startswith("iceberg")) if starting else 0
    seen, began = [], time.monotonic()

    def slowly(batch, _number):
        seen.extend(row.id for row in batch.collect())
        time.sleep(8)

    source = reader(spark.readStream, response_format).options(maxFilesPerTrigger=1, **starting)
    stream = source.load(shared(name)).writeStream.foreachBatch(slowly)
    query = stream.option("checkpointLocation", str(folder / f"{name}-checkpoint")).start()
    try:
        wait_for(query, lambda: len(seen) >= 20)
        append(40)
        append(50)
        wait_for(query, lambda: len(seen) >= 60 - first)
        # What came twice would come now.
        query.processAllAvailable()
    finally:
        query.stop()
    assert time.monotonic() - began > URL_SECONDS
    assert sorted(seen) == list(range(first, 60))


def wait_for(query, done):
    deadline = time.monotonic() + PATIENCE
    while not done():
        if query.exception() is not None:
            raise query.exception()
        assert time.monotonic() < deadline, f"the stream stands still: {query.lastProgress}"
        time.sleep(0.2)


@pytest.mark.parametrize("name", HUDI_TABLES)
def test_a_stream_of_hudi_changes_ends_with_the_rows_of_the_table(spark, shared, folder, name):
    """Inserts, updates and deletes of Hudi as a change feed, the later writes completing while the stream runs."""
    golden = next(t for t in catalogue("hudi") if t["archive"] == f"{HUDI_TABLES[name]}.tar.gz")
    with tarfile.open(HUDI / golden["archive"]) as archive:
        archive.extractall(folder / name, filter="data")
    complete = held_back(folder / name, golden["instants"][1:])
    columns = [c["name"] for c in golden["snapshot"]["columns"]]
    states = [golden["versions"][i["completion"]] for i in golden["instants"][:-1]] + [golden["snapshot"]]
    net = collections.Counter()

    def take(batch, _number):
        for row in batch.collect():
            net[repr([row[column] for column in columns])] += SIGNS[row["_change_type"]]

    # The connector streams change feeds in parquet format alone: the server writes rows of parts of files for it.
    source = reader(spark.readStream, "parquet").option("readChangeFeed", "true").option("startingVersion", 1)
    stream = source.load(shared(name)).writeStream.foreachBatch(take)
    query = stream.option("checkpointLocation", str(folder / f"{name}-checkpoint")).start()
    try:
        for i, state in enumerate(states):
            if i > 0:
                complete()
            wait_for(query, lambda state=state: without_zeros(net) == counted(state))
        query.processAllAvailable()
    finally:
        query.stop()
    assert without_zeros(net) == counted(golden["snapshot"])


def without_zeros(net):
    return {row: count for row, count in net.items() if count != 0}


def counted(state):
    """Rows as Spark gives them; the table has text, integers and doubles."""
    kinds = [column["type"] for column in state["columns"]]
    rows = ([int(v) if kind == "bigint" else v for v, kind in zip(row, kinds)] for row in state["rows"])
    return collections.Counter(repr(row) for row in rows)


def held_back(table, instants):
    """Moves the last writes off the timeline; each call of what it gives completes the next one."""
    aside = table.with_name(f"{table.name}-aside")
    aside.mkdir()
    timeline = table / ".hoodie" / "timeline"
    held = [list(timeline.glob(f"{instant['begin']}*")) for instant in instants]
    for files in held:
        for file in files:
            shutil.move(file, aside / file.name)
    waiting = iter(held)

    def complete():
        # The completed instant is what makes a write visible: it comes last.
        for file in sorted(next(waiting), key=lambda file: "_" in file.name):
            shutil.move(aside / file.name, file)

    return complete
