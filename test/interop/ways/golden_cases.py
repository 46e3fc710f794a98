"""The golden tables of `test/fixtures` as cases: their rows are what the writers' own engines read."""

import json
import re
import tarfile

from refusals import NO_PARQUET_TYPE
from ways.cases import FIXTURES, Case

# Spark shows a timestamp key as text, or the folder in place of it: no second reader has the rows.
OTHERWISE = ("cow_timestamp_keygen",)
# Of every Hudi table, and not shared.
OWN_COLUMNS = tuple(
    f"_hoodie_{name}" for name in ("commit_time", "commit_seqno", "record_key", "partition_path", "file_name")
)
# What is refused without staging is the other tests' to say, word for word. With it, these are still refused, for ever:
# parquet format has no such type and its feed no deleted rows, other files than Parquet and some merges are not read.
WITHOUT_STAGING = ("parquet/plain", "delta/plain", "query/plain")
EVERYWHERE = ("batch", "parquet", "delta", "query")
IN_PARQUET_FORMAT = ("parquet/staged",)
FEED_IN_PARQUET_FORMAT = ("parquet/staged/python-changes", "parquet/staged/http-changes")
REFUSED = {
    **{name: IN_PARQUET_FORMAT for name in NO_PARQUET_TYPE},
    **{name: EVERYWHERE for name in ("spark-v2-avro", "spark-v2-orc")},
    **{f"v{version}_mor_partial_update": EVERYWHERE for version in (6, 8, 9)},
    "spark-v2-nested": IN_PARQUET_FORMAT,
    "types": IN_PARQUET_FORMAT,
    **{name: FEED_IN_PARQUET_FORMAT for name in ("cdf-dv", "cdf-mapping")},
}


def golden_cases(folder, wanted=""):
    """Golden tables whose id matches a pattern; Hudi's archives are unpacked below `folder`."""
    every = [*delta(), *iceberg(), *hudi(folder), *parquet()]
    chosen = [case for case in every if re.search(wanted, case.id)]
    for each in chosen:
        if each.format == "hudi":
            unpack(each)
    return chosen


def catalogue(form):
    return json.loads((FIXTURES / form / "catalogue.json").read_text())["tables"]


def case(form, name, state, **golden):
    facts = {"name": name, "format": form} | {key: state[key] for key in ("columns", "rows", "changes") if key in state}
    if "columns" in facts and "rows" in facts:
        facts |= without_own_columns(facts)
    # The catalogue quotes as Spark does; the same text is asked of DuckDB here.
    filters = [each for each in state.get("filters", []) if "rows" in each]
    facts["filters"] = {each["where"].replace("`", '"'): len(each["rows"]) for each in filters}
    facts["refusable"] = [*WITHOUT_STAGING, *REFUSED.get(name, ())]
    return Case(FIXTURES / form, facts, golden={"format": form} | golden, origin="golden")


def without_own_columns(facts):
    """Hudi's own columns are not shared."""
    places = [i for i, column in enumerate(facts["columns"]) if column["name"] not in OWN_COLUMNS]
    columns = [facts["columns"][i] for i in places]
    return {"columns": columns, "rows": [[row[i] for i in places] for row in facts["rows"]]}


def delta():
    root = FIXTURES / "delta"
    for table in catalogue("delta"):
        rules = [{"from": rule["from"], "to": str(root / rule["folder"])} for rule in table.get("rebase", [])]
        found = {"rebase": rules} if rules else {}
        yield case("delta", table["name"], table, location=str(root / table["folder"]), **found)


def iceberg():
    for table in catalogue("iceberg"):
        folder = FIXTURES / "iceberg" / table["folder"]
        rules = [{"from": rule["from"], "to": str(folder / rule["to"])} for rule in table["rebase"]]
        pointer = {"metadataFile": table["metadataFile"]} if "metadataFile" in table else {}
        yield case("iceberg", table["name"], table, location=str(folder), rebase=rules, **pointer)


def hudi(folder):
    for table in catalogue("hudi"):
        name = table["archive"].replace(".tar.gz", "").replace("/", "_")
        known = "error" not in table["snapshot"] and table["name"] not in OTHERWISE
        yield case("hudi", name, table["snapshot"] if known else {}, location=str(folder / "hudi" / name))


def unpack(hudi_case):
    with tarfile.open(FIXTURES / "hudi" / f"{hudi_case.name.replace('_', '/', 1)}.tar.gz") as archive:
        archive.extractall(hudi_case.golden["location"], filter="data")


def parquet():
    for folder in sorted((FIXTURES / "parquet-tables").iterdir()):
        if folder.is_dir():
            yield case("parquet", folder.name, {}, location=str(folder))
