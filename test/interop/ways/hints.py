"""JSON predicate hints out of the simple filters of a case."""

import json
import re

COMPARISONS = {
    "=": "equal",
    "<": "lessThan",
    "<=": "lessThanOrEqual",
    ">": "greaterThan",
    ">=": "greaterThanOrEqual",
}
SIMPLE = re.compile(r"""("[^"]+"|[^\W\d]\w*)\s*(<=|>=|=|<|>)\s*(?:(DATE)\s*)?('(?:[^']|'')*'|-?\d+(?:\.\d+)?)""", re.IGNORECASE)
NULL = re.compile(r"""("[^"]+"|[^\W\d]\w*)\s+IS\s+(NOT\s+)?NULL""", re.IGNORECASE)
TYPES = {
    "string": "string",
    "integer": "int",
    "short": "int",
    "byte": "int",
    "long": "long",
    "float": "float",
    "double": "double",
    "date": "date",
    "boolean": "bool",
}


def simple_hint(text, schema):
    """The hint that a comparison with a literal or with null is; None for anything more."""
    types = {field["name"]: TYPES.get(str(field["type"])) for field in schema["fields"]}
    matched = NULL.fullmatch(text.strip()) or SIMPLE.fullmatch(text.strip())
    kind = types.get(unquoted(matched[1])) if matched else None
    if kind is None:
        return None
    column = {"op": "column", "name": unquoted(matched[1]), "valueType": kind}
    if matched.re is NULL:
        is_null = {"op": "isNull", "children": [column]}
        return json.dumps({"op": "not", "children": [is_null]} if matched[2] else is_null)
    value = matched[4]
    if value.startswith("'") != (kind in ("string", "date")):
        return None
    if kind in ("int", "long") and "." in value:
        return None
    literal = {"op": "literal", "value": value.strip("'").replace("''", "'"), "valueType": kind}
    return json.dumps({"op": COMPARISONS[matched[2]], "children": [column, literal]})


def unquoted(name):
    return name.strip('"')
