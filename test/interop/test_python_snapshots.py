"""The official Python client reads every golden table: snapshots, versions, limits and predicate hints."""

import json

import delta_sharing
import pandas
import pytest

from golden import TABLES, assert_between, assert_same, counter, expected_rows, frame_rows, tables
from refusals import refusal_of, refused

PATHS = {
    "default": {},
    "batches": {"convert_in_batches": True},
    "parquet": {"use_delta_format": False},
    "delta": {"use_delta_format": True},
}


def load(url, table, path, stored_on, **options):
    """The data frame, or None where the combination is refused, which is asserted."""
    reason = refusal_of(table, path, stored_on)
    if reason is None:
        return delta_sharing.load_as_pandas(url(table), **PATHS[path], **options)
    with refused(reason):
        delta_sharing.load_as_pandas(url(table), **PATHS[path], **options)
    return None


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("table", tables())
def test_snapshot(url, stored_on, table, path):
    frame = load(url, table, path, stored_on)
    if frame is None:
        return
    golden = TABLES[table]
    assert len(frame) == golden["count"]
    if "rows" in golden:
        assert_same(frame, golden["rows"], golden["columns"])


VERSIONS = [(table, version) for table in tables("versions") for version in TABLES[table]["versions"]]


@pytest.mark.parametrize("path", ["default", "delta"])
@pytest.mark.parametrize(("table", "version"), VERSIONS)
def test_version(url, stored_on, table, version, path):
    frame = load(url, table, path, stored_on, version=int(version))
    if frame is not None:
        golden = TABLES[table]["versions"][version]
        assert_same(frame, golden["rows"], golden["columns"])


@pytest.mark.parametrize("path", ["default", "delta"])
@pytest.mark.parametrize("limit", [0, 1, 5])
@pytest.mark.parametrize("table", ["plain", "partitioned-dates", "dv-delete", "checkpoint-classic", "rs-plain"])
def test_limit(url, stored_on, table, path, limit):
    golden = TABLES[table]
    frame = load(url, table, path, stored_on, limit=limit)
    if frame is None:
        return
    assert len(frame) == min(limit, golden["count"])
    assert_between(frame, [], golden["rows"], golden["columns"])


FILTERS = [(table, i) for table in tables("filters") for i in range(len(TABLES[table]["filters"]))]


@pytest.mark.parametrize("path", ["default", "delta"])
@pytest.mark.parametrize(("table", "which"), FILTERS, ids=lambda value: str(value))
def test_json_predicate_hints(url, stored_on, table, which, path):
    golden = TABLES[table]
    chosen = golden["filters"][which]
    hints = json.dumps(chosen["jsonPredicate"])
    frame = load(url, table, path, stored_on, jsonPredicateHints=hints)
    if frame is not None:
        # A hint drops whole files: the client would filter what is left.
        assert_between(frame, chosen["rows"], golden["rows"], golden["columns"])


# Their rows that match fill whole files: partitions, statistics in commits, as JSON and as structs in checkpoints.
PRUNED = [
    "plain",
    "partitioned-strings",
    "partitioned-dates",
    "rs-checkpoint",
    "checkpoint-classic",
    "checkpoint-multipart",
    "checkpoint-v2-json",
    "rs-checkpoint-struct-stats",
]


@pytest.mark.parametrize(
    ("table", "which"),
    [(table, 0) for table in PRUNED],
)
def test_hints_prune_to_the_files_that_match(url, table, which):
    golden = TABLES[table]
    chosen = golden["filters"][which]
    frame = delta_sharing.load_as_pandas(url(table), jsonPredicateHints=json.dumps(chosen["jsonPredicate"]))
    assert counter(frame_rows(frame, golden["columns"])) == counter(
        expected_rows(chosen["rows"], frame, golden["columns"])
    )


def test_the_pinned_client_has_no_arrow_reader():
    """load_as_arrow is on the client's main branch only: when a release has it, this fails and it is to be tested."""
    assert not hasattr(delta_sharing, "load_as_arrow")
    assert pandas.__version__.startswith("2.")
