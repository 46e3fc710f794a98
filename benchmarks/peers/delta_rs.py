"""delta-rs answers the questions of benchmarks/src/delta.ts over the same table: QUESTION FILES DATA_FOLDER."""

import json
import resource
import sys
import time

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


if question == "snapshot-cold":
    ms, found = timed(lambda: len(DeltaTable(path).file_uris()))
elif question == "plan-cold":
    ms, found = timed(lambda: len(DeltaTable(path).file_uris(file_pruning_predicate=where)))
elif question == "plan-warm":
    table = DeltaTable(path)
    table.file_uris(file_pruning_predicate=where)
    ms, found = timed(lambda: len(table.file_uris(file_pruning_predicate=where)), 20)
elif question == "refresh":
    table = DeltaTable(path, version=1)
    table.file_uris(file_pruning_predicate=where)

    def refresh():
        table.update_incremental()
        return table.version()

    ms, found = timed(refresh)
else:
    sys.exit(f"delta-rs has no answer to {question}")

peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"ms": ms, "peakRssMb": peak, "facts": {"found": found}}))
