"""DuckDB's delta extension over the simulated store: delta-kernel-rs, with the pruning that DuckDB asks of it.

EXPLAIN plans a scan and prunes its files without reading one. It neither names nor counts them: it estimates the rows that are
left in them. So what is kept cannot be judged, and is not told.
"""

import re

from stored import answer_facts, duckdb_connection, location, where

connection = duckdb_connection("httpfs", "delta")


def plan():
    rows = connection.execute(f"EXPLAIN SELECT * FROM delta_scan('{location}') WHERE {where}").fetchall()
    estimate = re.findall(r"~([\d,]+) rows?", "\n".join(row[1] for row in rows))
    return {"estimatedRows": int(estimate[-1].replace(",", ""))}


answer_facts(plan)
