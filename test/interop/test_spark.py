"""Spark with the Delta Sharing connector reads shared tables, with filters."""

import os
import time

import pytest

from golden import TABLES
from sharing_server import serving
from spark_session import NoSpark, open_session
from test_python_iceberg import TABLES as ICEBERG
from test_python_iceberg import shared

os.environ["TZ"] = "UTC"
time.tzset()

CHOSEN = ["plain", "partitioned-strings", "dv-delete", "mapping-name", "checkpoint-v2-json", "rs-partitioned"]
FORMATS = {"parquet": ["plain", "partitioned-strings", "checkpoint-v2-json", "rs-partitioned"], "delta": CHOSEN}


@pytest.fixture(scope="session")
def spark():
    try:
        session = open_session()
    except NoSpark as reason:
        pytest.skip(str(reason))
    yield session
    session.stop()


def reader(spark, response_format):
    return spark.read.format("deltaSharing").option("responseFormat", response_format)


@pytest.mark.parametrize(
    ("response_format", "table"), [(form, table) for form, names in FORMATS.items() for table in names]
)
def test_rows(spark, url, response_format, table):
    frame = reader(spark, response_format).load(url(table))
    assert texts(frame) == expected(TABLES[table]["rows"])


@pytest.mark.parametrize("table", [name for name in CHOSEN if "filters" in TABLES[name]])
@pytest.mark.parametrize("which", [0, 1])
def test_filtered_rows(spark, url, table, which):
    filters = TABLES[table]["filters"]
    chosen = filters[min(which, len(filters) - 1)]
    frame = reader(spark, "delta").load(url(table)).where(chosen["where"])
    assert texts(frame) == expected(chosen["rows"])


@pytest.mark.parametrize("version", ["0", "1"])
def test_an_earlier_version(spark, url, version):
    frame = reader(spark, "delta").option("versionAsOf", version).load(url("plain"))
    assert texts(frame) == expected(TABLES["plain"]["versions"][version]["rows"])


def test_change_feed(spark, url):
    changes = TABLES["cdf"]["changes"]
    frame = reader(spark, "delta").option("readChangeFeed", "true").option("startingVersion", changes["from"])
    assert texts(frame.load(url("cdf")).drop("_commit_timestamp")) == expected(changes["rows"])


@pytest.mark.parametrize("table", ["spark-v3-deletion-vectors", "spark-v2-deletes-file"])
def test_iceberg_deletes(spark, tmp_path, table):
    shared_table = shared(ICEBERG[table])
    with serving(tmp_path, "iceberg", [shared_table], staging=str(tmp_path / "staging")) as profile:
        frame = reader(spark, "delta").load(f"{profile}#golden.iceberg.{table}")
        assert texts(frame.selectExpr("id", "cast(day as string)", "name")) == expected(ICEBERG[table]["rows"])
        few = frame.where("id < 20").selectExpr("id", "cast(day as string)", "name")
        assert texts(few) == expected(row for row in ICEBERG[table]["rows"] if int(row[0]) < 20)


def texts(frame):
    return sorted(repr([plain(value) for value in row]) for row in frame.collect())


def plain(value):
    return {name: plain(inner) for name, inner in value.asDict().items()} if hasattr(value, "asDict") else value


def expected(rows):
    """The chosen tables have integers, text, doubles and structs; only 64-bit integers are spelled as text."""
    return sorted(repr([int(v) if isinstance(v, str) and v.isdigit() else v for v in row]) for row in rows)
