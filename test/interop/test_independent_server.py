"""The official Python client reads the independent server's tables: what our client is tested against is itself right."""

import re
import sys

import delta_sharing
import pytest

from golden import FOLDER, TABLES, assert_same, tables
from refusals import NO_PARQUET_TYPE, needs_staging
from sharing_server import running

SERVER = str(FOLDER.parent.parent / "interop" / "independent_server.py")
# Its files lie in another table's folder; the client does not say that it widens types.
REFUSED = {"shallow-clone": "outside of its folder", "type-widening": "typeWidening-preview"}


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    folder = tmp_path_factory.mktemp("independent")
    profile, log = folder / "independent.share", folder / "server.log"
    command = [sys.executable, "-u", SERVER, "--tables", str(FOLDER), "--profile", str(profile)]
    with running(command, log) as process:
        while " tables at " not in log.read_text():
            assert process.poll() is None, log.read_text()
        yield lambda table: f"{profile}#golden.delta.{name_of(table)}"


def name_of(table):
    return re.sub(r"[^\w-]+", "_", TABLES[table]["folder"])


@pytest.mark.parametrize("use_delta_format", [None, True], ids=["auto", "delta"])
@pytest.mark.parametrize("table", tables("rows"))
def test_snapshot(url, table, use_delta_format):
    if table in REFUSED:
        with pytest.raises(Exception, match=REFUSED[table]):
            delta_sharing.load_as_pandas(url(table), use_delta_format=use_delta_format)
        return
    frame = delta_sharing.load_as_pandas(url(table), use_delta_format=use_delta_format)
    assert_same(frame, TABLES[table]["rows"], TABLES[table]["columns"])


@pytest.mark.parametrize("use_delta_format", [None, True], ids=["auto", "delta"])
@pytest.mark.parametrize("table", tables("changes"))
def test_changes(url, table, use_delta_format):
    changes = TABLES[table]["changes"]

    def load():
        return delta_sharing.load_table_changes_as_pandas(
            url(table), changes["from"], changes["to"], use_delta_format=use_delta_format
        )

    if use_delta_format is None and (needs_staging(table) or table in NO_PARQUET_TYPE):
        with pytest.raises(Exception, match=r"the table needs (deletionVectors|columnMapping)"):
            load()
        return
    frame = load().drop(columns="_commit_timestamp")
    assert_same(frame, changes["rows"], changes["columns"])


def test_every_table_is_listed(url):
    profile = url("plain").partition("#")[0]
    listed = {table.name for table in delta_sharing.SharingClient(profile).list_all_tables()}
    assert listed == {name_of(table) for table in TABLES}
