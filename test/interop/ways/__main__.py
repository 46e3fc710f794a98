"""Reads tables through every way out and compares the rows. Exits 1 when a way is wrong, broken or wrongly refused.

    npm run ways [-- FOLDER...] [--only NAME] [--ways PREFIX] [--json FILE]
    npm run ways -- --refused      what is still refused with staging on, of every table there is
"""

import argparse
import collections
import json
import pathlib
import re
import sys
import tempfile

from ways.cases import cases_in, present_roots
from ways.golden_cases import golden_cases
from ways.refused import print_refused
from ways.report import case_line, failures, legend, summary
from ways.run import WAYS, ask_all


def main():
    parser = argparse.ArgumentParser(prog="npm run ways --", description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="*", type=pathlib.Path, help="FORMAT/NAME/expect.json; all that is present")
    parser.add_argument("--only", default="", help="cases whose FORMAT/NAME contains this")
    parser.add_argument("--ways", default="", help="ways whose name begins so, such as delta/staged")
    parser.add_argument("--json", type=pathlib.Path, help="write every outcome there")
    parser.add_argument("--golden", action="store_true", help="the golden tables in place of folders")
    parser.add_argument("--refused", action="store_true", help="list what is refused with staging on, and why")
    options = parser.parse_args()
    cases = [case for root in options.folders or present_roots() for case in cases_in(root) if options.only in case.id]
    if options.refused:
        return print_refused(cases, options.only)
    ways = [way for way in WAYS if way.startswith(options.ways)]
    if not (cases or options.golden) or not ways:
        parser.error("there is nothing of that name")
    print("\n".join(legend(ways)))
    with tempfile.TemporaryDirectory(prefix="spillway-ways-") as name:
        folder = pathlib.Path(name)
        if options.golden:
            cases = golden_cases(folder, re.escape(options.only))
        outcomes = run(folder, cases, ways)
    print(summary(outcomes))
    if options.json:
        options.json.write_text("\n".join(json.dumps(record(outcome)) for outcome in outcomes) + "\n")
    return 0 if all(outcome.passes for outcome in outcomes) else 1


def run(folder, cases, ways):
    """Prints each case when it is done."""
    done = collections.defaultdict(list)
    for outcome in ask_all(folder, [(case, way) for case in cases for way in ways]):
        mine = done[outcome.case.id]
        mine.append(outcome)
        if len(mine) == len(ways):
            print("\n".join([case_line(outcome.case, mine), *failures(mine)]), flush=True)
    return [outcome for mine in done.values() for outcome in mine]


def record(outcome):
    said = {"case": outcome.case.id, "way": outcome.way, "state": outcome.state, "passes": outcome.passes}
    return said | {"kind": outcome.case.kind, "detail": outcome.detail}


if __name__ == "__main__":
    sys.exit(main())
