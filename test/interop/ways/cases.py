"""Tables with the rows that a second reader reads from them: FORMAT/NAME/{table/, aux0/, expect.json}."""

import dataclasses
import json
import pathlib
import re

FIXTURES = pathlib.Path(__file__).resolve().parents[2] / "fixtures"
REAL = FIXTURES / "real"
# Tables after public reports, which are not part of this repository.
REPORTS = FIXTURES.parents[2] / "shared" / "fixtures" / "reports"
# Ways of saying which version is meant: one is passed on, a snapshot can only be asked for directly.
ON_THE_WIRE = ("version", "timestamp")
DIRECT_ONLY = ("snapshotId", "ref")
HERE = "{folder}"


@dataclasses.dataclass(frozen=True)
class Case:
    folder: pathlib.Path
    facts: dict
    # Of a golden table: its facts, where they are not those of a folder of this layout.
    golden: dict | None = None
    # Tables of several folders may have the same name.
    origin: str = ""

    @property
    def format(self):
        return self.facts["format"]

    @property
    def name(self):
        return self.facts["name"]

    @property
    def id(self):
        return f"{self.origin}:{self.format}/{self.name}"

    @property
    def kind(self):
        """The number of what is peculiar about the table; None where nobody said."""
        kind = self.facts.get("kind")
        return kind[0] if isinstance(kind, list) else kind

    @property
    def title(self):
        return self.id if self.kind is None else f"kind{self.kind:02}:{self.id}"

    @property
    def columns(self):
        return [column["name"] if isinstance(column, dict) else column for column in self.facts.get("columns", [])]

    @property
    def rows(self):
        """None where nobody else's rows are known, and only whether there is an answer counts."""
        return self.facts.get("rows")

    @property
    def filters(self):
        return self.facts.get("filters") or {}

    @property
    def must_refuse(self):
        return bool(self.facts.get("mustRefuse"))

    @property
    def at(self):
        """The version that the rows are of, as a query says it; none for the latest."""
        return {key: self.facts[key] for key in ON_THE_WIRE if key in self.facts}

    @property
    def direct_only(self):
        return any(key in self.facts for key in DIRECT_ONLY)

    def may_refuse(self, way):
        allowed = self.facts.get("refusable", [])
        if self.must_refuse or allowed is True:
            return True
        return any(way.startswith(prefix) for prefix in [*(allowed or []), *self._unknown_readers()])

    def _unknown_readers(self):
        """Reports speak of known clients: one that could be any must be right whichever it is, and is refused more."""
        return ("parquet/plain/http", "delta/plain/http") if self.origin == "reports" else ()

    def leaves_out(self, way):
        return any(way.startswith(prefix) for prefix in self.facts.get("skip", []))

    def source(self):
        """How the table is found: what `batch` and a server's configuration share."""
        if self.golden is not None:
            return dict(self.golden)
        found = {"location": str(self.folder / "table"), "format": self.format}
        if self.facts.get("rebase"):
            found["rebase"] = [
                {"from": rule["from"], "to": self.target(rule["to"])} for rule in self.facts["rebase"]
            ]
        if "metadataFile" in self.facts:
            found["metadataFile"] = self.placed(self.facts["metadataFile"])
        return found | ({"view": self.facts["view"]} if "view" in self.facts else {})

    def target(self, to):
        """A folder of the case, or what says itself how its absolute path is spelled."""
        return self.placed(to) if HERE in to else f"{str(self.folder / to).rstrip('/')}/"

    def placed(self, path):
        """No file of this repository knows the machine's paths: `{folder}` stands for the folder of the case."""
        return path.replace(HERE, str(self.folder))

    def request(self):
        return self.source() | {key: self.facts[key] for key in (*ON_THE_WIRE, *DIRECT_ONLY) if key in self.facts}

    def shared(self):
        """As a server's configuration has it."""
        table = self.source() | {"name": self.table, "history": True}
        if self.facts.get("auxiliary"):
            table["auxiliaryLocations"] = [str(self.folder / name) for name in self.facts["auxiliary"]]
        return table

    @property
    def table(self):
        return re.sub(r"\W", "_", self.name, flags=re.ASCII)

def cases_in(root):
    """Every case below a folder, in the order of their names."""
    root = root.resolve()
    for path in sorted(root.glob("*/*/expect.json")):
        facts = json.loads(path.read_text())
        facts = {"name": path.parent.name, "format": path.parent.parent.name} | facts
        yield Case(path.parent, facts, origin=root.name)


def present_roots():
    return [root for root in (REAL, REPORTS) if root.is_dir()]
