"""Plain HTTP: whole and paged, with hints, by version, asynchronous, changes; and what is declared by each of them."""

import json
import re
import secrets
import time

import requests

import plain_http
from ways.answers import Broken, NotAsked, Refused, Wrong
from ways.hints import simple_hint
from ways.local_ways import feed_columns
from ways.spelling import bag, difference, without

PENDING_SECONDS = 60
# A slice of Hudi's may be two files of the answer: its base file, and the rows that its logs changed.
LINES_OF_A_FILE = 2
# What differs between two answers about the same file: where it is signed, and until when.
SIGNED = ("url", "path", "pathOrInlineDv", "expirationTimestamp")


class Wire:
    """One table, asked in one response format."""

    def __init__(self, served, form, profile=None):
        profile = plain_http.read_profile(profile or served.profile)
        self.form = form
        self._url = plain_http.table_url(profile, f"{served.share}.s.{served.table}")
        self._headers = {"Authorization": f"Bearer {profile['bearerToken']}"}

    def query(self, **body):
        return self.ask("POST", "/query", json=body)

    def metadata(self, **query):
        return self.ask("GET", "/metadata", params=query)

    def changes(self, **query):
        return self.ask("GET", "/changes", params=query)

    def version(self):
        return int(self.respond("GET", "/version").headers["Delta-Table-Version"])

    def pages(self, path="/query", **body):
        """(lines of the head, lines of files) of every page of one file."""
        token = {}
        while True:
            lines = self.ask("POST", path, json={"maxFiles": 1, **body, **token})
            yield head_of(lines), files_of(lines)
            following = json.loads(lines[-1]).get("endStreamAction", {}).get("nextPageToken")
            if not following:
                return
            token = {"pageToken": following}

    def later(self, **body):
        """The path of a query that is answered later; None where the server answers at once."""
        body = {"idempotencyKey": secrets.token_hex(8), **body}
        lines = self.ask("POST", "/query", capabilities=";asyncquery=true", json=body)
        status = json.loads(lines[0]).get("queryStatus")
        if status is None:
            return None
        path, deadline = f"/queries/{status['queryId']}", time.monotonic() + PENDING_SECONDS
        while "queryStatus" in json.loads(self.ask("POST", path, json={})[0]):
            if time.monotonic() > deadline:
                raise Broken(f"still pending after {PENDING_SECONDS} s")
            time.sleep(0.02)
        return path

    def ask(self, method, path, capabilities="", **request):
        """The lines of an answer, as texts."""
        text = self.respond(method, path, capabilities, **request).content.decode()
        lines = text.splitlines()
        for line in lines:
            said = json.loads(line).get("endStreamAction", {}).get("errorMessage")
            if said:
                raise Broken(f"200, and then an error after {len(lines)} lines: {said}")
        return lines

    def respond(self, method, path, capabilities="", **request):
        accepted = f"{plain_http.capabilities(self.form)};includeendstreamaction=true{capabilities}"
        headers = {**self._headers, "delta-sharing-capabilities": accepted}
        try:
            response = requests.request(method, self._url + path, headers=headers, timeout=120, **request)
        except requests.exceptions.ChunkedEncodingError as error:
            raise Broken(f"200, and then the stream breaks: {error}") from error
        if response.status_code == 200:
            return response
        if response.status_code >= 500:
            raise Broken(f"{response.status_code}: {response.text[:600]}")
        said = response.json()
        raise Refused(f"{response.status_code} {said['errorCode']}: {said['message']}")


def head_of(lines):
    """What is declared: the protocol's line and the metadata's, byte for byte."""
    return tuple(lines[:2])


def files_of(lines):
    return [line for line in lines[2:] if "endStreamAction" not in json.loads(line)]


def unsigned(line):
    """A file's line without what is signed anew for each answer."""

    def strip(value):
        if isinstance(value, dict):
            return {key: strip(inner) for key, inner in value.items() if key not in SIGNED}
        return [strip(item) for item in value] if isinstance(value, list) else value

    return json.dumps(strip(json.loads(line)), sort_keys=True)


