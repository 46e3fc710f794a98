"""Reads a URL as the Python recipients do, by requests and by fsspec, and prints what each saw as one line of JSON."""

import hashlib
import json
import sys

import fsspec
import requests

url, name = sys.argv[1], sys.argv[2]


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


head = requests.head(url, timeout=30)
whole = requests.get(url, timeout=30)
part = requests.get(url, headers={"Range": "bytes=0-3"}, timeout=30)
answer = {
    "name": name,
    "head": head.status_code,
    "headLength": head.headers.get("Content-Length"),
    "whole": digest(whole.content),
    "part": [part.status_code, part.content.decode()],
}
# As pyarrow reads Parquet: the end first, then pieces.
with fsspec.open(url, "rb", block_size=16, cache_type="readahead") as file:
    file.seek(-4, 2)
    answer["fsspecEnd"] = file.read().decode()
    file.seek(0)
    answer["fsspecWhole"] = digest(file.read())
    answer["fsspecSize"] = file.size
print(json.dumps(answer))
