"""The only refusals that a cell of the matrix may show, by what is asked. Any other failure of a client is wrong."""

import dataclasses
import re

import plain_http

PARQUET_ONLY = r"parquet format"
ANY = r""


@dataclasses.dataclass(frozen=True)
class Rule:
    """Where a refusal is right, the words that it must have, and how a cell says it."""

    schema: str
    aspect: str
    words: str
    says: str
    clients: str = ANY
    tables: str = ANY
    only_without_staging: bool = True


VECTORS = "uses? (columnMapping, )?deletionVectors"
MAPPING = "uses? columnMapping"
MERGED = "files? of the table (has|have) deleted or changed rows that (plain Parquet|a deletion vector) cannot express"
# Files are held against their recipient one by one where only their footers tell what they hold.
WIDENED = "uses (columnMapping, )?(deletionVectors, )?typeWidening|of the table cannot be sent as|hold fixed-length bytes"
# The connector's own words, about a table that says which types its older files hold.
OWN_WIDENING = "DELTA_UNSUPPORTED_TYPE_CHANGE.*Please upgrade to Delta 4.0"

RULES = [
    Rule("delta", "deleted rows", VECTORS, "needs delta format or staging", PARQUET_ONLY),
    Rule("delta", "renamed columns", MAPPING, "needs delta format or staging", PARQUET_ONLY),
    Rule("delta", "time travel", VECTORS, "needs delta format or staging", PARQUET_ONLY, "dv-delete"),
    Rule("delta", "changes", f"{VECTORS}|{MAPPING}", "needs delta format", PARQUET_ONLY, "cdf-(dv|mapping)", False),
    Rule("iceberg", "deleted rows", f"{VECTORS}|{MERGED}", "needs delta format or staging", PARQUET_ONLY),
    Rule("iceberg", "deleted rows", MERGED, "needs staging", tables="spark-v2-deletes|java-v2-equality-deletes"),
    Rule("iceberg", "renamed columns", WIDENED, "widened types: needs staging", "parquet format|Python|DuckDB|Spark"),
    Rule("iceberg", "renamed columns", f"{MERGED}|{VECTORS}", "needs staging", tables="java-v2-equality-evolved"),
    Rule("iceberg", "renamed columns", OWN_WIDENING, "Delta 3 reads no wider types: Delta 4 or parquet format", "Spark", only_without_staging=False),
    Rule("hudi", "deleted rows", MERGED, "merged logs: needs staging"),
    Rule("hudi", "renamed columns", "uses schemaOnRead", "needs staging"),
    # Spark's connector misreads vectors inside change lines, so nobody is sent them there.
    Rule("hudi", "changes", f"{MERGED}|include row-level deletes", "parts of files: needs staging"),
    Rule("parquet", "plain", WIDENED, "widened types: needs staging", "parquet format|Python|DuckDB", "evolved"),
    Rule("parquet", "plain", OWN_WIDENING, "Delta 3 reads no wider types: Delta 4 or parquet format", "Spark", "evolved", False),
    Rule("parquet", "time travel", "has only its current version", "has one version", only_without_staging=False),
    Rule("parquet", "changes", "has only its current version|changes of parquet tables are not shared", "has one version", only_without_staging=False),
]


# Of a refusal that is the server's or our own, and not what a client stumbled over.
SERVERS_WORDS = re.compile(
    r"4\d\d Client Error.*errorCode|the server answered 4\d\d|HTTP request failed with status: HTTP/1.1 4\d\d.*errorCode", re.DOTALL
)
# Spark's own words, about files that it would have to guess of.
SPARKS_WORDS = {
    OWN_WIDENING: "Delta 3 reads no wider types: Delta 4 or parquet format",
    "READ_ANCIENT_DATETIME": "Spark asks which calendar old days are in (spark.sql.parquet.datetimeRebaseModeInRead)",
}


def allowed(case, staged, client, error):
    """How a cell says this refusal; None where it must not be."""
    message, refusal = str(error), isinstance(error, plain_http.Refusal)
    if case.real is not None and "Spark" in client:
        for words, says in SPARKS_WORDS.items():
            if re.search(words, message, re.DOTALL):
                return says
    if case.real is not None:
        return case.refusal(staged, client) if refusal or SERVERS_WORDS.search(message) else None
    said = re.sub(r"['\"]\s*\n\s*['\"]", "", message)
    for rule in RULES:
        asked = rule.schema == case.schema and rule.aspect == case.aspect and re.search(rule.tables, case.table)
        applies = asked and re.search(rule.clients, client) and not (staged and rule.only_without_staging)
        if applies and re.search(rule.words, said, re.DOTALL):
            return rule.says
    return None