def read_rows(head, files):
    """(names, rows), every file fetched and read by Arrow."""
    return plain_http.rows_of([json.loads(line) for line in (*head, *files)], feed=False)


def expect_rows(case, head, files):
    names, rows = read_rows(head, files)
    if case.rows is None:
        return
    if names != case.columns:
        raise Wrong(f"columns {names}, not {case.columns}")
    wrong = difference(bag(rows), bag(case.rows))
    if wrong:
        raise Wrong(wrong)


def whole(form):
    def ask(case, place):
        lines = Wire(place.served, form).query(**case.at)
        expect_rows(case, head_of(lines), files_of(lines))

    return ask


def parts_of_one(files):
    """True for the lines of a file that is sent once for each of its partition values: each has a vector of its own."""
    adds = [json.loads(line)["file"].get("deltaSingleAction", {}).get("add", {}) for line in files]
    places = {add.get("path", "").split("?")[0].split("#")[0] for add in adds}
    return len(places) == 1 and all("deletionVector" in add for add in adds)


def paged(form):
    """Each page holds one file; together they are the answer that comes whole."""

    def ask(case, place):
        wire = Wire(place.served, form)
        pages = list(wire.pages(**case.at))
        if any(len(files) > LINES_OF_A_FILE and not parts_of_one(files) for _, files in pages):
            raise Wrong("a page of more than the one file asked for")
        files = [file for _, files in pages for file in files]
        expect_rows(case, pages[0][0], files)
        same_files(files, files_of(wire.query(**case.at)), "the pages")

    return ask


def same_files(files, expected, what):
    wrong = difference(sorted(map(unsigned, files)), sorted(map(unsigned, expected)))
    if wrong:
        raise Wrong(f"{what} have other files than the whole answer: {wrong}")


def hinted(form):
    """A hint leaves out no row that matches, and adds none."""

    def ask(case, place):
        wire = Wire(place.served, form)
        for text, wanted in case.filters.items():
            for hints in hints_of(text, wire, case):
                lines = wire.query(**hints, **case.at)
                _, rows = read_rows(head_of(lines), files_of(lines))
                if len(rows) < wanted:
                    raise Wrong(f"{hints}: {len(rows)} rows, of which {wanted} should match")
                if case.rows is not None and without(bag(rows), bag(case.rows)):
                    raise Wrong(f"{hints}: {without(bag(rows), bag(case.rows))[:3]} are not the table's")
        wire_limit(wire, case)

    return ask


def wire_limit(wire, case):
    """A limit may answer with fewer files, never with fewer rows than were asked for."""
    lines = wire.query(limitHint=1, **case.at)
    _, rows = read_rows(head_of(lines), files_of(lines))
    if case.rows is not None and len(rows) < min(1, len(case.rows)):
        raise Wrong("limitHint 1: no rows")


def hints_of(text, wire, case):
    yield {"predicateHints": [text]}
    hint = simple_hint(text, schema_of(head_of(wire.metadata(**case.at))))
    if hint is not None:
        yield {"jsonPredicateHints": hint}


def schema_of(head):
    metadata = json.loads(head[1])["metaData"]
    return json.loads(metadata.get("deltaMetadata", metadata)["schemaString"])


def travelled(form):
    """The version that is the latest one, asked for by its number."""

    def ask(case, place):
        if case.at:
            raise NotAsked("the case is of a version of its own")
        wire = Wire(place.served, form)
        lines = wire.query(version=wire.version())
        expect_rows(case, head_of(lines), files_of(lines))

    return ask


def asynchronous(form):
    """The answer that comes later has the files of the one that comes at once, whole and paged."""

    def ask(case, place):
        wire = Wire(place.served, form)
        path = wire.later(**case.at)
        if path is None:
            raise NotAsked("the server answers at once")
        lines = wire.ask("POST", path, json={})
        expect_rows(case, head_of(lines), files_of(lines))
        same_files(files_of(lines), files_of(wire.query(**case.at)), "the later answer")
        later = [file for _, files in wire.pages(path) for file in files]
        same_files(later, files_of(lines), "the later pages")

    return ask


