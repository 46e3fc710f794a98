"""DuckDB over a folder of Parquet files in the simulated store: lists it, reads every footer, and counts the rows of what is left."""

from stored import answer_facts, duckdb_connection, location, where

connection = duckdb_connection("httpfs")


def count():
    sql = f"SELECT count(*) FROM read_parquet('{location}/**/*.parquet') WHERE {where}"
    return {"rows": connection.execute(sql).fetchone()[0]}


answer_facts(count)
