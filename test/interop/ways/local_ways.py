"""Spillway's own ways: `batch`, `spillway query` of a folder and of a profile, and SQL over an attached share."""

import json

from ways.answers import Broken, NotAsked, Refused, Wrong, refuse
from ways.spelling import bag, difference

# What the command's exit status says of a table: unsupported, corrupt, or a question that is wrong.
REFUSING = {2: "INVALID_REQUEST", 3: "UNSUPPORTED_FEATURE", 4: "NOT_FOUND", 5: "TABLE_CORRUPT"}
TRANSPORTS = ("ranges", "download")


# SQL has no table without columns: ours stands for one, and holds nulls.
STAND_IN = "no columns"


def same_rows(case, columns, rows):
    if case.rows is None:
        return
    if not case.columns and list(columns) == [STAND_IN]:
        columns, rows = [], [[] for row in rows if list(row) == [None]]
    if list(columns) != case.columns:
        raise Wrong(f"columns {list(columns)}, not {case.columns}")
    wrong = difference(bag(rows), bag(case.rows))
    if wrong:
        raise Wrong(wrong)


def by_batch(case, place):
    """Rows, their number, and the number for every filter."""
    filters = list(case.filters.items())
    asked = [{"op": "rows"}, {"op": "count"}, *({"op": "count", "where": text} for text, _ in filters)]
    lines = [json.dumps(case.request() | question | {"id": i}) for i, question in enumerate(asked)]
    status, stdout, stderr = place.worker.command("batch", stdin="\n".join(lines) + "\n")
    answers = [json.loads(line) for line in stdout.splitlines() if line.strip()]
    if status != 0 or len(answers) != len(asked):
        raise Broken(f"exit status {status}, {len(answers)} answers to {len(asked)} questions: {stderr}")
    rows, count, *counts = answers
    if not rows["ok"]:
        refuse(rows["error"]["code"], rows["error"]["message"])
    same_rows(case, [c["name"] if isinstance(c, dict) else c for c in rows["columns"]], rows["rows"])
    expect_count("all rows", count, len(rows["rows"]))
    for (text, wanted), answer in zip(filters, counts):
        expect_count(text, answer, wanted)


def expect_count(what, answer, wanted):
    if not answer["ok"]:
        raise Wrong(f"{what}: rows are answered, but not their number: {answer['error']['message']}")
    if int(answer["rows"]) != wanted:
        raise Wrong(f"{what}: {answer['rows']} rows, not {wanted}")


def by_folder(case, place):
    """`spillway query FOLDER`, as somebody has the table on a disk."""
    request = case.request()
    options = ["--format", request["format"], "--limit", "1000000", "--json"]
    for key, option in (
        ("metadataFile", "--metadata-file"),
        ("version", "--version"),
        ("timestamp", "--timestamp"),
        ("snapshotId", "--snapshot-id"),
        ("ref", "--ref"),
    ):
        if key in request:
            options += [option, str(request[key])]
    for rule in request.get("rebase", []):
        options += ["--rebase", f"{rule['from']}={rule['to']}"]
    if request.get("view") == "read-optimized":
        options.append("--read-optimized")
    rows = command_rows(place, "query", request["location"], *options)
    compare_objects(case, rows)


def by_profile(case, place):
    """`spillway query PROFILE SQL`: rows, and the number for every filter."""
    source = place.served.sql_name + "" if not case.at else share_at(case, place)
    compare_objects(case, profile_rows(place, f"SELECT * FROM {source}"))
    for text, wanted in case.filters.items():
        (row,) = profile_rows(place, f"SELECT count(*) AS n FROM {source} WHERE {text}")
        if int(row["n"]) != wanted:
            raise Wrong(f"{text}: {row['n']} rows, not {wanted}")


def by_sharp_name(case, place):
    """`spillway query PROFILE#share.schema.table`, which reads the rows of one table without SQL."""
    at = [part for key, value in case.at.items() for part in (f"--{key}", str(value))]
    compare_objects(case, command_rows(place, "query", place.served.url, *at, "--limit", "1000000", "--json"))


def profile_rows(place, sql):
    return command_rows(place, "query", str(place.served.profile), sql, "--mode", "json")


def command_rows(place, *args):
    status, stdout, stderr = place.worker.command(*args)
    if status == 0:
        return [json.loads(line) for line in stdout.splitlines() if line.strip()]
    if stdout.strip():
        raise Broken(f"rows, and then exit status {status}: {stderr.strip()}")
    if status not in REFUSING:
        raise Broken(f"exit status {status}: {stderr.strip()}")
    refuse(REFUSING[status], stderr.strip())


def compare_objects(case, rows):
    if not case.columns and all(row == {STAND_IN: None} for row in rows):
        rows = [{} for _ in rows]
    if rows and case.rows is not None and list(rows[0]) != case.columns:
        raise Wrong(f"columns {list(rows[0])}, not {case.columns}")
    same_rows(case, case.columns, [list(row.values()) for row in rows])


def by_sql(transport):
    """The adapter: rows by the table's quoted name, and the number for every filter within a subquery."""

    def ask(case, place):
        source = place.served.sql_name if not case.at else share_at(case, place)
        try:
            answer = rows_by_sql(place, transport, f"FROM {source}")
        except Refused:
            # The reason must be the server's, however the table is named.
            ((count,),) = rows_by_sql(place, transport, f"SELECT count(*) AS n FROM (SELECT * FROM {source}) AS sub")["rows"]
            # Footers alone tell how many rows there are, of values too that nothing here decodes.
            if case.rows is None or int(count) != len(case.rows):
                raise Wrong(f"the table is refused, but counted within a subquery: {count}")
            raise
        same_rows(case, answer["columns"], answer["rows"])
        for text, wanted in case.filters.items():
            sql = f"SELECT count(*) AS n FROM (SELECT * FROM {source}) AS sub WHERE {text}"
            ((count,),) = rows_by_sql(place, transport, sql)["rows"]
            if int(count) != wanted:
                raise Wrong(f"{text}: {count} rows, not {wanted}")

    return ask


def by_sql_version(case, place):
    """Time travel to the version that is the latest one."""
    if case.at:
        raise NotAsked("the case is of a version of its own")
    version = place.version()
    name = f"{place.served.share}.s.{place.served.table}"
    answer = rows_by_sql(place, "ranges", f"FROM share_at('{name}', version := {version})")
    same_rows(case, answer["columns"], answer["rows"])


def by_sql_changes(case, place):
    feed = case.facts.get("changes")
    if feed is None:
        raise NotAsked("nobody else's changes are known")
    name = f"{place.served.share}.s.{place.served.table}"
    answer = rows_by_sql(place, "ranges", f"FROM table_changes('{name}', {feed['from']}, {feed['to']})")
    names = feed_columns(feed)
    places = [answer["columns"].index(column) for column in names]
    wrong = difference(bag([row[i] for i in places] for row in answer["rows"]), bag(feed["rows"]))
    if wrong:
        raise Wrong(wrong)


def feed_columns(feed):
    return [column["name"] if isinstance(column, dict) else column for column in feed["columns"]]


def share_at(case, place):
    ((key, value),) = case.at.items()
    name = f"{place.served.share}.s.{place.served.table}"
    said = f"version := {value}" if key == "version" else f"as_of := '{value}'"
    return f"share_at('{name}', {said})"


def rows_by_sql(place, transport, sql):
    answer = place.worker.sql(place.served.profile, transport, sql)
    if "error" in answer:
        refuse(answer["error"]["code"], answer["error"]["message"])
    return answer
