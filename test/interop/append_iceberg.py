"""Appends one snapshot to an Iceberg table, which the first call creates. Needs pyiceberg.

    append_iceberg.py WAREHOUSE FIRST LAST      rows with the ids FIRST to LAST, in WAREHOUSE/lake/events
"""

import pathlib
import sys

import pyarrow
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.exceptions import NoSuchTableError

SCHEMA = pyarrow.schema([("id", pyarrow.int64()), ("name", pyarrow.string())])


def main(warehouse, first, last):
    folder = pathlib.Path(warehouse)
    folder.mkdir(parents=True, exist_ok=True)
    catalog = SqlCatalog("interop", uri=f"sqlite:///{folder}/catalog.db", warehouse=f"file://{folder}")
    catalog.create_namespace_if_not_exists("lake")
    try:
        table = catalog.load_table("lake.events")
    except NoSuchTableError:
        table = catalog.create_table("lake.events", SCHEMA, location=f"file://{folder}/lake/events")
    ids = range(int(first), int(last) + 1)
    table.append(pyarrow.table({"id": list(ids), "name": [f"row {i}" for i in ids]}, schema=SCHEMA))


if __name__ == "__main__":
    main(*sys.argv[1:])
