"""PyIceberg over the simulated store: reads the metadata and plans the files that a predicate leaves."""

from pyiceberg.table import StaticTable
from stored import ICEBERG_PROPERTIES, answer, location, where


def plan():
    table = StaticTable.from_metadata(f"{location}/metadata/v1.metadata.json", properties=ICEBERG_PROPERTIES)
    return [task.file.file_path for task in table.scan(row_filter=where).plan_files()]


answer(plan)
