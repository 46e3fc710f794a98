"""delta-rs answers the questions of benchmarks/src/delta.ts over the same table: QUESTION FILES DATA_FOLDER."""

import json
import os
import sys
import time

from peak_memory import peak_memory
from deltalake import DeltaTable

question, files, data = sys.argv[1], int(sys.argv[2]), sys.argv[3]
path = f"{data}/delta-{files}"
where = "day = '2026-01-08' AND id >= 0"


def timed(action, repeat=1):
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        result = action()
        times.append((time.perf_counter() - start) * 1000)
    return times, result


def write_commit(target):
    """The commit that appendCommit in src/delta-table.ts writes: 100 more files."""
    lines = [{"commitInfo": {"timestamp": 1767225600002}}]
    for i in range(100):
        stats = {"numRecords": 1000, "minValues": {"id": i}, "maxValues": {"id": i + 999}, "nullCount": {"id": 0}}
        lines.append(
            {
                "add": {
                    "path": f"day=2026-04-10/part-new-2-{i}.parquet",
                    "partitionValues": {"day": "2026-04-10"},
                    "size": 1000000,
                    "modificationTime": 1767225600000,
                    "dataChange": True,
                    "stats": json.dumps(stats),
                }
            }
        )
    with open(target, "w") as file:
        file.writelines(json.dumps(line) + "\n" for line in lines)


if question == "snapshot-cold":
    ms, found = timed(lambda: len(DeltaTable(path).file_uris()))
elif question in ("plan-cold", "plan-restart"):
    # It keeps nothing beside itself: its first plan is always this one.
    ms, found = timed(lambda: len(DeltaTable(path).file_uris(file_pruning_predicate=where)))
elif question == "plan-warm":
    table = DeltaTable(path)
    table.file_uris(file_pruning_predicate=where)
    ms, found = timed(lambda: len(table.file_uris(file_pruning_predicate=where)), 20)
elif question == "refresh":
    commit = f"{path}/_delta_log/{2:020d}.json"
    if os.path.exists(commit):
        os.remove(commit)
    table = DeltaTable(path)
    before = len(table.file_uris())
    write_commit(commit)

    def refresh():
        table.update_incremental()
        return len(table.file_uris()) - before

    ms, found = timed(refresh)
    os.remove(commit)
else:
    sys.exit(f"delta-rs has no answer to {question}")

peak = peak_memory()
print(json.dumps({"ms": ms, "peakRssMb": peak, "facts": {"found": found}}))
