"""The official Python client reads every golden Iceberg table as Spark does, every delete applied, or is told why not."""

import json
import pathlib
import uuid

import delta_sharing
import pytest

from golden import assert_same
from sharing_server import serving

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "fixtures" / "iceberg"
TABLES = {t["name"]: t for t in json.loads((FOLDER / "catalogue.json").read_text())["tables"]}


def shared(table):
    location = FOLDER / table["folder"]
    rebase = [{"from": rule["from"], "to": str(location / rule["to"])} for rule in table["rebase"]]
    pointer = {"metadataFile": table["metadataFile"]} if "metadataFile" in table else {}
    return {"name": table["name"], "location": str(location), "format": "iceberg", "rebase": rebase, **pointer}


@pytest.fixture(scope="module", params=["staging", "no-staging"])
def stored(request):
    return request.param


@pytest.fixture(scope="module")
def url(stored, tmp_path_factory):
    folder = tmp_path_factory.mktemp("iceberg")
    staging = str(folder / "staging") if stored == "staging" else None
    with serving(folder, "iceberg", [shared(table) for table in TABLES.values()], staging=staging) as profile:
        yield lambda table: f"{profile}#golden.iceberg.{table}"


WITH_DELETES = ("java-v2-equality-deletes", "spark-v2-deletes-file", "spark-v2-deletes-partition")
WITH_VECTORS = ("spark-v2-to-v3", "spark-v3-deletion-vectors")
WIDENED = ("java-v2-equality-evolved", "pyiceberg-evolved", "spark-v2-schema-evolution")


def refusal(table, use_delta_format, stored):
    """The words of the refusal that a combination must meet; None where rows must come."""
    if table in ("spark-v2-avro", "spark-v2-orc"):
        return "only Parquet files are shared"
    if table == "spark-v2-nested" and use_delta_format is False:
        return "timestampNtz"
    if stored == "staging":
        return None
    if table == "java-v3-defaults":
        return "cannot be sent as"
    if table in WIDENED:
        return "cannot be sent as|fixed-length bytes|deleted or changed rows|deletionVectors"
    # Whatever the deletes were, they travel as vectors inside the lines of the delta format.
    return "deletionVectors" if use_delta_format is False and table in WITH_DELETES + WITH_VECTORS else None


@pytest.mark.parametrize("use_delta_format", [None, False, True], ids=["auto", "parquet", "delta"])
@pytest.mark.parametrize("table", TABLES)
def test_snapshot(url, stored, table, use_delta_format):
    words = refusal(table, use_delta_format, stored)
    if words is not None:
        with pytest.raises(Exception, match=words):
            delta_sharing.load_as_pandas(url(table), use_delta_format=use_delta_format)
        return
    frame = delta_sharing.load_as_pandas(url(table), use_delta_format=use_delta_format)
    assert_same(as_shared(frame), TABLES[table]["rows"], TABLES[table]["columns"])


def as_shared(frame):
    """Delta has no UUID type: such a column is shared as its 16 bytes, and the catalogue has the text."""
    if "u" not in frame.columns:
        return frame
    return frame.assign(u=[str(uuid.UUID(bytes=bytes(cell))) for cell in frame["u"]])
