"""Writes cases of random tables by other people's writers: python test/interop/random FOLDER SEED COUNT.

FOLDER/FORMAT/NAME has `table/` and an `expect.json` with the rows as the writer's own reader reads them and how many satisfy some
filters: `npm run ways -- FOLDER` asks for them by every way, `SPILLWAY_TABLES=FOLDER` has pruning held to them (`test/soundness`).
"""

import json
import pathlib
import random
import shutil
import sys
import tempfile

import pyarrow as pa

from spelling import day_text, moment_text, raw_rows, spelled_rows
from values import NESTED
from writers import CANNOT, Delta, Iceberg, Parquet

COMPARE = {
    "=": lambda a, b: a == b,
    "<>": lambda a, b: a != b,
    ">": lambda a, b: a > b,
    "<=": lambda a, b: a <= b,
}


def main(folder, seed, count):
    folder = pathlib.Path(folder).resolve()
    folder.mkdir(parents=True)
    written = 0
    with tempfile.TemporaryDirectory() as state:
        for writer in (Delta(), Iceberg(state), Parquet()):
            for i in range(int(count)):
                case = folder / writer.name / f"random-{seed}-{i}"
                written += write_case(writer, case, random.Random(f"{seed} {writer.name} {i}"))
    print(f"{written} tables, seed {seed}")
    return 0 if written > int(count) else 1


def write_case(writer, case, source):
    case.mkdir(parents=True)
    try:
        writer.write(source, case / "table")
        table = writer.read(case / "table")
    except CANNOT:
        shutil.rmtree(case)
        return 0
    facts = {"name": case.name, "format": writer.name, "kind": 99, "refusable": True, "columns": table.schema.names}
    facts |= {"rows": spelled_rows(table), "filters": filters_of(source, table)}
    if writer.name == "iceberg":
        # Its metadata names the folder, wherever that is: the case stays where it was written.
        facts["rebase"] = [{"from": f"file://{case}/table/", "to": "table"}]
    (case / "expect.json").write_text(json.dumps(facts, indent=1))
    return 1


def filters_of(source, table):
    """SQL conditions on plain columns, and how many rows satisfy each."""
    rows = raw_rows(table)
    found = {}
    for _ in range(4 if rows else 0):
        at = source.randrange(len(table.schema))
        field = table.schema[at]
        value = source.choice(rows)[at]
        text = None if value is None or field.name.startswith(NESTED) else literal(value, field.type)
        if text is None:
            continue
        operator = source.choice(list(COMPARE))
        key = ordered(value)
        matches = [row for row in rows if row[at] is not None and COMPARE[operator](ordered(row[at]), key)]
        found[f'"{field.name}" {operator} {text}'] = len(matches)
        found[f'"{field.name}" IS NULL'] = sum(row[at] is None for row in rows)
    return found


def ordered(value):
    """Texts are compared by their UTF-8."""
    return value.encode() if isinstance(value, str) else value


def literal(value, kind):
    """None where SQL has no literal that all engines agree about."""
    if pa.types.is_string(kind):
        return None if "\x00" in value else "'" + value.replace("'", "''") + "'"
    if pa.types.is_integer(kind) or pa.types.is_decimal(kind):
        return format(value, "f") if pa.types.is_decimal(kind) else str(value)
    if pa.types.is_date(kind):
        return f"DATE '{day_text(value)}'"
    if not pa.types.is_timestamp(kind):
        return None
    text = moment_text(value).replace("T", " ")
    return f"TIMESTAMPTZ '{text}+00'" if kind.tz else f"TIMESTAMP '{text}'"


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
