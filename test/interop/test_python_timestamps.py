"""Time travel by timestamp, over the table whose commit times are in its log: Git keeps no file times."""

import datetime
import json

import delta_sharing
import pytest
import requests

from golden import FOLDER, TABLES, assert_same

TABLE = "in-commit-timestamps"


def committed_at(version, later_ms=0):
    commit = FOLDER / TABLE / "_delta_log" / f"{version:020d}.json"
    info = json.loads(commit.read_text().splitlines()[0])["commitInfo"]
    at = datetime.datetime.fromtimestamp((info["inCommitTimestamp"] + later_ms) / 1000, datetime.timezone.utc)
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


@pytest.mark.parametrize("use_delta_format", [None, True])
@pytest.mark.parametrize(("version", "later_ms"), [(2, 0), (2, 1), (4, 0)])
def test_snapshot_at_a_timestamp(url, version, later_ms, use_delta_format):
    at = committed_at(version, later_ms)
    frame = delta_sharing.load_as_pandas(url(TABLE), timestamp=at, use_delta_format=use_delta_format)
    golden = TABLES[TABLE]["versions"][str(version)]
    assert_same(frame, golden["rows"], golden["columns"])


@pytest.mark.parametrize(("version", "later_ms", "expected"), [(3, 0, 3), (2, 1, 3), (4, 0, 4)])
def test_version_from_a_timestamp_on(url, version, later_ms, expected):
    at = committed_at(version, later_ms)
    assert delta_sharing.get_table_version(url(TABLE), starting_timestamp=at) == expected


def test_a_timestamp_after_the_last_commit_is_refused(url):
    with pytest.raises(requests.HTTPError) as caught:
        delta_sharing.get_table_version(url(TABLE), starting_timestamp="2100-01-01T00:00:00Z")
    assert caught.value.response.status_code == 400
