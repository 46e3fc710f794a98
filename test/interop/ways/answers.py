"""What a way says about a case."""

import dataclasses

# The codes that a TableError has where the table or the question is refused; any other is a failure of ours.
REFUSALS = ("UNSUPPORTED_FEATURE", "TABLE_CORRUPT", "INVALID_REQUEST", "NOT_FOUND")


class Refused(Exception):
    """No rows, and a reason, before the first byte."""


class Wrong(Exception):
    """Other rows than a second reader's, or answers that contradict each other."""


class Broken(Exception):
    """An answer that no client can use: 5xx, a stream that breaks, a reason that is none."""


class NotAsked(Exception):
    """The question has no meaning for this case."""


@dataclasses.dataclass(frozen=True)
class Outcome:
    case: object
    way: str
    state: str
    detail: str = ""
    passes: bool = True


def refuse(code, message):
    """Of an error that has a code: a refusal, unless it is a failure, or a parser's words in place of a reason."""
    if code not in REFUSALS:
        raise Broken(f"{code}: {message}")
    if "Catalog Error" in message or "Parser Error" in message:
        raise Broken(f"DuckDB's words in place of a reason: {code}: {message}")
    raise Refused(f"{code}: {message}")
