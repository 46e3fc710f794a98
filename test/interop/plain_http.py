"""A recipient that is nothing but HTTP requests and Arrow: the oracle of what an answer of the wire says."""

import collections
import datetime
import decimal
import io
import json
import urllib.parse

import pyarrow
import pyarrow.parquet
import requests

from deletion_vector import inline_positions, stored_positions

EVERY_FEATURE = "deletionvectors,columnmapping,timestampntz,typewidening,typewidening-preview"


class Refusal(Exception):
    """The server said no, in words."""


class Failure(Exception):
    """The server failed, which is no answer."""


def table_url(profile, table):
    names = (urllib.parse.quote(part, safe="") for part in table.split("."))
    return "{}/shares/{}/schemas/{}/tables/{}".format(profile["endpoint"].rstrip("/"), *names)


def read_profile(path):
    return json.loads(path.read_text())


def capabilities(form):
    return f"responseformat={form};readerfeatures={EVERY_FEATURE}" if form == "delta" else f"responseformat={form}"


def snapshot_rows(profile, table, form, **body):
    lines = ask(profile, "POST", f"{table_url(profile, table)}/query", form, json=body)
    return rows_of(lines, feed=False)


def change_rows(profile, table, form, **query):
    lines = ask(profile, "GET", f"{table_url(profile, table)}/changes", form, params=query)
    return rows_of(lines, feed=True)


def ask(profile, method, url, form, **request):
    headers = {"Authorization": f"Bearer {profile['bearerToken']}", "delta-sharing-capabilities": capabilities(form)}
    response = requests.request(method, url, headers=headers, timeout=60, **request)
    if response.status_code >= 500:
        raise Failure(f"{response.status_code}: {response.text[:600]}")
    if response.status_code != 200:
        raise Refusal(response.json()["message"])
    return [json.loads(line) for line in response.text.splitlines()]


def rows_of(lines, feed):
    """(column names, rows as Python values) of the lines of an answer."""
    metadata = lines[1]["metaData"]
    metadata = metadata.get("deltaMetadata", metadata)
    fields = json.loads(metadata["schemaString"])["fields"]
    by_id = metadata.get("configuration", {}).get("delta.columnMapping.mode") == "id"
    names = [field["name"] for field in fields]
    read = [(name_of(line), list(line_rows(line, fields, by_id, feed))) for line in lines[2:]]
    if not feed:
        return names, [row for _, rows in read for row in rows]
    return [*names, "_change_type", "_commit_version"], without_kept_rows(read)


def name_of(line):
    """Of a line's file, whatever its signature."""
    (file,) = line.values()
    for action in file.get("deltaSingleAction", {"file": file}).values():
        return (action.get("url") or action.get("path") or "").partition("?")[0]


def without_kept_rows(read):
    """A file removed and added again with more deleted rows: those of both are no change."""
    rows = []
    for file in dict.fromkeys(name for name, _ in read):
        mine = [row for name, found in read if name == file for row in found]
        deleted = collections.Counter(repr(row[:-2] + row[-1:]) for row in mine if row[-2] == "delete")
        inserted = collections.Counter(repr(row[:-2] + row[-1:]) for row in mine if row[-2] == "insert")
        kept = {"delete": deleted & inserted, "insert": deleted & inserted}
        for row in mine:
            key = repr(row[:-2] + row[-1:])
            if kept.get(row[-2], {}).get(key, 0) > 0:
                kept[row[-2]][key] -= 1
            else:
                rows.append(row)
    return rows


