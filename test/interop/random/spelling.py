"""Rows as `expect.json` has them: as `spillway batch` spells them."""

import base64
import math

import pyarrow as pa

MICROS = 1_000_000
MICROS_A_DAY = 86400 * MICROS


def spelled_rows(table):
    columns = [_column(table.column(i), field.type, _spelled) for i, field in enumerate(table.schema)]
    return [list(row) for row in zip(*columns)]


def raw_rows(table):
    """Moments and days as integers, which compare; all else as Python has it."""
    columns = [_column(table.column(i), field.type, lambda value, _: value) for i, field in enumerate(table.schema)]
    return [list(row) for row in zip(*columns)]


def _column(column, kind, spell):
    if pa.types.is_struct(kind):
        whole = pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], kind)
        members = {f.name: _column(pa.chunked_array([whole.field(i)]), f.type, spell) for i, f in enumerate(kind)}
        valid = whole.is_valid().to_pylist()
        return [{key: members[key][i] for key in members} if valid[i] else None for i in range(len(whole))]
    if pa.types.is_timestamp(kind):
        column = column.cast(pa.timestamp("us", kind.tz)).cast(pa.int64())
    if pa.types.is_date(kind):
        column = column.cast(pa.int32())
    return [None if value is None else spell(value, kind) for value in column.to_pylist()]


def _spelled(value, kind):
    if pa.types.is_timestamp(kind):
        return moment_text(value) + ("Z" if kind.tz else "")
    if pa.types.is_date(kind):
        return day_text(value)
    if pa.types.is_decimal(kind):
        return format(value, "f")
    if pa.types.is_floating(kind):
        if math.isnan(value):
            return "NaN"
        return value if math.isfinite(value) else ("Infinity" if value > 0 else "-Infinity")
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return base64.b64encode(value).decode()
    return str(value) if pa.types.is_int64(kind) else value


def moment_text(micros):
    days, rest = divmod(micros, MICROS_A_DAY)
    seconds, fraction = divmod(rest, MICROS)
    clock = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    return f"{day_text(days)}T{clock}" + (f".{fraction:06d}" if fraction else "")


def day_text(days):
    """Python's own dates are from the year 1 to 9999."""
    shifted = days + 719468
    era, day_of_era = divmod(shifted, 146097)
    year_of_era = (day_of_era - day_of_era // 1460 + day_of_era // 36524 - day_of_era // 146096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    month = (5 * day_of_year + 2) // 153
    day = day_of_year - (153 * month + 2) // 5 + 1
    month = month + 3 if month < 10 else month - 9
    return f"{year_of_era + era * 400 + (month <= 2):04d}-{month:02d}-{day:02d}"
