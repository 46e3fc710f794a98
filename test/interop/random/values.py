"""Values where writers and readers go wrong: ends of types, zeros, moments that are cut, texts that are cut."""

import decimal
import math

import pyarrow as pa

decimal.getcontext().prec = 60
EDGE_TEXTS = [
    *("", "a", "b", "ab", " ", "\t", "it's", "0", "null", "NaN", "a\x00b", "日本"),
    *("z" * 31, "z" * 32, "z" * 33, "é" * 33, "\uffff" * 33, "\ud7ff" * 34, "\x7f" * 33, "\U0010ffff" * 20),
    *("a" * 31 + "\U0001f600b", "a" * 32 + "\U0001f600", "\x7f" * 32 + "x"),
]
EDGE_DOUBLES = [0.0, -0.0, 1.5, -1.5, math.inf, -math.inf, math.nan, 1e300, -1e300, 5e-324, 0.1, 2.0**53, 16777217.0]
EDGE_FLOATS = [0.0, -0.0, 1.5, math.inf, -math.inf, math.nan, 3.4e38, 1e-45, 0.1, 16777216.0]
# Microseconds from the year 1 to 9999.
LEAST_MOMENT, GREATEST_MOMENT = -62135596800000000, 253402300799999999
EDGE_MOMENTS = [
    *(0, -1, 1, 999, 1000, -1000, -999, 2**53, -9223372036854775, 1709208000123456),
    *(LEAST_MOMENT, GREATEST_MOMENT),
]
EDGE_DAYS = [0, -1, 1, 19783, -719162, 2932896]
EDGE_BYTES = [b"", b"\x00", b"\xff" * 40, b"ab", b"\x80"]


def integers(bits):
    least, greatest = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    edges = [0, 1, -1, least, greatest, *([2**53 + 1, -(2**53) - 1] if bits == 64 else [])]
    return lambda random: random.choice([*edges, random.randint(least, greatest)])


def decimals(precision, scale):
    greatest = 10**precision - 1
    edges = [0, 1, -1, greatest, -greatest, 10 ** (precision - 1), 5 * 10 ** (precision // 2)]
    if precision >= 19:
        edges += [2**63, 2**63 - 1, -(2**63), -(2**63) - 1, 2**64, 2**53 + 1]

    def one(random):
        unscaled = random.choice(edges) if random.random() < 0.7 else random.randint(-greatest, greatest)
        return decimal.Decimal(max(-greatest, min(greatest, unscaled))).scaleb(-scale)

    return one


def moments(random):
    return random.choice(EDGE_MOMENTS) if random.random() < 0.7 else random.randint(-(10**16), 10**16)


def any_of(edges):
    return lambda random: random.choice(edges)


# Of each column its type and what makes a value; moments and days as the integers that they are.
COLUMNS = {
    "i8": (pa.int8(), integers(8)),
    "i16": (pa.int16(), integers(16)),
    "i32": (pa.int32(), integers(32)),
    "i64": (pa.int64(), integers(64)),
    "f": (pa.float32(), any_of(EDGE_FLOATS)),
    "d": (pa.float64(), any_of(EDGE_DOUBLES)),
    "b": (pa.bool_(), any_of([True, False])),
    "s": (pa.string(), any_of(EDGE_TEXTS)),
    "bin": (pa.binary(), any_of(EDGE_BYTES)),
    "day": (pa.date32(), any_of(EDGE_DAYS)),
    "ts": (pa.timestamp("us", "UTC"), moments),
    "wall": (pa.timestamp("us"), moments),
    "d10": (pa.decimal128(10, 2), decimals(10, 2)),
    "d18": (pa.decimal128(18, 0), decimals(18, 0)),
    "d19": (pa.decimal128(19, 0), decimals(19, 0)),
    "d20": (pa.decimal128(20, 2), decimals(20, 2)),
    "d38": (pa.decimal128(38, 0), decimals(38, 0)),
    "d38s": (pa.decimal128(38, 20), decimals(38, 20)),
}
NESTED = "in_"


def schema_of(random, without=()):
    """Some columns; one in five lies in a struct."""
    names = random.sample([name for name in COLUMNS if name not in without], random.randint(2, 6))
    fields = []
    for name in names:
        kind = COLUMNS[name][0]
        inside = pa.field(NESTED + name, pa.struct([(name, kind)]))
        # pandas, in which the official client hands rows over, has no 64-bit integers beside nulls inside of structs.
        may_nest = random.random() < 0.2 and name != "i64"
        fields.append(inside if may_nest else pa.field(name, kind))
    return pa.schema(fields)


def rows_of(random, schema):
    """One to four rows, with nulls in some columns, in some nothing else."""
    count = random.randint(1, 4)
    return pa.table([_column(random, field, count) for field in schema], schema=schema)


def _column(random, field, count):
    if not pa.types.is_struct(field.type):
        return _values(random, field.name, count)
    name = field.type[0].name
    holes = pa.array([random.random() < 0.2 for _ in range(count)])
    return pa.StructArray.from_arrays([_values(random, name, count)], [name], mask=holes)


def _values(random, name, count):
    kind, make = COLUMNS[name]
    nulls = random.choice([0, 0, 0.3, 1 if random.random() < 0.2 else 0.1])
    values = [None if random.random() < nulls else make(random) for _ in range(count)]
    if pa.types.is_timestamp(kind):
        return pa.array(values, pa.int64()).cast(kind)
    return pa.array(values, pa.int32()).cast(kind) if pa.types.is_date32(kind) else pa.array(values, kind)
