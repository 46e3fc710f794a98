"""One spelling for the values of every way, so that rows can be compared as texts."""

import base64
import datetime
import decimal
import json
import math
import re
import uuid

import numpy
import pandas

WIDE = decimal.Context(prec=100)
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
MOMENT = re.compile(r"(\d{4,}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]00(:?00)?)?")


def cell(value):
    """Numbers as plain text, moments with microseconds and no zone, bytes as base64, maps as pairs."""
    if value is None or value is pandas.NaT or value is pandas.NA:
        return None
    if isinstance(value, numpy.ndarray):
        return cell(value.tolist())
    if isinstance(value, dict):
        return {key: cell(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return ordered([pair(item) for item in value])
    if isinstance(value, (bytes, bytearray)):
        return base64.b64encode(bytes(value)).decode()
    if isinstance(value, (bool, numpy.bool_)):
        return bool(value)
    if isinstance(value, datetime.datetime):
        return value.replace(tzinfo=None).strftime("%Y-%m-%dT%H:%M:%S.%f").rjust(26, "0")
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, decimal.Decimal):
        return plain(value)
    if isinstance(value, (int, numpy.integer)):
        return str(int(value))
    if isinstance(value, (float, numpy.floating)):
        return of_float(float(value))
    return of_text(str(value))


def pair(item):
    """An entry of a map, however a client spells it."""
    if isinstance(item, dict) and set(item) == {"key", "value"}:
        return [cell(item["key"]), cell(item["value"])]
    return cell(item)


def ordered(items):
    """A map has no order: its pairs are sorted, and so are lists of pairs, which look the same."""
    pairs = items and all(isinstance(item, list) and len(item) == 2 for item in items)
    return sorted(items, key=line) if pairs else items


def of_float(value):
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return str(int(value)) if value == int(value) else repr(value)


def of_text(text):
    if re.fullmatch(r"-?\d+\.\d+", text):
        return plain(decimal.Decimal(text))
    if UUID.fullmatch(text):
        # Delta has no such type: on the wire they are sixteen bytes.
        return base64.b64encode(uuid.UUID(text).bytes).decode()
    moment = MOMENT.fullmatch(text)
    if moment:
        return f"{moment[1]}T{moment[2]}{(moment[3] or '.').ljust(7, '0')[:7]}"
    return text


def plain(number):
    return format(number.normalize(WIDE), "f")


def lossy(value):
    """What pandas keeps of a spelled value: NaN is null there, and an absent field of a struct is a null one."""
    if isinstance(value, list):
        return [lossy(item) for item in value]
    if isinstance(value, dict):
        return {key: lossy(item) for key, item in value.items() if lossy(item) is not None}
    return None if value == "NaN" else value


def as_double(value):
    """An integer in a column that pandas made one of doubles, because it has nulls."""
    return of_float(float(value)) if isinstance(value, str) and re.fullmatch(r"-?\d+", value) else value


def line(cells):
    return json.dumps(cells, ensure_ascii=False, sort_keys=True)


def bag(rows):
    """Rows as sorted texts: which there are and how often, in no order."""
    return sorted(line([cell(value) for value in row]) for row in rows)


def frame_bags(frame, rows, columns):
    """The bags of a data frame and of the rows that it should hold, with the losses of pandas on both sides."""
    doubles = [pandas.api.types.is_float_dtype(frame[name].dtype) for name in columns]

    def spelled(row):
        cells = [lossy(cell(value)) for value in row]
        return line([as_double(value) if double else value for value, double in zip(cells, doubles)])

    got = frame[columns].itertuples(index=False, name=None)
    return sorted(map(spelled, got)), sorted(map(spelled, rows))


def difference(got, want):
    """What is too much and what is missing, in few words; None where the bags are equal."""
    if got == want:
        return None
    extra, missing = without(got, want), without(want, got)
    return f"{len(got)} rows, not {len(want)}; too much: {extra[:3]}; missing: {missing[:3]}"


def without(rows, others):
    left = list(others)
    found = []
    for row in rows:
        if row in left:
            left.remove(row)
        else:
            found.append(row)
    return found
