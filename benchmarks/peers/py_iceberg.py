"""PyIceberg answers the questions of benchmarks/src/iceberg.ts over the same table: QUESTION FILES DATA_FOLDER."""

import json
import sys
import time

from peak_memory import peak_memory
from pyiceberg.expressions import And, EqualTo, GreaterThanOrEqual
from pyiceberg.table import StaticTable

question, files, data = sys.argv[1], int(sys.argv[2]), sys.argv[3]
where = And(EqualTo("day", "2026-01-08"), GreaterThanOrEqual("id", 0))
shape = "clustered" if "clustered" in question else "deletes" if "deletes" in question else "scattered"
metadata = f"file://{data}/iceberg-{shape}-{files}/metadata/v1.metadata.json"


def plan(table):
    scan = table.scan() if question == "iceberg-snapshot-cold" else table.scan(row_filter=where)
    return len(list(scan.plan_files()))


def timed(action, repeat=1):
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        result = action()
        times.append((time.perf_counter() - start) * 1000)
    return times, result


if question.endswith("-warm"):
    table = StaticTable.from_metadata(metadata)
    plan(table)
    ms, found = timed(lambda: plan(table))
else:
    ms, found = timed(lambda: plan(StaticTable.from_metadata(metadata)))

peak = peak_memory()
print(json.dumps({"ms": ms, "peakRssMb": peak, "facts": {"found": found}}))
