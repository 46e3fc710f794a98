"""The outcomes on a terminal: a line a case, a letter a way."""

import collections

from ways.run import GROUPS, group_of

LETTERS = {"equal": "=", "refused": "-", "wrong": "W", "broken": "B", "not asked": "."}


def letter(outcome):
    return LETTERS[outcome.state] if outcome.passes or outcome.state in ("wrong", "broken") else "R"


def legend(ways):
    yield "= rows equal   - refused, as the case allows   R refused, and may not be   W wrong   B broken   . not asked"
    for group in GROUPS:
        names = [way.rpartition("/")[2] for way in ways if group_of(way) == group]
        if names:
            yield f"  {group:15} {' '.join(names)}"


def case_line(case, outcomes, width=44):
    cells = [(group, [outcome for outcome in outcomes if group_of(outcome.way) == group]) for group in GROUPS]
    shown = "  ".join(f"{group} {''.join(map(letter, mine))}" for group, mine in cells if mine)
    mark = "ok  " if all(outcome.passes for outcome in outcomes) else "FAIL"
    return f"{mark} {case.id:{width}} {shown}"


def failures(outcomes, limit=400):
    """What failed, the ways that say the same together."""
    said = {}
    for outcome in outcomes:
        if not outcome.passes:
            said.setdefault((outcome.state, outcome.detail[:limit]), []).append(outcome.way)
    for (state, detail), ways in said.items():
        yield f"       {state}: {', '.join(ways)}"
        yield f"         {detail}"


def summary(outcomes):
    counts = {state: sum(outcome.state == state for outcome in outcomes) for state in LETTERS}
    said = ", ".join(f"{count} {state}" for state, count in counts.items())
    passed = sum(outcome.passes for outcome in outcomes)
    cases = len({outcome.case.id for outcome in outcomes})
    kinds = collections.Counter(case.kind for case in {o.case.id: o.case for o in outcomes}.values() if case.kind)
    if kinds:
        said += "; tables of each kind: " + ", ".join(f"{kind}: {kinds[kind]}" for kind in sorted(kinds, key=numbers_first))
    return f"{passed} passed, {len(outcomes) - passed} failed; {cases} cases; {said}"


def numbers_first(kind):
    """Kinds beside the issue's fifteen have a name."""
    return (isinstance(kind, str), kind)
