"""Combinations of table, path and storage that cannot work, each with the words of its refusal."""

import contextlib
import re

import pytest

from golden import TABLES

# The client's parquet format has no such type: nothing a server sends could be read.
NO_PARQUET_TYPE = {"timestamp-ntz", "rs-types"}

# The client never says that it can widen types, so that only rewritten files are exact for it.
TYPE_WIDENING = "typeWidening, which this request does not accept"


def refusal_of(table, path, stored_on):
    """Why the combination must be refused; None where it must work."""
    if path == "parquet" and table in NO_PARQUET_TYPE:
        return "timestampNtz, which this request does not accept"
    if stored_on == "s3" and table == "type-widening":
        return TYPE_WIDENING
    if path == "parquet" and stored_on == "s3" and needs_staging(table):
        return "deletionVectors|columnMapping"
    return None


def refusal_of_changes(table, path, stored_on):
    """The client asks for changes in delta format only when it is told to."""
    if path == "delta":
        return None
    return {"cdf-dv": "uses? deletionVectors", "cdf-mapping": "uses? columnMapping"}.get(table)


def needs_staging(table):
    """Files that are not exact by themselves: in parquet format they are rewritten, where there is somewhere to."""
    golden = TABLES[table]
    return table.startswith("mapping-") or table == "cdf-mapping" or "deletionVectors" in golden["readerFeatures"]


@contextlib.contextmanager
def refused(reason):
    with pytest.raises(Exception) as caught:
        yield
    assert re.search(reason, str(caught.value)), f"refused with other words: {caught.value}"
