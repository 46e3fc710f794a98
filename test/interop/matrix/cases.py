"""What is asked of every client: tables of each format, and the rows that their own engines read from them."""

import collections
import dataclasses
import datetime
import json
import pathlib
import tarfile

from golden import counter, parse, wanted

FIXTURES = pathlib.Path(__file__).resolve().parent.parent.parent / "fixtures"
FORMATS = ("delta", "iceberg", "hudi", "parquet")
ASPECTS = ("plain", "deleted rows", "renamed columns", "time travel", "changes")


@dataclasses.dataclass(frozen=True)
class Case:
    """One question: a shared table, at a version or a time or over a range, and the rows it has."""

    aspect: str
    schema: str
    table: str
    columns: list
    rows: list
    version: int | None = None
    timestamp: str | None = None
    # Of `changes`: with the rows of a change feed, or with what the changes come to (a row's text, and how often).
    range: tuple | None = None
    net: collections.Counter | None = None
    # Of a table that people have: the case that it is for the harness of every way.
    real = None

    @property
    def name(self):
        return f"golden.{self.schema}.{self.table}"

    def expected(self):
        """Rows in the one spelling that all clients' rows are brought to."""
        kinds = [parse(column["type"]) for column in self.columns]
        return counter([[wanted(cell, kind) for cell, kind in zip(row, kinds)] for row in self.rows])


def catalogue(name):
    return json.loads((FIXTURES / name / "catalogue.json").read_text())["tables"]


def delta_cases():
    tables = {table["name"]: table for table in catalogue("delta")}

    def case(aspect, name, **facts):
        return Case(aspect, "delta", name, tables[name]["columns"], tables[name]["rows"], **facts)

    def then(name, version, **facts):
        at = tables[name]["versions"][str(version)]
        return Case("time travel", "delta", name, at["columns"], at["rows"], **(facts or {"version": version}))

    def changes(name):
        feed = tables[name]["changes"]
        return Case("changes", "delta", name, feed["columns"], feed["rows"], range=(feed["from"], feed["to"]))

    return [
        *(case("plain", name) for name in ("plain", "partitioned-dates", "nested", "checkpoint-v2-json")),
        *(case("deleted rows", name) for name in ("dv-delete", "dv-merge", "dv-partitioned")),
        *(case("renamed columns", name) for name in ("mapping-name", "mapping-id", "mapping-dv")),
        then("many-versions", 3),
        then("dv-delete", 2),
        then("in-commit-timestamps", 2, timestamp=in_commit_time("in-commit-timestamps", 2)),
        *(changes(name) for name in ("cdf", "cdf-dv", "cdf-mapping")),
    ]


def in_commit_time(folder, version):
    commit = FIXTURES / "delta" / folder / "_delta_log" / f"{version:020d}.json"
    return moment(json.loads(commit.read_text().splitlines()[0])["commitInfo"]["inCommitTimestamp"])


def moment(milliseconds):
    at = datetime.datetime.fromtimestamp(milliseconds / 1000, datetime.timezone.utc)
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{milliseconds % 1000:03d}Z"


def iceberg_cases():
    tables = {table["name"]: table for table in catalogue("iceberg")}

    def case(aspect, name):
        return Case(aspect, "iceberg", name, tables[name]["columns"], tables[name]["rows"])

    travelled = tables["spark-v2-branches-tags"]
    first, last = travelled["refs"]["first"], travelled["rows"]
    at = {"columns": travelled["columns"]}
    facts = ("iceberg", "spark-v2-branches-tags", travelled["columns"])
    kinds = [parse(column["type"]) for column in at["columns"]]
    counted = [counter([[wanted(c, k) for c, k in zip(row, kinds)] for row in rows]) for rows in (first, last)]
    return [
        *(case("plain", name) for name in ("spark-v1-partitioned", "pyiceberg-transforms", "spark-v2-partition-evolution")),
        *(case("deleted rows", name) for name in ("spark-v2-deletes-file", "spark-v3-deletion-vectors", "java-v2-equality-deletes")),
        *(case("renamed columns", name) for name in ("spark-v2-schema-evolution", "java-v2-equality-evolved")),
        Case("time travel", *facts, first, timestamp=tagged_time(travelled, "first")),
        Case("changes", *facts, [], range=(2, 2), net=difference(*counted)),
    ]


def tagged_time(table, tag):
    """When the snapshot of a tag was committed, out of the newest metadata file."""
    folder = FIXTURES / "iceberg" / table["folder"] / "metadata"
    newest = max(folder.glob("v*.metadata.json"), key=lambda path: int(path.name[1:].split(".")[0]))
    metadata = json.loads(newest.read_text())
    wanted_id = metadata["refs"][tag]["snapshot-id"]
    return moment(next(s["timestamp-ms"] for s in metadata["snapshots"] if s["snapshot-id"] == wanted_id))


