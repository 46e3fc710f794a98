"""hudi-rs answers the questions of benchmarks/src/hudi.ts over the same table: QUESTION FILES DATA_FOLDER."""

import json
import sys
import time

from peak_memory import peak_memory
from hudi import HudiReadOptions, HudiTableBuilder

question, files, data = sys.argv[1], int(sys.argv[2]), sys.argv[3]
shape = question.rsplit("-", 1)[1]
start_id = files // 2 * 100 + 50
end_id = start_id + (min(files, 25) - 1) * 100


def plan():
    table = HudiTableBuilder.from_base_uri(f"file://{data}/hudi-{shape}-{files}").build()
    if question.startswith("hudi-snapshot"):
        return len(table.get_file_slices())
    filters = [("id", ">=", str(start_id)), ("id", "<", str(end_id))]
    return len(table.get_file_slices(HudiReadOptions(filters=filters)))


begin = time.perf_counter()
found = plan()
ms = [(time.perf_counter() - begin) * 1000]
peak = peak_memory()
print(json.dumps({"ms": ms, "peakRssMb": peak, "facts": {"found": found}}))
