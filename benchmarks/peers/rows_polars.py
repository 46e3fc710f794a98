"""polars over a folder of Parquet files in the simulated store: lists it, reads footers, and counts the rows of what is left."""

import polars
from stored import AWS_OPTIONS, answer_facts, location, where


def count():
    frame = polars.scan_parquet(f"{location}/**/*.parquet", storage_options=AWS_OPTIONS)
    return {"rows": frame.filter(polars.sql_expr(where)).select(polars.len()).collect().item()}


answer_facts(count)