def hudi_cases():
    tables = {table["archive"].replace(".tar.gz", "").replace("/", "_"): table for table in catalogue("hudi")}

    def shown(state):
        """Without Hudi's own columns."""
        places = [i for i, column in enumerate(state["columns"]) if not column["name"].startswith("_hoodie_")]
        return [state["columns"][i] for i in places], [[row[i] for i in places] for row in state["rows"]]

    def case(aspect, name):
        return Case(aspect, "hudi", name, *shown(tables[name]["snapshot"]))

    def then(name, instant):
        return Case("time travel", "hudi", name, *shown(tables[name]["versions"][instant]), timestamp=instant_time(instant))

    def changes(name):
        instants = [each["completion"] for each in tables[name]["instants"]]
        before, after = tables[name]["versions"][instants[-2]], tables[name]["snapshot"]
        columns, _ = shown(after)
        kinds = [parse(column["type"]) for column in columns]
        counted = [counter([[wanted(c, k) for c, k in zip(row, kinds)] for row in shown(s)[1]]) for s in (before, after)]
        # The wire counts completed writes.
        last = len(instants)
        return Case("changes", "hudi", name, columns, [], range=(last, last), net=difference(*counted))

    return [
        *(case("plain", name) for name in ("v6_cow_basic", "v8_cow_basic", "v9_cow_basic", "v9_cow_types")),
        *(case("deleted rows", name) for name in ("v6_mor_commit_time", "v8_mor_event_time", "v9_mor_sql_delete")),
        *(case("renamed columns", name) for name in ("v6_cow_schema_on_read", "v8_cow_schema_on_read")),
        *(then(name, first_instant(tables[name])) for name in ("v6_cow_basic", "v8_mor_compaction", "v9_cow_basic")),
        *(changes(name) for name in ("v8_cow_basic", "v9_cow_basic")),
    ]


def first_instant(table):
    return min(table["versions"])


def instant_time(instant):
    """yyyyMMddHHmmssSSS, which is UTC in these tables."""
    at = datetime.datetime.strptime(instant[:14], "%Y%m%d%H%M%S")
    return f"{at.isoformat()}.{instant[14:17]}Z"


def difference(before, after):
    net = collections.Counter(after)
    net.subtract(before)
    return collections.Counter({row: count for row, count in net.items() if count != 0})


def parquet_cases():
    """A folder of files has no catalogue: Arrow reads it here, with its partitions."""
    columns = [("id", "bigint"), ("name", "string"), ("day", "date"), ("country", "string")]
    days = [("2026-01-01", "de"), ("2026-01-02", "de"), ("2026-01-02", "a/b"), ("2026-01-03", None)]
    hive = [[str(row["id"]), row["name"], *days[i]] for i in range(4) for row in hive_file(i)]
    evolved = [[str(r.get("id")), r.get("score"), text(r.get("price")), r.get("extra")] for r in evolved_rows()]
    kinds = [("id", "bigint"), ("score", "double"), ("price", "decimal(12,4)"), ("extra", "string")]
    named = lambda pairs: [{"name": name, "type": kind} for name, kind in pairs]  # noqa: E731
    return [
        Case("plain", "parquet", "hive", named(columns), hive),
        Case("plain", "parquet", "evolved", named(kinds), evolved),
        Case("time travel", "parquet", "hive", named(columns), hive, version=1),
        Case("changes", "parquet", "hive", named(columns), [], range=(0, 0), net=collections.Counter()),
    ]


def hive_file(number):
    import pyarrow.parquet

    (path,) = (FIXTURES / "parquet-tables" / "hive").glob(f"day=*/country=*/part-{number}.parquet")
    return pyarrow.parquet.ParquetFile(path).read().to_pylist()


def evolved_rows():
    import pyarrow.parquet

    folder = FIXTURES / "parquet-tables" / "evolved"
    return [row for name in ("a", "b") for row in pyarrow.parquet.ParquetFile(folder / f"{name}.parquet").read().to_pylist()]


def text(value):
    return None if value is None else str(value)


def cases():
    return [*delta_cases(), *iceberg_cases(), *hudi_cases(), *parquet_cases()]


def shared_schemas(folder, every):
    """What to share, by schema: the tables that the cases ask for, Hudi's unpacked into a folder."""
    schemas = {form: {} for form in FORMATS}
    for case in every:
        schemas[case.schema][case.table] = shared_table(case, folder)
    return {form: list(tables.values()) for form, tables in schemas.items()}


def shared_table(case, folder):
    if case.real is not None:
        return case.shared()
    facts = {"name": case.table, "history": True}
    if case.schema == "hudi":
        location = folder / "hudi" / case.table
        if not location.exists():
            with tarfile.open(FIXTURES / "hudi" / f"{case.table.replace('_', '/', 1)}.tar.gz") as archive:
                archive.extractall(location, filter="data")
        return {**facts, "location": str(location)}
    if case.schema == "parquet":
        return {**facts, "location": str(FIXTURES / "parquet-tables" / case.table)}
    table = next(table for table in catalogue(case.schema) if table["name"] == case.table)
    location = FIXTURES / case.schema / table["folder"]
    if case.schema == "delta":
        return {**facts, "location": str(location)}
    rebase = [{"from": rule["from"], "to": str(location / rule["to"])} for rule in table["rebase"]]
    pointer = {"metadataFile": table["metadataFile"]} if "metadataFile" in table else {}
    return {**facts, "location": str(location), "format": "iceberg", "rebase": rebase, **pointer}
