"""Files whose writer noted the zone that it thought in: pandas makes of each column what its file says."""

import datetime
import hashlib
import pathlib

import delta_sharing
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sharing_server import serving

DOCUMENT = pathlib.Path(__file__).resolve().parents[2] / "docs" / "start" / "recipient-python.md"
UTC = datetime.timezone.utc
WINTER = datetime.datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
SUMMER = datetime.datetime(2026, 7, 1, 12, 0, 0, 123456, tzinfo=UTC)
# The summer's end in Berlin: two moments that a clock on the wall shows alike.
TWICE = [datetime.datetime(2026, 10, 25, hour, 30, tzinfo=UTC) for hour in (0, 1)]
MOMENTS = [WINTER, None, SUMMER, *TWICE]
ZONES = ["Europe/Berlin", "America/New_York", "UTC"]


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    folder = tmp_path_factory.mktemp("zones")
    (folder / "mixed").mkdir()
    for zone in ZONES:
        table = pa.table({"id": pa.array(range(5), pa.int64()), "at": pa.array(MOMENTS, pa.timestamp("us", tz=zone))})
        pq.write_table(table, folder / "mixed" / f"{hashlib.sha1(zone.encode()).hexdigest()}.parquet")
    # Narrower than the table's: this one is rewritten for parquet format, and the others go as they are.
    narrow = pa.table({"id": pa.array(range(5), pa.int32()), "at": pa.array(MOMENTS, pa.timestamp("us", tz="Asia/Tokyo"))})
    pq.write_table(narrow, folder / "mixed" / "narrow.parquet")
    tables = [{"name": "mixed", "location": str(folder / "mixed")}]
    with serving(folder, "pandas", tables, staging=str(folder / "staging")) as profile:
        yield f"{profile}#golden.pandas.mixed"


def assert_moments(column):
    expected = sorted(pd.Timestamp(each) for each in MOMENTS if each) * 4
    assert sorted(column.dropna()) == sorted(expected)
    assert column.isna().sum() == 4


@pytest.mark.parametrize("use_delta_format", [None, False])
def test_every_moment_is_the_same_and_one_line_makes_one_column_of_them(shared, use_delta_format):
    frame = delta_sharing.load_as_pandas(shared, use_delta_format=use_delta_format)
    assert_moments(frame["at"])
    assert frame["at"].dtype == object
    line = 'frame["at"] = pd.to_datetime(frame["at"], utc=True)'
    assert line in DOCUMENT.read_text()
    exec(line, {"pd": pd, "frame": frame})
    assert str(frame["at"].dtype).startswith("datetime64[") and str(frame["at"].dt.tz) == "UTC"
    assert_moments(frame["at"])


def test_delta_format_has_them_in_utc(shared):
    frame = delta_sharing.load_as_pandas(shared, use_delta_format=True)
    assert str(frame["at"].dt.tz) == "UTC"
    assert_moments(frame["at"])
