"""Deleted row positions out of a deletion vector, by the Delta protocol's text ("Deletion Vector Format")."""

import base64
import struct

MAGIC = 1681511377
NO_RUNS, RUNS = 12346, 12347

Z85 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"
B85 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~"


def inline_positions(text, size):
    """Of a vector of storage type `i`: Z85, padded to four bytes."""
    return positions(base64.b85decode(text.translate(str.maketrans(Z85, B85)).encode())[:size])


def stored_positions(content, offset, size):
    """Of a vector in a file: its length, then its bytes."""
    (length,) = struct.unpack_from(">i", content, offset)
    assert length == size, f"the file says {length} bytes, the descriptor {size}"
    return positions(content[offset + 4 : offset + 4 + size])


def positions(data):
    magic, bitmaps = struct.unpack_from("<iq", data)
    assert magic == MAGIC, f"the vector begins with {magic}"
    at, found = 12, set()
    for _ in range(bitmaps):
        (high,) = struct.unpack_from("<I", data, at)
        low, at = bitmap(data, at + 4)
        found.update((high << 32) + value for value in low)
    return found


def bitmap(data, at):
    """One roaring bitmap of 32-bit values in the portable format, and where it ends."""
    (cookie,) = struct.unpack_from("<I", data, at)
    at += 4
    if cookie & 0xFFFF == RUNS:
        count = (cookie >> 16) + 1
        is_run = [data[at + i // 8] >> (i % 8) & 1 for i in range(count)]
        at += (count + 7) // 8
        has_offsets = count >= 4
    else:
        assert cookie == NO_RUNS, f"the bitmap begins with {cookie}"
        (count,) = struct.unpack_from("<I", data, at)
        at, is_run, has_offsets = at + 4, [0] * count, True
    heads = [struct.unpack_from("<HH", data, at + 4 * i) for i in range(count)]
    at += 4 * count + (4 * count if has_offsets else 0)
    values = []
    for (key, less_one), run in zip(heads, is_run):
        lows, at = container(data, at, less_one + 1, run)
        values.extend((key << 16) + low for low in lows)
    return values, at


def container(data, at, cardinality, is_run):
    if is_run:
        (runs,) = struct.unpack_from("<H", data, at)
        pairs = [struct.unpack_from("<HH", data, at + 2 + 4 * i) for i in range(runs)]
        return [start + i for start, more in pairs for i in range(more + 1)], at + 2 + 4 * runs
    if cardinality <= 4096:
        return struct.unpack_from(f"<{cardinality}H", data, at), at + 2 * cardinality
    bits = int.from_bytes(data[at : at + 8192], "little")
    return [i for i in range(65536) if bits >> i & 1], at + 8192
