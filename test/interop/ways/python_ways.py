"""The official Python client: whole, limited, with hints, by version, and its change feed."""

import delta_sharing
import delta_sharing.reader
import delta_sharing.rest_client
import requests

from ways.answers import Broken, NotAsked, Refused, Wrong
from ways.hints import simple_hint
from ways.http_ways import Wire, head_of, schema_of
from ways.local_ways import feed_columns
from ways.spelling import difference, frame_bags, without

# A 5xx is repeated for minutes by default, and has to be seen here at once.
delta_sharing.rest_client.DataSharingRestClient.__init__.__defaults__ = (1,)
# It prints what it counted.
delta_sharing.reader.print = lambda *_: None
LIMIT = 2


def load(place, form, **question):
    return asked(delta_sharing.load_as_pandas, place.served.url, use_delta_format=form == "delta", **question)


def asked(function, *args, **named):
    """The frame; a refusal of the server's is one, and whatever else the client raises broke in its hands."""
    try:
        return function(*args, **named)
    except requests.HTTPError as error:
        status = error.response.status_code if error.response is not None else 0
        text = " ".join(str(error).split())
        if 400 <= status < 500 and "errorCode" in text:
            raise Refused(text) from error
        raise Broken(text) from error
    except BaseException as error:  # noqa: BLE001 - the kernel's panics are no Exception
        if isinstance(error, KeyboardInterrupt):
            raise
        raise Broken(f"{type(error).__name__}: {' '.join(str(error).split())}") from error


def same_frame(case, frame):
    if case.rows is None:
        return
    if list(frame.columns) != case.columns:
        raise Wrong(f"columns {list(frame.columns)}, not {case.columns}")
    wrong = difference(*frame_bags(frame, case.rows, case.columns))
    if wrong:
        raise Wrong(wrong)


def whole(form):
    return lambda case, place: same_frame(case, load(place, form, **case.at))


def limited(form):
    """Some rows, all of them the table's."""

    def ask(case, place):
        frame = load(place, form, limit=LIMIT, **case.at)
        if case.rows is None:
            return
        if len(frame) != min(LIMIT, len(case.rows)):
            raise Wrong(f"{len(frame)} rows of a limit of {LIMIT}, of {len(case.rows)}")
        got, want = frame_bags(frame, case.rows, case.columns) if len(frame) else ([], [])
        if without(got, want):
            raise Wrong(f"{without(got, want)} are not the table's")

    return ask


def hinted(form):
    def ask(case, place):
        wire = Wire(place.served, form)
        hints = []
        for text, wanted in case.filters.items():
            hint = simple_hint(text, schema_of(head_of(wire.metadata(**case.at))))
            if hint is not None:
                hints.append((text, hint, wanted))
        if not hints:
            raise NotAsked("no filter of the case is a hint")
        for text, hint, wanted in hints:
            frame = load(place, form, jsonPredicateHints=hint, **case.at)
            if len(frame) < wanted:
                raise Wrong(f"{text}: {len(frame)} rows, of which {wanted} should match")
            got, want = frame_bags(frame, case.rows or [], case.columns) if len(frame) else ([], [])
            if case.rows is not None and without(got, want):
                raise Wrong(f"{text}: {without(got, want)[:3]} are not the table's")

    return ask


def travelled(form):
    def ask(case, place):
        if case.at:
            raise NotAsked("the case is of a version of its own")
        same_frame(case, load(place, form, version=place.version()))

    return ask


def changed(form):
    def ask(case, place):
        feed = case.facts.get("changes")
        if feed is None:
            raise NotAsked("nobody else's changes are known")
        load_changes = delta_sharing.load_table_changes_as_pandas
        named = {"use_delta_format": form == "delta"}
        frame = asked(load_changes, place.served.url, feed["from"], feed["to"], **named)
        names = feed_columns(feed)
        wrong = difference(*frame_bags(frame, feed["rows"], names))
        if wrong:
            raise Wrong(wrong)

    return ask
