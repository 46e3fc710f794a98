"""The official Python client reads the change feed of every golden table that has one, in both formats."""

import delta_sharing
import pytest
import requests

from golden import TABLES, assert_same, tables
from refusals import refusal_of_changes, refused

FORMATS = {"default": None, "delta": True}


@pytest.mark.parametrize("path", FORMATS)
@pytest.mark.parametrize("table", tables("changes"))
def test_table_changes(url, stored_on, table, path):
    changes = TABLES[table]["changes"]

    def load():
        return delta_sharing.load_table_changes_as_pandas(
            url(table),
            starting_version=changes["from"],
            ending_version=changes["to"],
            use_delta_format=FORMATS[path],
        )

    reason = refusal_of_changes(table, path, stored_on)
    if reason is not None:
        with refused(reason):
            load()
        return
    frame = load()
    assert "_commit_timestamp" in frame.columns
    assert_same(frame.drop(columns="_commit_timestamp"), changes["rows"], changes["columns"])


@pytest.mark.parametrize("path", FORMATS)
def test_changes_of_one_version(url, path):
    changes = TABLES["cdf"]["changes"]
    version = next(i for i, column in enumerate(changes["columns"]) if column["name"] == "_commit_version")
    frame = delta_sharing.load_table_changes_as_pandas(
        url("cdf"), starting_version=2, ending_version=2, use_delta_format=FORMATS[path]
    )
    rows = [row for row in changes["rows"] if row[version] == "2"]
    assert_same(frame.drop(columns="_commit_timestamp"), rows, changes["columns"])


def test_changes_before_the_feed_was_on_are_refused(url):
    with pytest.raises(requests.HTTPError) as caught:
        delta_sharing.load_table_changes_as_pandas(url("cdf-late"), starting_version=0, ending_version=4)
    assert caught.value.response.status_code == 400


def test_changes_of_a_table_without_a_feed_are_refused(url):
    with pytest.raises(requests.HTTPError) as caught:
        delta_sharing.load_table_changes_as_pandas(url("plain"), starting_version=0)
    assert caught.value.response.status_code == 400
