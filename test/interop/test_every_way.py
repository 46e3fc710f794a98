"""Every table of `test/fixtures/real` through every way out; those of public reports are `npm run reports`'s, and `npm run ways` asks both.

A test is a case and a group of ways, named by what is peculiar about the table (`-k kind09`: partition spellings, as
`matrix/real.py` has them); `npm run ways` prints the same as a table, with every way in it.
"""

import collections

import pytest

from ways.cases import REAL, cases_in
from ways.golden_cases import golden_cases
from ways.report import failures
from ways.run import GROUPS, WAYS, ask_all, group_of

# Tables that are read rightly for long: a harness that is wrong fails here first. One of each format, with what it is about.
KNOWN = {
    "golden:delta/cdf-mapping",
    "golden:delta/partitioned-dates",
    "golden:delta/nested",
    "golden:iceberg/java-v2-equality-deletes",
    "golden:iceberg/spark-v2-schema-evolution",
    "golden:hudi/v9_mor_event_time",
    "golden:parquet/evolved",
}


def pytest_generate_tests(metafunc):
    titles = {case: case for case in sorted(KNOWN)}
    titles |= {case.id: case.title for case in cases_in(REAL)}
    asked = [(case, group) for case in titles for group in GROUPS]
    metafunc.parametrize("case_id, group", asked, ids=[f"{titles[case]}-{group}" for case, group in asked])


@pytest.fixture(scope="module")
def outcomes(request, tmp_path_factory):
    """Everything that the selected tests ask, with servers that are started once."""
    folder = tmp_path_factory.mktemp("ways")
    every = golden_cases(folder, f"^({'|'.join(KNOWN)})$")
    every += cases_in(REAL)
    known = {case.id: case for case in every}
    selected = [item.callspec.params for item in request.session.items if item.path == request.path]
    asked = [
        (known[params["case_id"]], way) for params in selected for way in WAYS if group_of(way) == params["group"]
    ]
    found = collections.defaultdict(list)
    for outcome in ask_all(folder / "servers", asked):
        found[outcome.case.id, group_of(outcome.way)].append(outcome)
    return found


def test_every_way(outcomes, case_id, group):
    mine = outcomes[case_id, group]
    assert mine, "nothing was asked"
    wrong = list(failures(mine))
    assert not wrong, "\n" + "\n".join(wrong)
