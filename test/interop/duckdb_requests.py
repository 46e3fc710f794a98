"""The requests of DuckDB's community extension `duckdb_delta_sharing` (1.5.5), byte for byte, and how it reads answers.

What it sends, and what of an answer makes it fail, are facts read from its source; it cannot be installed here.
"""

import json

import requests

from plain_http import Refusal, rows_of

# Its own list, in its own order; the same on every request, lists included.
HEADERS = {
    "Content-Type": "application/json",
    "User-Agent": "delta-sharing-spark/3.1.0",
    "Accept": "application/x-ndjson,application/json",
    "delta-sharing-capabilities": "responseformat=delta;"
    "readerfeatures=deletionvectors,columnmapping,timestampntz,varianttype-preview,varianttype",
}


class DuckDbExtension:
    def __init__(self, profile):
        self.endpoint = profile["endpoint"].removesuffix("/")
        self.headers = {"Authorization": f"Bearer {profile['bearerToken']}", **HEADERS}

    def request(self, method, path, query="", body=None):
        # Names and values are put into the address as they are.
        url = f"{self.endpoint}{path}{'?' + query if query else ''}"
        response = requests.request(method, url, headers=self.headers, data=body, timeout=60)
        if not 200 <= response.status_code < 300:
            raise Refusal(json.loads(response.text)["message"])
        # An answer with `Link: <…>; rel="next"` sends it on, to an address that it appends to the endpoint.
        assert "link" not in response.headers
        return response

    def items(self, path):
        """`delta_share_list()`: pages without maxResults; an item's null would be taken for a text and fail."""
        items, token = [], ""
        while True:
            answer = json.loads(self.request("GET", path, f"pageToken={token}" if token else "").text)
            items += answer["items"]
            token = answer.get("nextPageToken") or ""
            if not token:
                return items

    def columns(self, table):
        """`delta_share_list(share, schema, table)`."""
        protocol, metadata = self.lines(self.request("GET", f"{path_of(table)}/metadata"))[:2]
        return head(protocol, metadata)

    def version(self, table):
        """HEAD of the table, whose answer it then asks the metadata for: there the version is 0 where it is not said."""
        self.request("HEAD", path_of(table))
        return self.columns(table).get("version", 0)

    def read(self, table, timestamp=""):
        """`delta_share_read(share, schema, table[, timestamp])`: no hints, no limit."""
        return self.query(table, {"timestamp": timestamp} if timestamp else {})

    def files(self, table, hint=None):
        """`delta_share_files(share, schema, table[, predicate])`: the tree beside a hint that is no SQL."""
        body = {} if hint is None else {"jsonPredicateHints": dumped(hint), "predicateHints": ["string"]}
        return self.query(table, body)

    def query(self, table, body):
        said = dumped({"predicateHints": [], "responseFormat": "delta", **body})
        return self.answer(self.request("POST", f"{path_of(table)}/query", body=said))

    def changes(self, table, first=0, last=None, timestamps=()):
        """`delta_share_change_data_feed(share, schema, table[, from[, to]])`."""
        query = f"startingVersion={first}" + ("" if last is None else f"&endingVersion={last}")
        if timestamps:
            query = "&".join(f"{name}Timestamp={at}" for name, at in zip(("starting", "ending"), timestamps))
        return self.answer(self.request("GET", f"{path_of(table)}/changes", query))

    def answer(self, response):
        lines = self.lines(response)
        head(*lines[:2])
        for line in lines[2:]:
            read_file(line)
        return lines

    @staticmethod
    def lines(response):
        lines = [json.loads(line) for line in response.text.split("\n") if line]
        assert len(lines) >= 2, "an answer has at least two lines"
        return lines


def path_of(table):
    return "/shares/{}/schemas/{}/tables/{}".format(*table.split("."))


def dumped(value):
    """As its JSON library writes: keys in order, nothing between them."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def head(protocol, metadata):
    """It reads the first two lines in either wrapping. A value that may be absent must not be null: that is a failure."""
    protocol = protocol["protocol"].get("deltaProtocol", protocol["protocol"])
    assert isinstance(protocol["minReaderVersion"], int)
    metadata = metadata["metaData"].get("deltaMetadata", metadata["metaData"])
    for key, kind in {"id": str, "schemaString": str, "partitionColumns": list, "format": dict}.items():
        assert isinstance(metadata[key], kind), f"{key} is {metadata[key]!r}"
    for key, kind in {"name": str, "description": str, "version": int, "configuration": dict, "accessModes": list}.items():
        assert isinstance(metadata.get(key, kind()), kind), f"{key} is {metadata[key]!r}"
    assert isinstance(metadata["format"]["provider"], str)
    assert "accessModes" not in metadata or "url" in metadata["accessModes"]
    assert json.loads(metadata["schemaString"])["fields"], "no columns: it says that the schema cannot be read"
    return metadata


def read_file(line):
    """A line with `file`: one of the log's actions inside, else the file itself. It passes over lines it does not know."""
    if "file" not in line:
        return
    file = line["file"]
    for key in ("version", "timestamp"):
        assert isinstance(file.get(key, 0), int)
    (action,) = file.get("deltaSingleAction", {"": file}).values()
    assert isinstance(action.get("url", action.get("path")), str)
    assert isinstance(action["size"], int) and isinstance(action.get("partitionValues", {}), dict)
    if "deletionVector" in action:
        vector = action["deletionVector"]
        assert vector["storageType"] in ("p", "i", "u") and isinstance(vector["pathOrInlineDv"], str)
        for key in ("offset", "sizeInBytes", "cardinality"):
            assert isinstance(vector.get(key, 0), int), f"{key} is {vector[key]!r}"


def rows(lines, feed=False):
    """What the files of an answer hold, by the protocol's text."""
    return rows_of(lines, feed)
