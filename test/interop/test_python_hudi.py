"""The official Python client reads every golden Hudi table, copy-on-write and merge-on-read, as Spark does."""

import collections
import hashlib
import json
import pathlib
import secrets
import tarfile

import delta_sharing
import pytest

from golden import assert_same, expected_rows, frame_rows
from sharing_server import MAIN, free_port, running, serving, wait_until_up

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "fixtures" / "hudi"
TABLES = {t["archive"].replace(".tar.gz", "").replace("/", "_"): t for t in json.loads((FOLDER / "catalogue.json").read_text())["tables"]}

REFUSED = [n for n, t in TABLES.items() if t["name"] == "mor_partial_update" or "refused" in t]
# Spark shows a timestamp key as text, or the folder in place of it (0.15), or cannot read the table (1.0.2).
OTHERWISE = {n for n, t in TABLES.items() if t["name"] == "cow_timestamp_keygen"} | {n for n, t in TABLES.items() if "error" in t["snapshot"]}
READ = [name for name in TABLES if name not in REFUSED and name not in OTHERWISE]


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hudi")
    for name, table in TABLES.items():
        with tarfile.open(FOLDER / table["archive"]) as archive:
            archive.extractall(folder / "tables" / name)
    token, port = secrets.token_urlsafe(24), free_port()
    shared = [{"name": name, "location": str(folder / "tables" / name), "history": True} for name in TABLES]
    stale = [
        {"name": f"{name}_stale", "location": str(folder / "tables" / name), "view": "read-optimized"}
        for name, table in TABLES.items()
        if "readOptimized" in table
    ]
    config = {
        "server": {"host": "127.0.0.1", "port": port, "secret": secrets.token_hex(24)},
        "shares": [{"name": "golden", "schemas": [{"name": "hudi", "tables": shared + stale}]}],
        "recipients": [
            {
                "name": "interop",
                "tokens": [{"sha256": hashlib.sha256(token.encode()).hexdigest()}],
                "shares": ["golden"],
            }
        ],
        "staging": {"location": str(folder / "staging")},
    }
    (folder / "spillway.yaml").write_text(json.dumps(config))
    endpoint = f"http://127.0.0.1:{port}/delta-sharing"
    profile = folder / "profile.share"
    profile.write_text(json.dumps({"shareCredentialsVersion": 1, "endpoint": endpoint, "bearerToken": token}))
    with running(["node", str(MAIN), "serve", "--config", str(folder / "spillway.yaml")], folder / "server.log"):
        wait_until_up(f"{endpoint}/shares", token, folder / "server.log")
        yield lambda table: f"{profile}#golden.hudi.{table}"


def check(frame, expected):
    columns = [column for column in expected["columns"] if not column["name"].startswith("_hoodie_")]
    places = [expected["columns"].index(column) for column in columns]
    rows = [[row[place] for place in places] for row in expected["rows"]]
    assert_same(frame[[column["name"] for column in columns]], rows, columns)


@pytest.mark.parametrize("use_delta_format", [None, True])
@pytest.mark.parametrize("table", READ)
def test_snapshot(url, table, use_delta_format):
    frame = delta_sharing.load_as_pandas(url(table), use_delta_format=use_delta_format)
    check(frame, TABLES[table]["snapshot"])


@pytest.mark.parametrize("table", [name for name in READ if "readOptimized" in TABLES[name]])
def test_read_optimized(url, table):
    check(delta_sharing.load_as_pandas(url(f"{table}_stale")), TABLES[table]["readOptimized"])


FOLLOWED = [n for n, t in TABLES.items() if t["name"] in ("cow_changes", "mor_changes", "mor_restore", "mor_cdc")]


@pytest.mark.parametrize("use_delta_format", [None, True])
@pytest.mark.parametrize("table", FOLLOWED)
def test_changes(url, table, use_delta_format):
    """Every version's rows are those of the version before with its changes applied."""
    golden = TABLES[table]
    snapshot = golden["snapshot"]
    names = [column["name"] for column in snapshot["columns"]]
    frame = delta_sharing.load_table_changes_as_pandas(
        url(table), starting_version=1, use_delta_format=use_delta_format
    )
    rows = frame_rows(frame[names], snapshot["columns"])
    state = collections.Counter()
    for number, instant in enumerate(golden["instants"], start=1):
        for row, version, kind in zip(rows, frame["_commit_version"], frame["_change_type"]):
            if version == number:
                sign = 1 if kind in ("insert", "update_postimage") else -1
                state[json.dumps(row)] += sign
        known = golden["versions"].get(instant["completion"], snapshot)
        expected = expected_rows(known["rows"], frame[names], known["columns"])
        assert +state == collections.Counter(json.dumps(row) for row in expected)
        assert not -state


@pytest.mark.parametrize("table", REFUSED)
def test_refusal(url, table):
    with pytest.raises(Exception, match="UNSUPPORTED_FEATURE"):
        delta_sharing.load_as_pandas(url(table))


@pytest.fixture(scope="module")
def url_without_staging(url, tmp_path_factory):
    tables = pathlib.Path(url("x").partition("#")[0]).parent / "tables"
    shared = [{"name": name, "location": str(tables / name)} for name in TABLES]
    with serving(tmp_path_factory.mktemp("unstaged"), "hudi", shared) as profile:
        yield lambda table: f"{profile}#golden.hudi.{table}"


@pytest.mark.parametrize("table", [name for name in READ if TABLES[name]["name"] == "mor_soft_delete"])
def test_logs_that_delete_need_no_staging(url_without_staging, table):
    check(delta_sharing.load_as_pandas(url_without_staging(table)), TABLES[table]["snapshot"])


@pytest.mark.parametrize("table", [name for name in READ if TABLES[name]["name"] == "mor_commit_time"])
def test_logs_that_change_rows_need_staging(url_without_staging, table):
    with pytest.raises(Exception, match="deleted or changed rows"):
        delta_sharing.load_as_pandas(url_without_staging(table))
