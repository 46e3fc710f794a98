"""The clients, each as one function from a case to what it read."""

import collections
import json
import os
import pathlib
import tempfile

import delta_sharing
import pyarrow.parquet

import duckdb_requests
import plain_http
from golden import counter, expected_rows, found, frame_rows, parse, wanted
from spark_session import NoSpark, open_session
from ways.worker import Worker

CHANGE_COLUMNS = ("_change_type", "_commit_version", "_commit_timestamp")
SIGNS = {"insert": 1, "update_postimage": 1, "delete": -1, "update_preimage": -1}


class NotOffered(Exception):
    """The client has no such question."""


class Client:
    """`read` gives whether the rows are the expected ones; what a client or its server refuses, it raises."""

    name = ""
    skipped = None

    def __init__(self, profile):
        self.profile = profile

    def agrees(self, case):
        raise NotImplementedError

    def close(self):
        pass


class PythonClient(Client):
    def __init__(self, profile, form):
        super().__init__(profile)
        self.name = f"delta-sharing (Python), {form} format"
        self.use_delta_format = form == "delta"

    def agrees(self, case):
        url = f"{self.profile}#{case.name}"
        if case.range:
            first, last = case.range
            frame = delta_sharing.load_table_changes_as_pandas(
                url, first, last, use_delta_format=self.use_delta_format
            ).drop(columns="_commit_timestamp")
            if case.net is None:
                return same(frame, case)
            rows = frame_rows(frame[[column["name"] for column in case.columns]], case.columns)
            return net_of(rows, frame["_change_type"]) == case.net
        at = {"version": case.version, "timestamp": case.timestamp}
        frame = delta_sharing.load_as_pandas(url, use_delta_format=self.use_delta_format, **at)
        return same(frame[[c for c in frame.columns if not c.startswith("_hoodie_")]], case)


def same(frame, case):
    """With the losses that pandas imposes on both sides."""
    if case.real is not None:
        return case.agrees_with_frame(frame)
    return counter(frame_rows(frame, case.columns)) == counter(expected_rows(case.rows, frame, case.columns))


SPARKS_OWN = {
    "real_part_empty_text": "reads the empty text of a partition, which the protocol says is null",
    "real_times_untold": "Python has no moments as early as Spark's",
}


class SparkClient(Client):
    def __init__(self, profile, form):
        super().__init__(profile)
        self.name, self.form = f"Spark connector, {form} format", form
        if "SPILLWAY_SPARK_JARS" not in os.environ:
            self.skipped = "needs the connector's jars in the folder that SPILLWAY_SPARK_JARS names"
            return
        try:
            self.spark = open_session()
        except NoSpark as reason:
            self.skipped = str(reason)

    def agrees(self, case):
        reader = self.spark.read.format("deltaSharing").option("responseFormat", self.form)
        if case.range:
            reader = reader.option("readChangeFeed", "true")
            reader = reader.option("startingVersion", case.range[0]).option("endingVersion", case.range[1])
        if case.version is not None:
            reader = reader.option("versionAsOf", case.version)
        if case.timestamp is not None:
            reader = reader.option("timestampAsOf", case.timestamp)
        frame = reader.load(f"{self.profile}#{case.name}")
        names = [name for name in frame.columns if not name.startswith("_hoodie_")]
        if case.table in SPARKS_OWN:
            raise NotOffered(SPARKS_OWN[case.table])
        rows = [[as_python(value) for value in row] for row in frame.select([f"`{name}`" for name in names]).collect()]
        return agree(case, names, rows)


def as_python(value):
    if hasattr(value, "asDict"):
        return {name: as_python(inner) for name, inner in value.asDict().items()}
    if isinstance(value, dict):
        return [(as_python(key), as_python(item)) for key, item in value.items()]
    return [as_python(item) for item in value] if isinstance(value, list) else value


class Command(Client):
    """This repository's command, all of its runs in one process: starting Node takes longer than most answers."""

    worker = None

    def run(self, *args):
        if self.worker is None:
            self.folder = tempfile.TemporaryDirectory(prefix="spillway-matrix-")
            self.worker = Worker(pathlib.Path(self.folder.name) / "worker.log")
        status, stdout, stderr = self.worker.command(*args)
        if status != 0:
            raise plain_http.Refusal(stderr.strip())
        return stdout

    def close(self):
        if self.worker is not None:
            self.worker.close()
            self.folder.cleanup()


