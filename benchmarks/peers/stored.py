"""What every planner over the simulated store shares: its job, its clock, and how it is judged.

Each program `plan_NAME.py JOB_FILE ENDPOINT` plans once, from nothing, and says how many files it keeps of how many that
it should, and how many that it should keep are missing, where it gives their names.
"""

import json
import re
import sys
import time

from peak_memory import peak_memory

with open(sys.argv[1]) as file:
    job = json.load(file)
endpoint = sys.argv[2]
location, where = job["location"], job["where"]

AWS_OPTIONS = {
    "AWS_ENDPOINT_URL": endpoint,
    "AWS_ALLOW_HTTP": "true",
    "AWS_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "a-secret-that-opens-nothing",
    "AWS_VIRTUAL_HOSTED_STYLE_REQUEST": "false",
}


ICEBERG_PROPERTIES = {
    "s3.endpoint": endpoint,
    "s3.region": "us-east-1",
    "s3.access-key-id": AWS_OPTIONS["AWS_ACCESS_KEY_ID"],
    "s3.secret-access-key": AWS_OPTIONS["AWS_SECRET_ACCESS_KEY"],
}


def answer(plan):
    """Measures `plan`, which gives the paths that it keeps, or how many where it gives no paths."""

    def facts_of(kept):
        if isinstance(kept, int):
            return {"found": kept, "ideal": len(job["ideal"])}
        names = {re.search(r"part-\d{9}", path)[0] for path in kept}
        lost = sum(name.removesuffix(".parquet") not in names for name in job["ideal"])
        return {"found": len(kept), "ideal": len(job["ideal"]), "lost": lost}

    answer_facts(plan, facts_of)


def answer_facts(work, facts_of=lambda facts: facts):
    """Measures `work`; what it gives becomes facts behind the clock."""
    begin = time.perf_counter()
    found = work()
    ms = [(time.perf_counter() - begin) * 1000]
    print(json.dumps({"ms": ms, "peakRssMb": peak_memory(), "facts": facts_of(found)}))


def duckdb_connection(*extensions):
    """DuckDB with extensions of their wheels: none is fetched. Two threads, as the machine has cores."""
    import importlib
    import os

    import duckdb

    connection = duckdb.connect(config={"threads": "2"})
    for name in extensions:
        folder = os.path.dirname(importlib.import_module(f"duckdb_extension_{name}").__file__)
        path = f"{folder}/extensions/v{duckdb.__version__}/{name}.duckdb_extension"
        connection.execute(f"LOAD '{path}'")
    host = endpoint.removeprefix("http://")
    connection.execute(
        f"CREATE SECRET (TYPE s3, KEY_ID 'AKIDEXAMPLE', SECRET 'a-secret-that-opens-nothing', REGION 'us-east-1',"
        f" ENDPOINT '{host}', URL_STYLE 'path', USE_SSL false)"
    )
    return connection
