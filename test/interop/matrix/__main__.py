"""Prints what every client reads of every format. Exits 1 when a cell is wrong.

    npm run matrix [-- --markdown docs/clients.md] [--only CLIENT] [--tables NAME]
"""

import argparse
import contextlib
import os
import pathlib
import sys
import tempfile
import time

os.environ["TZ"] = "UTC"
time.tzset()

from matrix.cases import cases, shared_schemas  # noqa: E402
from matrix.clients import NotOffered, clients  # noqa: E402
from matrix.real import real_cases  # noqa: E402
from matrix.refusals import allowed  # noqa: E402
from matrix.report import Outcome, print_tables, write_markdown  # noqa: E402
from sharing_server import serving_schemas  # noqa: E402


def main():
    parser = argparse.ArgumentParser(prog="npm run matrix --", description=__doc__.splitlines()[0])
    parser.add_argument("--markdown", type=pathlib.Path, help="write the tables there too")
    parser.add_argument("--only", default="", help="clients whose name contains this")
    parser.add_argument("--tables", default="", help="tables whose name contains this")
    options = parser.parse_args()
    every = [*cases(), *real_cases()]
    every = [case for case in every if options.tables in case.name]
    outcomes = []
    with tempfile.TemporaryDirectory(prefix="spillway-matrix-") as name:
        folder = pathlib.Path(name)
        for staged in (True, False):
            outcomes += ask_all(folder / ("staged" if staged else "plain"), every, staged, options.only)
    print_tables(outcomes)
    if options.markdown:
        write_markdown(options.markdown, outcomes)
    wrong = [outcome for outcome in outcomes if outcome.kind == "wrong"]
    for outcome in wrong:
        print(f"WRONG  {outcome.client} (staging {outcome.staged}): {outcome.case.name} {outcome.case.aspect}: {outcome.words}")
    counts = {kind: sum(outcome.kind == kind for outcome in outcomes) for kind in ("equal", "refused", "not asked", "skipped", "wrong")}
    print(f"{counts['equal']} cells with equal rows, {counts['refused']} refused with their reason")
    print(
        f"{counts['equal'] + counts['refused']} passed, {counts['wrong']} failed, "
        f"{counts['not asked'] + counts['skipped']} skipped"
    )
    return 1 if wrong else 0


def ask_all(folder, every, staged, only):
    folder.mkdir()
    schemas = shared_schemas(folder, every)
    with serving_schemas(folder, schemas, staging=str(folder / "staging") if staged else None) as profile:
        for client in clients(profile):
            if only in client.name:
                began = time.monotonic()
                with contextlib.closing(client):
                    for case in every:
                        yield ask(client, case, staged)
                print(f"{time.monotonic() - began:6.0f} s {client.name} (staging {staged})", flush=True)


def ask(client, case, staged):
    said = lambda kind, words="": Outcome(client.name, case, staged, kind, words)  # noqa: E731
    if client.skipped:
        return said("skipped", client.skipped)
    try:
        return said("equal") if client.agrees(case) else said("wrong", "other rows")
    except NotOffered as reason:
        return said("not asked", str(reason))
    except Exception as error:  # noqa: BLE001 - whatever a client raises is its answer
        reason = allowed(case, staged, client.name, error)
        return said("refused", reason) if reason else said("wrong", f"{type(error).__name__}: {error}"[:600])


if __name__ == "__main__":
    sys.exit(main())
