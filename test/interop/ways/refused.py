"""What is still refused with staging on: each table with the ways and their reasons, and the share of all tables."""

import pathlib
import re
import tempfile

from ways.golden_cases import golden_cases
from ways.run import ask_all

# One of each kind of recipient: what is refused to these is refused to all like them.
ASKED = (
    "batch/rows",
    "query/staged/sql-ranges",
    "parquet/staged/http",
    "parquet/staged/python",
    "delta/staged/http",
    "delta/staged/python",
)


def print_refused(cases, only=""):
    with tempfile.TemporaryDirectory(prefix="spillway-refused-") as name:
        folder = pathlib.Path(name)
        every = [case for case in (*golden_cases(folder, re.escape(only)), *cases)]
        outcomes = list(ask_all(folder, [(case, way) for case in every for way in ASKED]))
    lines = list(report(every, outcomes))
    print("\n".join(lines))
    return 0


def report(cases, outcomes):
    """Tables that somebody else reads come first: of those alone is a share."""
    refused = {case.id: reasons_of(case, outcomes) for case in cases}
    read = [case for case in cases if case.rows is not None and not case.must_refuse]
    others = [case for case in cases if case not in read]
    for title, group in (("that a second reader reads", read), ("that no second reader reads", others)):
        mine = [case for case in group if refused[case.id]]
        yield f"== of {len(group)} tables {title}, {len(mine)} are refused to somebody, with staging on"
        for case in mine:
            yield case.id
            yield from (f"    {', '.join(ways)}\n      {reason}" for reason, ways in refused[case.id].items())
    entirely = [case for case in read if len(set().union(*refused[case.id].values(), ())) == len(ASKED)]
    partly = [case for case in read if refused[case.id]]
    yield f"refused to everybody: {share(entirely, read)}; refused to somebody: {share(partly, read)}"
    failed = [outcome for outcome in outcomes if outcome.state in ("wrong", "broken")]
    yield f"wrong or broken: {len(failed)} answers about {len({outcome.case.id for outcome in failed})} tables"


def reasons_of(case, outcomes):
    reasons = {}
    for outcome in outcomes:
        if outcome.case.id == case.id and outcome.state == "refused":
            reasons.setdefault(reason_of(outcome.detail), []).append(outcome.way)
    return reasons


def reason_of(detail):
    """The server's message alone, so that the ways which hear the same are one line."""
    said = re.search(r"'message': (.*)\}$", detail)
    text = re.sub(r"['\"] ['\"]", "", said[1]).strip("'\" ") if said else detail
    text = re.sub(r"^(\d+ )?[A-Z_]+: ", "", text)
    text = re.sub(r"\w+:///\S+?(?=[,;:)]*(\s|$))", "…", text)
    return re.sub(r"^the server answered \d+: ", "", text)


def share(some, of):
    return f"{len(some)} of {len(of)} ({100 * len(some) / max(1, len(of)):.1f} %)"
