"""The tables of outcomes, on a terminal and in Markdown."""

import dataclasses

from matrix.cases import ASPECTS, FORMATS, Case
from matrix.real import KINDS


@dataclasses.dataclass(frozen=True)
class Outcome:
    client: str
    case: Case
    staged: bool
    kind: str
    words: str


def cell(outcomes):
    """One cell: how many tables' rows were equal, and what else was said."""
    if not outcomes:
        return "-"
    parts = []
    equal = sum(outcome.kind == "equal" for outcome in outcomes)
    if equal:
        parts.append(f"rows equal ({equal})")
    for kind in ("refused", "not asked", "skipped", "wrong"):
        words = [outcome.words for outcome in outcomes if outcome.kind == kind]
        if words and kind == "wrong":
            parts.append(f"WRONG ({len(words)})")
        elif words:
            reasons = "; ".join(dict.fromkeys(words))
            parts.append(f"{kind} ({len(words)}): {reasons}")
    return ", ".join(parts)


def aspects_of(outcomes, form):
    """The aspects of a format's golden tables, and the kinds of those that people have."""
    found = [outcome.case.aspect for outcome in outcomes if outcome.case.schema == form]
    yield ASPECTS
    kinds = tuple(kind for kind in KINDS.values() if kind in found)
    if kinds:
        yield kinds


def rows_of(outcomes, staged, form, aspects):
    names = dict.fromkeys(outcome.client for outcome in outcomes)
    for name in names:
        mine = [o for o in outcomes if o.client == name and o.staged == staged and o.case.schema == form]
        skipped = {o.words for o in mine if o.kind == "skipped"}
        if skipped:
            yield name, [f"skipped: {skipped.pop()}", *["skipped"] * (len(aspects) - 1)]
        else:
            yield name, [cell([o for o in mine if o.case.aspect == aspect]) for aspect in aspects]


def titles(staged):
    return "with a staging folder" if staged else "without a staging folder"


def print_tables(outcomes):
    for staged in (True, False):
        for form in FORMATS:
            print(f"\n== {form}, {titles(staged)}")
            for aspects in aspects_of(outcomes, form):
                for name, cells in rows_of(outcomes, staged, form, aspects):
                    print(f"  {name}")
                    for aspect, text in zip(aspects, cells):
                        print(f"    {aspect:16} {text}")
    print()


HEAD = """# What each client reads

Which line is yours, if you set nothing:

- **pandas** (`load_as_pandas` of delta-sharing 1.4): *delta format* where the table needs it, *parquet format* where it does not, as the
  server answers; `load_table_changes_as_pandas`: *parquet format*. Both take `use_delta_format=True`.
- **Spark**: *parquet format*; `.option("responseFormat", "delta")` is the other line.
- **Power BI**: *parquet format*, as *plain HTTP, parquet format*: it is not tried here.

Written by `npm run matrix -- --markdown docs/clients.md`, in a clone of the repository, as are the other commands of this page: change
the matrix (`test/interop/matrix`), not this page.

Every client reads tables that other writers wrote, and its rows are compared with what those writers' own engines read
(the catalogues of `test/fixtures`). A cell says how many tables' rows were equal, or why the others were refused; no
cell may show other rows. *Staging* is the provider's folder for rewritten files, for recipients that cannot apply deletes
themselves. The second table of a format is of tables that people have, by what is peculiar about them
(`test/fixtures/real`; `npm run ways` asks all of them, through every way out). The Spark rows need the connector's jars (`SPILLWAY_SPARK_JARS`).

DuckDB's extension is represented by its own requests, header for header; its files are then read by the protocol's text.
By its source (1.5.5) it does not read deletion vectors so: it stops four bytes short of one that lies in a file and knows
no bitmap with runs. Do not share tables that have vectors with it.

Moments in nanoseconds reach every client of delta format where they are whole microseconds: pandas and our own clients as they
are, others with a staging folder ([nanoseconds](explain/exact-rows.md#nanoseconds)).
"""


def write_markdown(path, outcomes):
    lines = [HEAD]
    for staged in (True, False):
        for form in FORMATS:
            lines += [f"## {form.capitalize()}, {titles(staged)}", ""]
            for aspects in aspects_of(outcomes, form):
                lines += [f"| client | {' | '.join(aspects)} |", f"|{'---|' * (len(aspects) + 1)}"]
                for name, cells in rows_of(outcomes, staged, form, aspects):
                    lines.append(f"| {name} | {' | '.join(cells)} |")
                lines.append("")
    path.write_text("\n".join(lines))
