"""The official Python client reads the changes of golden Iceberg tables as Spark does, whatever kind their deletes are."""

import json

import delta_sharing
import pytest

from golden import counter, expected_rows, frame_rows
from sharing_server import serving
from test_python_iceberg import FOLDER, TABLES, WITH_DELETES, WITH_VECTORS, shared

CHANGES = json.loads((FOLDER / "changes.json").read_text())
READABLE = [name for name in CHANGES if not {"orc", "avro"} & set(TABLES[name]["features"])]
OWN = ["_change_type", "_commit_version", "_commit_timestamp"]


@pytest.fixture(scope="module", params=["staging", "no-staging"])
def stored(request):
    return request.param


@pytest.fixture(scope="module")
def url(stored, tmp_path_factory):
    folder = tmp_path_factory.mktemp("changes")
    staging = str(folder / "staging") if stored == "staging" else None
    tables = [{**shared(TABLES[name]), "history": True} for name in READABLE]
    with serving(folder, "changes", tables, staging=staging) as profile:
        yield lambda table: f"{profile}#golden.changes.{table}"


def refusal(table, stored):
    # Asked for changes, the client announces fewer features than for a snapshot.
    if table == "spark-v2-nested":
        return "timestampNtz"
    deletes = table in WITH_DELETES + WITH_VECTORS
    # Spark's connector misreads vectors inside the lines of changes, so nobody is sent them.
    return "deletionVectors" if deletes and stored == "no-staging" else None


@pytest.mark.parametrize("use_delta_format", [False, True], ids=["parquet", "delta"])
@pytest.mark.parametrize("table", READABLE)
def test_changes(url, stored, table, use_delta_format):
    def load():
        return delta_sharing.load_table_changes_as_pandas(
            url(table), starting_version=1, use_delta_format=use_delta_format
        )

    words = refusal(table, stored)
    if words is not None:
        with pytest.raises(Exception, match=words):
            load()
        return
    frame = load()
    columns = TABLES[table]["columns"]
    for index, change in enumerate(CHANGES[table]):
        of_version = frame[frame["_commit_version"] == index + 1]
        rows = {
            kind: of_version[of_version["_change_type"] == kind].drop(columns=OWN) for kind in ("insert", "delete")
        }
        found = {kind: counter(frame_rows(each, columns)) for kind, each in rows.items()}
        # A file written anew comes as all its rows deleted and inserted again.
        assert found["insert"] - found["delete"] == counter(expected_rows(change["inserted"], rows["insert"], columns))
        assert found["delete"] - found["insert"] == counter(expected_rows(change["deleted"], rows["delete"], columns))