class SpillwayQuery(Command):
    """The rows of one table, by its name."""

    name = "`spillway query`"

    def agrees(self, case):
        if case.range:
            raise NotOffered("SQL over the whole profile has change feeds")
        at = [] if case.version is None else ["--version", str(case.version)]
        at += [] if case.timestamp is None else ["--timestamp", case.timestamp]
        printed = self.run("query", f"{self.profile}#{case.name}", *at, "--limit", "100000", "--json")
        rows = [json.loads(line) for line in printed.split("\n") if line]
        if case.real is not None:
            return case.bag_of([row.get(name) for name in case.real.columns] for row in rows)
        kinds = [(column["name"], parse(column["type"])) for column in case.columns]
        return counter([[wanted(row[name], kind) for name, kind in kinds] for row in rows]) == case.expected()


class AttachedSql(Command):
    """SQL over an attached share; what it answers is written as Parquet and read by Arrow."""

    name = "`attachShare`: SQL in DuckDB"

    def agrees(self, case):
        share, schema, table = case.name.split(".")
        source = f'{share}.{schema}."{table}"'
        if case.range:
            source = "table_changes('{}', {}, {})".format(case.name, *case.range)
        elif case.version is not None:
            source = f"share_at('{case.name}', version := {case.version})"
        elif case.timestamp is not None:
            source = f"share_at('{case.name}', as_of := '{case.timestamp}')"
        with tempfile.TemporaryDirectory() as folder:
            output = f"{folder}/rows.parquet"
            self.run("query", str(self.profile), f"SELECT * FROM {source}", "--output", output)
            rows = pyarrow.parquet.read_table(output)
        return agree(case, rows.column_names, [list(row.values()) for row in rows.to_pylist()])


class PlainHttp(Client):
    def __init__(self, profile, form):
        super().__init__(profile)
        self.name, self.form = f"plain HTTP, {form} format", form

    def agrees(self, case):
        profile = plain_http.read_profile(self.profile)
        if case.range:
            query = {"startingVersion": case.range[0], "endingVersion": case.range[1]}
            return agree(case, *plain_http.change_rows(profile, case.name, self.form, **query))
        at = {key: value for key, value in (("version", case.version), ("timestamp", case.timestamp)) if value is not None}
        return agree(case, *plain_http.snapshot_rows(profile, case.name, self.form, **at))


class DuckDbRequests(Client):
    name = "DuckDB's `duckdb_delta_sharing`, its requests"

    def agrees(self, case):
        extension = duckdb_requests.DuckDbExtension(plain_http.read_profile(self.profile))
        if case.version is not None:
            raise NotOffered("it asks for times, not for versions")
        if case.range:
            return agree(case, *duckdb_requests.rows(extension.changes(case.name, *case.range), feed=True))
        return agree(case, *duckdb_requests.rows(extension.read(case.name, case.timestamp or "")))


def agree(case, names, rows):
    """Rows as Python values, in the order of `names`, against the case's."""
    if case.real is not None:
        return case.agrees_with(names, rows)
    columns = [column["name"] for column in case.columns]
    feed = [] if case.range is None else [name for name in CHANGE_COLUMNS if name not in columns]
    shown = [name for name in names if not name.startswith("_hoodie_") and name not in feed]
    # Where the columns of a feed stand is a client's own affair.
    if shown != columns and not (case.range and sorted(shown) == sorted(columns)):
        raise AssertionError(f"columns {shown}, not {columns}")
    places = [names.index(name) for name in columns]
    kinds = [parse(column["type"]) for column in case.columns]
    spelled = [[found(row[place], kind) for place, kind in zip(places, kinds)] for row in rows]
    if case.net is None:
        return counter(spelled) == case.expected()
    return net_of(spelled, (row[names.index("_change_type")] for row in rows)) == case.net


def net_of(rows, change_types):
    """What changes come to: how much more often each row is there than before."""
    net = collections.Counter()
    for row, change_type in zip(rows, change_types):
        for text, count in counter([row]).items():
            net[text] += SIGNS[change_type] * count
    return collections.Counter({row: count for row, count in net.items() if count != 0})


def clients(profile):
    return [
        PythonClient(profile, "parquet"),
        PythonClient(profile, "delta"),
        SparkClient(profile, "parquet"),
        SparkClient(profile, "delta"),
        SpillwayQuery(profile),
        AttachedSql(profile),
        DuckDbRequests(profile),
        PlainHttp(profile, "parquet"),
        PlainHttp(profile, "delta"),
    ]
