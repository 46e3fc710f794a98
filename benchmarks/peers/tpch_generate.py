"""Writes TPC-H's eight tables as Delta tables, with its 22 queries and their answers: FOLDER SCALE_FACTOR.

DuckDB's tpch extension is `dbgen`; `queries.json` has each query's text and its answer by DuckDB over the generated rows.
"""

import importlib
import json
import os
import sys

import duckdb
from deltalake import write_deltalake

folder, scale = sys.argv[1], float(sys.argv[2])
# The order in which lines and orders arrive in a warehouse: by day.
ORDERS = {"lineitem": "l_shipdate", "orders": "o_orderdate"}
ROWS_PER_FILE = 50_000

package = os.path.dirname(importlib.import_module("duckdb_extension_tpch").__file__)
connection = duckdb.connect(config={"threads": "2"})
connection.execute(f"LOAD '{package}/extensions/v{duckdb.__version__}/tpch.duckdb_extension'")
connection.execute(f"CALL dbgen(sf = {scale})")
tables = [row[0] for row in connection.execute("SHOW TABLES").fetchall()]
for name in tables:
    order = f" ORDER BY {ORDERS[name]}" if name in ORDERS else ""
    rows = connection.execute(f"SELECT * FROM {name}{order}").arrow().read_all()
    for start in range(0, max(1, rows.num_rows), ROWS_PER_FILE):
        write_deltalake(f"{folder}/{name}", rows.slice(start, ROWS_PER_FILE), mode="append")
queries = []
for number, sql in connection.execute("SELECT query_nr, query FROM tpch_queries()").fetchall():
    rows = connection.execute(sql).fetchall()
    queries.append({"number": number, "sql": sql, "rows": [[str(value) for value in row] for row in rows]})
with open(f"{folder}/queries.json", "w") as file:
    json.dump({"tables": tables, "queries": queries}, file)