def line_rows(line, fields, by_id, feed):
    (kind, file), = line.items()
    if kind in ("metaData", "protocol"):
        return
    assert kind != "endStreamAction" or not file.get("errorMessage"), file
    if kind == "endStreamAction":
        return
    version = file.get("version")
    if "deltaSingleAction" in file:
        (kind, file), = file["deltaSingleAction"].items()
    content = fetched(file.get("url") or file["path"])
    assert len(content) == file["size"], f"{len(content)} bytes where {file['size']} were said"
    # Not in nanoseconds, which few moments have: what a client makes of INT96 is its own.
    stored = pyarrow.parquet.read_table(io.BytesIO(content), coerce_int96_timestamp_unit="us")
    deleted = deleted_positions(file.get("deletionVector"))
    partition = file.get("partitionValues") or {}
    columns = [column(stored, field, by_id, partition) for field in fields]
    changes = change_columns(stored, kind, version) if feed else []
    for position, row in enumerate(zip(*columns, *changes)):
        if position not in deleted:
            yield list(row)


def fetched(url):
    response = requests.get(url, timeout=60)
    assert response.status_code == 200, f"a signed URL answers {response.status_code}"
    return response.content


def deleted_positions(vector):
    if vector is None:
        return set()
    if vector["storageType"] == "i":
        found = inline_positions(vector["pathOrInlineDv"], vector["sizeInBytes"])
    else:
        assert vector["storageType"] == "p", f"a vector of type {vector['storageType']}"
        found = stored_positions(fetched(vector["pathOrInlineDv"]), vector.get("offset", 0), vector["sizeInBytes"])
    assert len(found) == vector["cardinality"], f"{len(found)} deleted rows, not {vector['cardinality']}"
    return found


def change_columns(stored, kind, version):
    """What a change feed adds: a column of change files, a constant of added and removed ones."""
    rows = stored.num_rows
    if "_change_type" in stored.column_names:
        types = stored.column("_change_type").to_pylist()
    else:
        types = [{"add": "insert", "remove": "delete"}[kind]] * rows
    return [types, [version] * rows]


def column(stored, field, by_id, partition):
    """The values of one column: of the file, of the partition, or null where the file was written before it."""
    mapping = field.get("metadata", {})
    physical = mapping.get("delta.columnMapping.physicalName", field["name"])
    if physical in partition:
        return [partition_value(partition[physical], field["type"])] * stored.num_rows
    child = find(stored.schema, field, by_id)
    if child is None:
        return [None] * stored.num_rows
    values = stored.column(child.name).to_pylist()
    return [value_of(value, field["type"], child.type, by_id) for value in values]


def find(candidates, field, by_id):
    """The Arrow field that holds one of the table's, by its id or by its physical name; None where there is none."""
    mapping = field.get("metadata", {})
    wanted = mapping.get("delta.columnMapping.physicalName", field["name"])
    for candidate in candidates:
        if by_id and "delta.columnMapping.id" in mapping:
            said = (candidate.metadata or {}).get(b"PARQUET:field_id", b"").decode()
            if said == str(mapping["delta.columnMapping.id"]):
                return candidate
        elif candidate.name.lower() == wanted.lower():
            return candidate
    return None


def value_of(value, kind, arrow, by_id):
    if value is None or isinstance(kind, str):
        return value
    if kind["type"] == "array":
        return [value_of(item, kind["elementType"], arrow.value_type, by_id) for item in value]
    if kind["type"] == "map":
        return [
            (value_of(key, kind["keyType"], arrow.key_type, by_id), value_of(item, kind["valueType"], arrow.item_type, by_id))
            for key, item in value
        ]
    record = {}
    for field in kind["fields"]:
        child = find([arrow.field(i) for i in range(arrow.num_fields)], field, by_id)
        record[field["name"]] = None if child is None else value_of(value.get(child.name), field["type"], child.type, by_id)
    return record


def partition_value(text, kind):
    """A partition's text as its type has it; an empty one is null (PROTOCOL.md, Partition Value Serialization)."""
    if text is None or text == "":
        return None
    if kind in ("byte", "short", "integer", "long"):
        return int(text)
    if kind in ("float", "double"):
        return float(text)
    if kind == "boolean":
        return text.lower() == "true"
    if kind == "date":
        return datetime.date.fromisoformat(text)
    if kind in ("timestamp", "timestamp_ntz"):
        return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    if kind == "binary":
        return text.encode("latin-1")
    return decimal.Decimal(text) if kind.startswith("decimal") else text
