"""iceberg-rust's decoders (pyiceberg-core) over the tables of benchmarks/src/iceberg.ts: QUESTION FILES DATA_FOLDER.

They have no planner in Python: manifests are pruned here by their summaries, decoded in Rust, and their live entries of
the day counted. Bounds, deletes and the objects that a scan would be given are not part of it.
"""

import json
import struct
import sys
import time

from peak_memory import peak_memory
from pyiceberg_core.manifest import read_manifest_entries, read_manifest_list

question, files, data = sys.argv[1], int(sys.argv[2]), sys.argv[3]
shape = "clustered" if "clustered" in question else "deletes" if "deletes" in question else "scattered"
table = f"{data}/iceberg-{shape}-{files}"
DAY = 20461
DELETED = 2


def read(path):
    with open(path, "rb") as file:
        return file.read()


def may_hold_day(manifest):
    summary = manifest.partitions[0]
    lower, upper = (struct.unpack("<i", bytes(bound))[0] for bound in (summary.lower_bound, summary.upper_bound))
    return lower <= DAY <= upper


def plan():
    everything = question == "iceberg-snapshot-cold"
    metadata = json.loads(read(f"{table}/metadata/v1.metadata.json"))
    found = 0
    for manifest in read_manifest_list(read(metadata["snapshots"][0]["manifest-list"])).entries():
        if not everything and not may_hold_day(manifest):
            continue
        for entry in read_manifest_entries(read(manifest.manifest_path)).entries():
            if manifest.content != 0 or entry.status == DELETED:
                continue
            found += everything or entry.data_file.partition[0].value() == DAY
    return found


begin = time.perf_counter()
found = plan()
ms = [(time.perf_counter() - begin) * 1000]
peak = peak_memory()
print(json.dumps({"ms": ms, "peakRssMb": peak, "facts": {"found": found}}))
