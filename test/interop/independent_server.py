"""A small Delta Sharing server that shares nothing with this repository's but the protocol's text.

    python test/interop/independent_server.py --tables test/fixtures/delta --profile independent.share

shares every Delta table below a folder as `golden.delta.NAME`, on a free port of 127.0.0.1, and prints one line when it
answers. It ignores predicate hints and limits, as any server may: what a recipient keeps is the recipient's to decide.
`--url-seconds` is how long URLs of files live.
"""

import argparse
import base64
import hashlib
import hmac
import json
import pathlib
import re
import secrets
import sys
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "independent"))

from delta_log import Refused, Table, bad, milliseconds  # noqa: E402
from signed_files import FileSigner, byte_range  # noqa: E402
from wire_lines import Lines, changes_of, chosen_format, has_feed  # noqa: E402

PREFIX = "/delta-sharing"


class Share:
    """What is shared, and the keys of one run."""

    def __init__(self, folder, share, schema, token):
        self.share, self.schema, self.token = share, schema, token
        self.secret = secrets.token_bytes(32)
        roots = [log.parent for log in sorted(pathlib.Path(folder).glob("*/_delta_log"))]
        # A name on this wire has no space and no percent sign.
        self.tables = {re.sub(r"[^\w-]+", "_", root.name): Table(root) for root in roots}
        self.signer = None

    def table(self, share, schema, name):
        self.check(share, schema)
        for known, table in self.tables.items():
            if known.lower() == name.lower():
                return table
        raise missing(f"table {name}")

    def check(self, share, schema=None):
        if share.lower() != self.share.lower():
            raise missing(f"share {share}")
        if schema is not None and schema.lower() != self.schema.lower():
            raise missing(f"schema {schema}")

    def seal(self, value):
        """A token that says what it was given for, and cannot be made by anybody else."""
        body = base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()
        return f"{body}.{self.seal_of(body)}"

    def unseal(self, token):
        body, _, seal = token.partition(".")
        if not hmac.compare_digest(seal.encode(), self.seal_of(body).encode()):
            raise bad("the token was not given by this server")
        return json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))

    def seal_of(self, body):
        return hmac.new(self.secret, body.encode(), hashlib.sha256).hexdigest()[:32]


