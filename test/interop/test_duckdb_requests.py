"""What DuckDB's community extension sends is answered, over tables of every format, with what it can read."""

import pytest

import plain_http
from duckdb_requests import DuckDbExtension, dumped, head, rows
from golden import counter, found, parse, wanted
from matrix.cases import cases, shared_schemas
from matrix.clients import agree
from sharing_server import serving_schemas

CASES = [case for case in cases() if case.range is None and case.version is None]
IDS = [f"{case.schema}-{case.table}-{case.aspect}".replace(" ", "-") for case in CASES]
DELTA = [case for case in CASES if case.schema == "delta" and case.timestamp is None]


@pytest.fixture(scope="module")
def profile(tmp_path_factory):
    folder = tmp_path_factory.mktemp("duckdb")
    schemas = shared_schemas(folder, cases())
    with serving_schemas(folder, schemas, staging=str(folder / "staging")) as path:
        yield plain_http.read_profile(path)


@pytest.fixture(scope="module")
def extension(profile):
    return DuckDbExtension(profile)


def test_lists_level_by_level(extension):
    (share,) = extension.items("/shares")
    schemas = extension.items(f"/shares/{share['name']}/schemas")
    assert sorted(schema["name"] for schema in schemas) == ["delta", "hudi", "iceberg", "parquet"]
    listed = [
        (table["schema"], table["name"])
        for schema in schemas
        for table in extension.items(f"/shares/{share['name']}/schemas/{schema['name']}/tables")
    ]
    every = extension.items(f"/shares/{share['name']}/all-tables")
    assert sorted(listed) == sorted((table["schema"], table["name"]) for table in every)
    assert all(isinstance(table.get("id", ""), str) for table in every)


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_reads_a_table(extension, case):
    """Bind asks for the columns in one request and for the files in another: both say the same schema."""
    metadata = extension.columns(case.name)
    lines = extension.read(case.name, case.timestamp or "")
    if case.timestamp is None:
        assert head(*lines[:2])["schemaString"] == metadata["schemaString"]
    assert agree(case, *rows(lines))


@pytest.mark.parametrize("case", DELTA, ids=lambda case: case.table)
def test_asks_for_a_version_by_head_and_metadata(extension, case):
    assert isinstance(extension.version(case.name), int)


NUMBERS = ("tinyint", "smallint", "int", "bigint", "float", "double")


def hints(case):
    """Trees as it makes them from SQL: a column is text whatever it is, a number is an int, a date is text."""
    for i, column in enumerate(case.columns[:4]):
        named = {"name": column["name"], "op": "column", "valueType": "string"}
        is_number = column["type"] in NUMBERS
        yield i, "isNull", {"op": "isNull", "children": [named]}, None
        values = {row[i] for row in case.rows if isinstance(row[i], (str, int, float)) and not isinstance(row[i], bool)}
        for value in sorted((as_number(v) if is_number else v for v in values), key=str)[:2]:
            literal = {"op": "literal", "value": str(value), "valueType": "int" if is_number else "string"}
            for op in ("equal", "lessThan", "greaterThanOrEqual"):
                yield i, op, {"op": op, "children": [named, literal]}, value
            yield i, "not", {"op": "not", "children": [{"op": "equal", "children": [named, literal]}]}, value


def as_number(value):
    return int(value) if isinstance(value, str) and value.lstrip("-").isdigit() else float(value)


def keeps(op, cell, value):
    if cell is None or op == "isNull":
        return cell is None and op == "isNull"
    cell = as_number(cell) if isinstance(value, (int, float)) else cell
    if op in ("equal", "not"):
        return (cell == value) == (op == "equal")
    return cell < value if op == "lessThan" else cell >= value


SNAPSHOTS = [case for case in CASES if case.timestamp is None]


@pytest.mark.parametrize("case", SNAPSHOTS, ids=lambda case: case.table)
def test_a_hint_of_its_making_never_drops_a_row_that_it_would_keep(extension, case):
    """Beside the tree stands the hint `string`, which is no SQL: nothing may be dropped for it."""
    for place, op, tree, value in hints(case):
        got = counter(spelled(case, *rows(extension.files(case.name, tree))))
        least = [row for row in case.rows if keeps(op, row[place], value)]
        assert not counter(as_wanted(case.columns, least)) - got, f"{dumped(tree)} lost rows"


def spelled(case, names, read):
    kinds = [(names.index(column["name"]), parse(column["type"])) for column in case.columns]
    return [[found(row[place], kind) for place, kind in kinds] for row in read]


def as_wanted(columns, read):
    kinds = [parse(column["type"]) for column in columns]
    return [[wanted(cell, kind) for cell, kind in zip(row, kinds)] for row in read]


@pytest.mark.parametrize("zone", ["Z", "+00"])
def test_a_moment_as_it_spells_it(extension, zone):
    """TIMESTAMP '…' gets a Z; a TIMESTAMPTZ prints its offset in hours alone."""
    case = next(case for case in CASES if case.schema == "delta" and case.timestamp)
    assert agree(case, *rows(extension.read(case.name, case.timestamp.replace("Z", zone))))


@pytest.mark.parametrize("table", ["cdf", "cdf-dv", "cdf-mapping"])
def test_reads_a_change_feed(extension, table):
    case = next(case for case in cases() if case.table == table)
    assert agree(case, *rows(extension.changes(case.name, *case.range), feed=True))
    assert agree(case, *rows(extension.changes(case.name), feed=True))


def test_telemetry_is_passed_over(extension):
    """It may send the SQL itself, in base64, in a header of its own."""
    extension.headers["delta-sharing-query-sql"] = "U0VMRUNUIDE="
    assert extension.columns("golden.delta.plain")
