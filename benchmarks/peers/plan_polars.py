"""polars over the simulated store: EXPLAIN resolves a lazy scan to its files, names the first and counts the others."""

import re

import polars
from stored import AWS_OPTIONS, ICEBERG_PROPERTIES, answer, job, location, where


def scan():
    if job["format"] == "delta":
        return polars.scan_delta(location, storage_options=AWS_OPTIONS)
    return polars.scan_iceberg(f"{location}/metadata/v1.metadata.json", storage_options=ICEBERG_PROPERTIES)


def plan():
    text = scan().filter(polars.sql_expr(where)).explain()
    found = re.search(r"SCAN \[[^\],]+(?:, \.\.\. (\d+) other sources?)?(?P<second>, [^\]]+)?\]", text)
    if found is None:
        raise SystemExit(f"polars does not say how many files it keeps: {text[:200]}")
    return 1 + (int(found[1]) if found[1] else text[: found.end()].count(".parquet") - 1)


answer(plan)