def missing(what):
    return Refused(404, "RESOURCE_DOES_NOT_EXIST", f"{what} does not exist")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # An answer leaves in one piece: a head alone would wait for the client's delayed acknowledgement.
    wbufsize = -1
    disable_nagle_algorithm = True
    shared: Share

    def do_GET(self):
        self.answer()

    def do_HEAD(self):
        self.answer()

    def do_POST(self):
        self.answer()

    def log_message(self, *_):
        pass

    def answer(self):
        length = int(self.headers.get("content-length") or 0)
        body = self.rfile.read(length) if length else b""
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query, keep_blank_values=True))
        try:
            if url.path.startswith("/files/"):
                self.send_file(url.path.removeprefix("/files/"), query)
                return
            if not url.path.startswith(f"{PREFIX}/"):
                raise missing(url.path)
            self.authenticate()
            parts = [urllib.parse.unquote(part) for part in url.path.removeprefix(f"{PREFIX}/").split("/")]
            self.route(parts, query, body)
        except Refused as refused:
            self.refuse(refused)
        except (KeyError, TypeError, ValueError) as error:
            self.refuse(bad(f"the request cannot be read: {error!r}"))

    def authenticate(self):
        given = (self.headers.get("authorization") or "").removeprefix("Bearer ")
        if not hmac.compare_digest(given.encode(), self.shared.token.encode()):
            raise Refused(401, "UNAUTHENTICATED", "the bearer token is not known")

    def route(self, parts, query, body):
        shared, method = self.shared, self.command
        match [method, *parts]:
            case ["GET", "shares"]:
                self.page([{"name": shared.share}], query)
            case ["GET", "shares", share]:
                shared.check(share)
                self.send(200, {"share": {"name": shared.share}})
            case ["GET", "shares", share, "schemas"]:
                shared.check(share)
                self.page([{"name": shared.schema, "share": shared.share}], query)
            case ["GET", "shares", share, "all-tables"]:
                shared.check(share)
                self.page(self.listed(), query)
            case ["GET", "shares", share, "schemas", schema, "tables"]:
                shared.check(share, schema)
                self.page(self.listed(), query)
            case ["HEAD", "shares", share, "schemas", schema, "tables", name]:
                self.send_version(shared.table(share, schema, name), query)
            case ["GET", "shares", share, "schemas", schema, "tables", name, "version"]:
                self.send_version(shared.table(share, schema, name), query)
            case ["GET", "shares", share, "schemas", schema, "tables", name, "metadata"]:
                self.send_metadata(shared.table(share, schema, name), query)
            case ["POST", "shares", share, "schemas", schema, "tables", name, "query"]:
                self.send_query(shared.table(share, schema, name), json.loads(body or b"{}"))
            case ["GET", "shares", share, "schemas", schema, "tables", name, "changes"]:
                self.send_changes(shared.table(share, schema, name), query)
            case _:
                raise missing(f"{method} {self.path}")

    def listed(self):
        where = {"share": self.shared.share, "schema": self.shared.schema}
        return [{"name": name, **where, "id": hashlib.md5(name.encode()).hexdigest()} for name in self.shared.tables]

    def page(self, items, query):
        start, path = 0, urllib.parse.urlsplit(self.path).path
        if query.get("pageToken"):
            of, start = self.shared.unseal(query["pageToken"])
            if of != path:
                raise bad("the page token is of another list")
        count = int(query.get("maxResults", 500))
        if count < 0:
            raise bad("maxResults must not be negative")
        end = start + count
        more = {"nextPageToken": self.shared.seal([path, end])} if end < len(items) else {}
        self.send(200, {"items": items[start:end], **more})

    def send_version(self, table, query):
        at = query.get("startingTimestamp")
        self.send_bytes(200, b"", {"Delta-Table-Version": table.version_from(at) if at else table.latest()})

    def send_metadata(self, table, query):
        version = asked_version(table, query)
        snapshot = table.snapshot(table.latest() if version is None else version)
        lines = self.lines(table, snapshot)
        self.send_lines(lines, snapshot.version, [lines.protocol(snapshot), lines.metadata(snapshot, version is not None)])

    def send_query(self, table, asked):
        if not isinstance(asked, dict) or not isinstance(asked.get("predicateHints", []), list):
            raise bad("the body is not a query")
        version, token = asked_version(table, asked), None
        if asked.get("startingVersion") is not None:
            if version is not None:
                raise bad("give only one of version and startingVersion")
            self.send_versions(table, asked)
            return
        if asked.get("endingVersion") is not None:
            raise bad("endingVersion needs a startingVersion")
        if version is not None and asked.get("includeRefreshToken"):
            raise bad("a version does not change: it has no refresh token")
        if asked.get("refreshToken"):
            kind, token = self.shared.unseal(asked["refreshToken"])
            if kind != f"refresh {table.root}" or version is not None:
                raise bad("the refresh token is of another query")
        if asked.get("pageToken"):
            token = self.page_of(table, asked)[1]
        snapshot = table.snapshot(token if token is not None else table.latest() if version is None else version)
        lines = self.lines(table, snapshot)
        at = None if version is None else snapshot.version
        head = [lines.protocol(snapshot), lines.metadata(snapshot, version is not None)]
        files = [lambda add=add: lines.file("add", add, at) for add in snapshot.adds]
        if lines.form == "parquet" and at is not None:
            files = [lambda add=add: {"file": lines.file("add", add, at)["add"]} for add in snapshot.adds]
        refresh = {"refreshToken": self.shared.seal([f"refresh {table.root}", snapshot.version])}
        wanted = asked.get("includeRefreshToken") or asked.get("refreshToken")
        self.send_paged(lines, table, asked, snapshot.version, head, files, refresh if wanted else {})

    def send_versions(self, table, asked):
        """The files that changed rows from a version on: what Spark's streams read."""
        first, last = whole(asked["startingVersion"]), whole(asked.get("endingVersion", table.latest()))
        check_range(table, first, last)
        self.send_range(table, first, last, feed=False, asked=asked, with_metadata=True)

    def send_changes(self, table, query):
        if ("startingVersion" in query) == ("startingTimestamp" in query):
            raise bad("give one of startingVersion and startingTimestamp")
        if "endingVersion" in query and "endingTimestamp" in query:
            raise bad("give one of endingVersion and endingTimestamp")
        first = int(query["startingVersion"]) if "startingVersion" in query else table.version_from(query["startingTimestamp"])
        last = int(query.get("endingVersion", table.latest()))
        if "endingTimestamp" in query:
            last = table.version_at(query["endingTimestamp"])
        check_range(table, first, last)
        for version in range(first, last + 1):
            if not has_feed(table.snapshot(version)):
                raise bad(f"the change feed is not on at version {version}")
        asked = {**query, "maxFiles": int(query["maxFiles"])} if "maxFiles" in query else query
        historical = query.get("includeHistoricalMetadata", "false").lower() == "true"
        self.send_range(table, first, last, feed=True, asked=asked, with_metadata=historical)

    def send_range(self, table, first, last, *, feed, asked, with_metadata):
        head_of = table.snapshot(first if with_metadata else last)
        lines = self.lines(table, head_of)
        head = [lines.protocol(head_of), lines.metadata(head_of, True)]
        rest = []
        for version, kind, action in changes_of(table, first, last, feed):
            if kind != "metaData":
                rest.append(lambda k=kind, a=action, v=version: lines.file(k, a, v))
            elif with_metadata:
                rest.append(lambda v=version: lines.metadata(table.snapshot(v), True))
        self.send_paged(lines, table, asked, first, head, rest, {})

    def page_of(self, table, asked):
        kind, version, start, question = self.shared.unseal(asked["pageToken"])
        if kind != f"page {table.root}" or question != question_of(asked):
            raise bad("the page token is of another query")
        return start, version

    def send_paged(self, lines, table, asked, version, head, rest, tokens):
        start, count = (self.page_of(table, asked)[0] if asked.get("pageToken") else 0), asked.get("maxFiles")
        if count is not None and (whole(count) <= 0 or count > 2**31 - 1):
            raise bad("maxFiles must be a positive 32-bit integer")
        end = len(rest) if count is None else start + count
        if end < len(rest):
            tokens = {**tokens, "nextPageToken": self.shared.seal([f"page {table.root}", version, end, question_of(asked)])}
        said = [*head, *(line() for line in rest[start:end])]
        asked_for_end = capabilities_of(self.headers).get("includeendstreamaction") == "true"
        if asked_for_end or tokens or count is not None:
            said.append(lines.end(**tokens))
        self.send_lines(lines, version, said, asked_for_end)

    def lines(self, table, snapshot):
        form = chosen_format(snapshot, capabilities_of(self.headers))
        hashed = (self.headers.get("fileidhash") or form).lower()
        if hashed not in ("parquet", "delta"):
            raise bad(f"fileidhash {hashed} is not parquet or delta")
        return Lines(table, self.shared.signer, form, hashed)

    def send_lines(self, lines, version, said, end_stream=False):
        echoed = f"responseformat={lines.form}{';includeendstreamaction=true' if end_stream else ''}"
        headers = {
            "Content-Type": "application/x-ndjson; charset=utf-8",
            "Delta-Table-Version": version,
            "delta-sharing-capabilities": echoed,
        }
        if "fileidhash" in self.headers:
            headers["fileidhash"] = self.headers["fileidhash"].lower()
        self.send_bytes(200, "".join(f"{json.dumps(line)}\n" for line in said).encode(), headers)

    def refuse(self, refused):
        challenge = {"WWW-Authenticate": "Bearer"} if refused.status == 401 else {}
        self.send(refused.status, {"errorCode": refused.code, "message": str(refused)}, challenge)

    def send(self, status, value, headers=None):
        kind = {"Content-Type": "application/json; charset=utf-8"}
        self.send_bytes(status, json.dumps(value).encode(), {**kind, **(headers or {})})

    def send_file(self, name, query):
        path = self.shared.signer.opened(name, query)
        if path is None:
            raise Refused(403, "PERMISSION_DENIED", "the URL has expired or was changed")
        content = path.read_bytes()
        asked = byte_range(self.headers.get("range"), len(content))
        headers = {"Content-Type": "application/octet-stream", "Accept-Ranges": "bytes"}
        if asked is None:
            self.send_bytes(200, content, headers)
            return
        first, last = asked
        headers["Content-Range"] = f"bytes {first}-{last}/{len(content)}"
        self.send_bytes(206, content[first : last + 1], headers)

    def send_bytes(self, status, content, headers):
        self.send_response(status)
        for key, value in {**headers, "Content-Length": len(content)}.items():
            self.send_header(key, str(value))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)


