"""Tables as people have them, by what is peculiar about them: some of `test/fixtures/real` of every kind and format."""

import re

from matrix.cases import FORMATS, Case
from ways.cases import REAL, cases_in
from ways.spelling import bag, frame_bags

# By the number that `expect.json` has as its kind.
KINDS = {
    1: "names, ids, partition columns that files lack",
    2: "dropped and added again",
    3: "deletes by path",
    4: "listed twice",
    5: "counts that differ",
    6: "-0.0 and NaN deleted",
    7: "NaN and old bounds",
    8: "cut maxima",
    9: "partition spellings",
    10: "folder names",
    11: "types",
    12: "bootstrap, logs without schema, duplicate keys",
    13: "paths, torn checkpoints",
    14: "files outside the table",
    15: "absolute pointers",
    "nanoseconds": "nanoseconds",
}
# All of them go through every way out in `test_every_way.py`; a client of the matrix may take seconds for one.
OF_A_KIND = 3


class RealCase(Case):
    """Compared by spelling alone: the columns of these tables are names without types."""

    def __init__(self, real):
        facts = {"aspect": KINDS[real.kind], "schema": real.format, "table": f"real_{real.table}"}
        super().__init__(**facts, columns=[{"name": name} for name in real.columns], rows=real.rows, **real.at)
        object.__setattr__(self, "real", real)

    def shared(self):
        return self.real.shared() | {"name": self.table}

    def agrees_with(self, names, rows):
        places = [names.index(name) for name in self.real.columns]
        return sorted(names) == sorted(self.real.columns) and self.bag_of([row[i] for i in places] for row in rows)

    def bag_of(self, rows):
        return bag(rows) == bag(self.rows)

    def agrees_with_frame(self, frame):
        got, want = frame_bags(frame, self.rows, self.real.columns)
        return list(frame.columns) == self.real.columns and got == want

    def refusal(self, staged, client):
        """How a cell says that the case may be refused to a client; None where it may not."""
        family = "parquet" if "parquet format" in client else "query" if "SQL" in client or "query" in client else "delta"
        if self.real.must_refuse:
            return "cannot be read"
        if self.real.kind == "nanoseconds" and self.real.facts.get("refusable") is True:
            return "digits below a microsecond"
        # Cases speak of Python. Spark, and who says that it is Spark, finds columns otherwise: more has to be rewritten for it.
        writes = re.search("Spark|DuckDB's", client) is not None and not staged
        if not writes and not self.real.may_refuse(f"{family}/{'staged' if staged else 'plain'}"):
            return None
        if self.real.may_refuse(f"{family}/staged"):
            return "not exact for it"
        return "needs staging" if family != "parquet" else "needs delta format or staging"


def real_cases():
    """The first, the last and one between of each kind and format; those that have a version are shared at it."""
    every = [case for case in cases_in(REAL) if case.kind in KINDS and not case.direct_only]
    for form in FORMATS:
        for kind in KINDS:
            mine = [case for case in every if case.format == form and case.kind == kind]
            places = {round(i * (len(mine) - 1) / (OF_A_KIND - 1)) for i in range(OF_A_KIND)} if mine else ()
            yield from (RealCase(mine[i]) for i in sorted(places))
