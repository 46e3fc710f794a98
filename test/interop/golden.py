"""The golden tables, their rows, and equality with what a client's data frame holds."""

import base64
import collections
import datetime
import decimal
import json
import math
import pathlib

import numpy
import pandas

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "fixtures" / "delta"
TABLES = {t["name"]: t for t in json.loads((FOLDER / "catalogue.json").read_text())["tables"]}

INTEGERS = ("tinyint", "smallint", "int", "bigint")
EPOCH = datetime.datetime(1970, 1, 1)


def tables(having=None):
    return [name for name, table in TABLES.items() if having is None or having in table]


def counter(rows):
    return collections.Counter(json.dumps(row, ensure_ascii=False, sort_keys=True) for row in rows)


def frame_rows(frame, columns):
    """Rows of a data frame as the catalogue spells them."""
    assert list(frame.columns) == [column["name"] for column in columns]
    series = [frame.iloc[:, i] for i in range(len(columns))]
    kinds = [parse(column["type"]) for column in columns]
    return [[found(cell, kind) for cell, kind in zip(row, kinds)] for row in zip(*series)]


def expected_rows(rows, frame, columns):
    """Catalogue rows with the losses that pandas imposes: an integer column with nulls is one of doubles."""
    lossy = [pandas.api.types.is_float_dtype(frame.iloc[:, i]) for i in range(len(columns))]
    kinds = [parse(column["type"]) for column in columns]
    return [
        [wanted(cell, kind, is_lossy) for cell, kind, is_lossy in zip(row, kinds, lossy)] for row in rows
    ]


def assert_same(frame, rows, columns):
    assert counter(frame_rows(frame, columns)) == counter(expected_rows(rows, frame, columns))


def assert_between(frame, least, most, columns):
    """Everything of `least`, and nothing that is not of `most`."""
    got = counter(frame_rows(frame, columns))
    assert not counter(expected_rows(least, frame, columns)) - got, "rows are missing"
    assert not got - counter(expected_rows(most, frame, columns)), "rows that the table does not have"


def is_null(value):
    if value is None or value is pandas.NaT:
        return True
    return isinstance(value, (float, numpy.floating)) and math.isnan(value)


def found(value, kind):
    """One cell of a data frame."""
    name, parts = kind
    if name in ("float", "double"):
        return spelled_float(value, name)
    if is_null(value):
        return None
    if name in INTEGERS:
        return int(value)
    if name == "decimal":
        return str(decimal.Decimal(value).normalize(WIDE))
    if name == "binary":
        return base64.b64encode(bytes(value)).decode()
    if name == "date":
        return (value.date() if isinstance(value, datetime.datetime) else value).isoformat()
    if name in ("timestamp", "timestamp_ntz"):
        return micros(pandas.Timestamp(value))
    if name == "array":
        return [found(item, parts) for item in value]
    if name == "map":
        pairs = value.items() if isinstance(value, dict) else value
        return sorted(([found(k, parts[0]), found(v, parts[1])] for k, v in pairs), key=str)
    if name == "struct":
        # The client leaves out what a file written before the field was added lacks.
        return {field: found(value.get(field), inner) for field, inner in parts}
    return bool(value) if name == "boolean" else value


def wanted(value, kind, is_lossy=False):
    """One cell of the catalogue, in the same spelling."""
    name, parts = kind
    if name in ("float", "double"):
        return spelled_float(None if value is None else float(value), name)
    if value is None:
        return None
    if name in INTEGERS:
        return int(float(value)) if is_lossy else int(value)
    if name == "decimal":
        return str(decimal.Decimal(value).normalize(WIDE))
    if name in ("timestamp", "timestamp_ntz"):
        return micros_of_text(value)
    if name == "array":
        return [wanted(item, parts) for item in value]
    if name == "map":
        return sorted(([wanted(p["key"], parts[0]), wanted(p["value"], parts[1])] for p in value), key=str)
    if name == "struct":
        return {field: wanted(value[field], inner) for field, inner in parts}
    return value


WIDE = decimal.Context(prec=76)


def spelled_float(value, name):
    """pandas has one value for null and NaN in a column of doubles."""
    if is_null(value):
        return None
    number = float(numpy.float32(value)) if name == "float" else float(value)
    return number + 0.0 if math.isfinite(number) else str(number)


def micros(timestamp):
    if timestamp.tzinfo is not None:
        timestamp = timestamp.tz_convert("UTC").tz_localize(None)
    return int(timestamp.as_unit("us").asm8.astype("int64"))


def micros_of_text(text):
    at = datetime.datetime.fromisoformat(text.rstrip("Z"))
    return (at - EPOCH) // datetime.timedelta(microseconds=1)


def parse(text):
    """Spark's simple type string as (name, parts)."""
    name, _, inner = text.partition("<")
    inner = inner[:-1]
    if name == "array":
        return name, parse(inner)
    if name == "map":
        return name, tuple(parse(part) for part in split(inner))
    if name == "struct":
        fields = (part.partition(":") for part in split(inner))
        return name, tuple((field, parse(kind)) for field, _, kind in fields)
    return text.partition("(")[0], ()


def split(text):
    """At commas outside brackets."""
    parts, depth, start = [], 0, 0
    for i, char in enumerate(text):
        depth += (char in "<(") - (char in ">)")
        if char == "," and depth == 0:
            parts.append(text[start:i])
            start = i + 1
    return [*parts, text[start:]]