def capabilities_of(headers):
    pairs = (part.partition("=") for part in (headers.get("delta-sharing-capabilities") or "").lower().split(";"))
    return {key.strip(): value.strip() for key, _, value in pairs if key.strip()}


def asked_version(table, asked):
    version, timestamp = asked.get("version"), asked.get("timestamp")
    if version is not None and timestamp is not None:
        raise bad("give only one of version and timestamp")
    if timestamp is not None:
        if milliseconds(timestamp) > table.timestamp(table.latest()):
            raise bad(f"the table has no version at {timestamp}: its latest is earlier")
        return table.version_at(timestamp)
    return None if version is None else whole(version)


def question_of(asked):
    """What the pages of one answer have in common."""
    return json.dumps({key: value for key, value in asked.items() if key not in ("pageToken", "maxFiles")}, sort_keys=True)


def whole(value):
    number = int(value) if isinstance(value, str) and value.isdigit() else value
    if not isinstance(number, int) or isinstance(number, bool) or number < 0:
        raise bad(f"{value!r} is not a version")
    return number


def check_range(table, first, last):
    if not 0 <= first <= last <= table.latest():
        raise bad(f"versions {first} to {last} are not of this table, whose latest is {table.latest()}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tables", required=True, help="a folder of Delta tables")
    parser.add_argument("--profile", required=True, help="where to write the recipient's profile")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--share", default="golden")
    parser.add_argument("--schema", default="delta")
    parser.add_argument("--token", default=secrets.token_urlsafe(24))
    parser.add_argument("--url-seconds", type=float, default=3600)
    options = parser.parse_args()
    shared = Share(options.tables, options.share, options.schema, options.token)
    server = ThreadingHTTPServer(("127.0.0.1", options.port), type("Bound", (Handler,), {"shared": shared}))
    base = f"http://127.0.0.1:{server.server_port}"
    shared.signer = FileSigner(base, shared.secret, options.url_seconds)
    profile = {"shareCredentialsVersion": 1, "endpoint": base + PREFIX, "bearerToken": options.token}
    pathlib.Path(options.profile).write_text(json.dumps(profile))
    print(f"{len(shared.tables)} tables at {base}{PREFIX}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