def changed(form):
    """The change feed: the changes that are known, else an answer about the latest version that does not break."""

    def ask(case, place):
        wire = Wire(place.served, form)
        feed = case.facts.get("changes")
        first, last = (feed["from"], feed["to"]) if feed else (wire.version(),) * 2
        lines = wire.changes(startingVersion=first, endingVersion=last)
        names, rows = plain_http.rows_of([json.loads(line) for line in (*head_of(lines), *files_of(lines))], feed=True)
        if feed is None:
            same_schema(lines, wire.metadata())
            return same_net_change(case, wire, last)
        places = [names.index(name) for name in feed_columns(feed) if name != "_commit_timestamp"]
        kept = [i for i, name in enumerate(feed_columns(feed)) if name != "_commit_timestamp"]
        wrong = difference(bag([row[i] for i in places] for row in rows), bag([row[i] for i in kept] for row in feed["rows"]))
        if wrong:
            raise Wrong(wrong)

    return ask


def same_net_change(case, wire, last):
    """All changes there ever were make the rows, under the names that are declared now."""
    if case.format != "iceberg" or case.rows is None or case.at or case.must_refuse:
        return
    try:
        lines = wire.changes(startingVersion=1, endingVersion=last)
    except Refused:
        return  # The first versions have expired, or need staging.
    names, rows = plain_http.rows_of([json.loads(line) for line in (*head_of(lines), *files_of(lines))], feed=True)
    kind, places = names.index("_change_type"), [names.index(name) for name in case.columns]
    of = lambda *kinds: [[row[i] for i in places] for row in rows if row[kind] in kinds]  # noqa: E731
    after, before = bag(of("insert", "update_postimage")), bag(of("delete", "update_preimage"))
    wrong = difference(after, sorted([*before, *bag(case.rows)]))
    if wrong:
        raise Wrong(f"what was added is not what was removed and what is there: {wrong}")


def same_schema(lines, metadata):
    """A feed of the latest version declares the columns that the table declares, physical names and ids included."""
    if schema_of(head_of(lines)) != schema_of(head_of(metadata)):
        raise Wrong("the change feed declares other columns than /metadata")


def declared(form):
    """One declaration, byte for byte, however the table is asked; also by a server that was never asked before."""

    def ask(case, place):
        wire, replica = Wire(place.served, form), Wire(place.served, form, place.served.replica)
        said, refusals = {}, []

        def note(what, heads):
            try:
                for head in heads():
                    said.setdefault(head, what)
            except Refused as reason:
                refusals.append(f"{what}: {reason}")

        at = case.at
        # The replica is asked for few files first: what it has not looked at yet may change nothing.
        for text in case.filters:
            note(f"replica where {text}", lambda: [head_of(replica.query(predicateHints=[text], **at))])
        note("replica, /metadata", lambda: [head_of(replica.metadata(**at))])
        note("/metadata", lambda: [head_of(wire.metadata(**at))])
        note("the whole query", lambda: [head_of(wire.query(**at))])
        note("pages", lambda: [head for head, _ in wire.pages(**at)])
        for text in case.filters:
            note(f"where {text}", lambda: [head_of(wire.query(predicateHints=[text], **at))])
        note("the later answer", lambda: later_heads(wire, at))
        if len(said) > 1:
            raise Wrong(f"declarations differ: {differing(said)}")
        if not said:
            raise Refused(refusals[0])

    return ask


def later_heads(wire, at):
    path = wire.later(**at)
    return [] if path is None else [head_of(wire.ask("POST", path, json={}))]


def differing(said):
    """Where two declarations part."""
    (first, one), (second, other) = list(said.items())[:2]
    left, right = "\n".join(first), "\n".join(second)
    place = next((i for i, (a, b) in enumerate(zip(left, right)) if a != b), min(len(left), len(right)))
    shown = lambda text: re.sub(r"\s+", " ", text[max(0, place - 80) : place + 120])  # noqa: E731
    return f"{one}: …{shown(left)}… but {other}: …{shown(right)}…"
