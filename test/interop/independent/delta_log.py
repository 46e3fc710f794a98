"""What a Delta table holds at a version, by replaying its log with nothing but Python (and Arrow for a checkpoint)."""

import base64
import datetime
import json
import pathlib
import re
import urllib.parse
import uuid

CHECKPOINT = re.compile(r"(\d{20})\.checkpoint(?:\.\d{10}\.\d{10})?\.parquet")


class Refused(Exception):
    """Answered to the client with a status and a sentence."""

    def __init__(self, status, code, message):
        super().__init__(message)
        self.status, self.code = status, code


def bad(message):
    return Refused(400, "INVALID_PARAMETER_VALUE", message)


class Table:
    """One table's log. Nothing is kept between calls: a commit that arrives is seen by the next request."""

    def __init__(self, root):
        self.root = pathlib.Path(root).resolve()
        self.log = self.root / "_delta_log"

    def commits(self):
        return sorted(int(path.stem) for path in self.log.glob("*.json") if re.fullmatch(r"\d{20}", path.stem))

    def latest(self):
        return max([*self.commits(), *self.checkpoints()])

    def checkpoints(self):
        names = (CHECKPOINT.fullmatch(path.name) for path in self.log.glob("*.checkpoint*.parquet"))
        return sorted({int(name[1]) for name in names if name})

    def actions(self, version):
        """Of one commit, each action as the log spells it."""
        path = self.log / f"{version:020d}.json"
        if not path.exists():
            raise bad(f"Cannot load table version {version}: its commit is not in the log")
        return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]

    def timestamp(self, version):
        """Of a commit, in milliseconds: what it says itself, or when its file was written."""
        info = next((action["commitInfo"] for action in self.actions(version) if "commitInfo" in action), {})
        if "inCommitTimestamp" in info:
            return info["inCommitTimestamp"]
        return (self.log / f"{version:020d}.json").stat().st_mtime_ns // 1_000_000

    def version_at(self, text):
        """The last version committed at or before a time."""
        before = [version for version in self.commits() if self.timestamp(version) <= milliseconds(text)]
        if not before:
            raise bad(f"the table has no version at {text}: its first is later")
        return before[-1]

    def version_from(self, text):
        """The first version committed at or after a time."""
        after = [version for version in self.commits() if self.timestamp(version) >= milliseconds(text)]
        if not after:
            raise bad(f"the table has no version from {text} on: its latest is earlier")
        return after[0]

    def snapshot(self, version):
        return Snapshot(self, version)

    def replayed(self, version):
        """Every action up to a version, in order; from a checkpoint where the first commits were cleaned away."""
        if not 0 <= version <= self.latest():
            raise bad(f"Cannot load table version {version}: the table has versions up to {self.latest()}")
        start = 0
        if 0 not in self.commits():
            earlier = [checkpoint for checkpoint in self.checkpoints() if checkpoint <= version]
            if not earlier:
                raise bad(f"Cannot load table version {version}: its commits were cleaned away")
            start = earlier[-1] + 1
            yield from self.checkpointed(earlier[-1])
        for number in range(start, version + 1):
            yield from self.actions(number)

    def checkpointed(self, version):
        import pyarrow.parquet

        for part in sorted(self.log.glob(f"{version:020d}.checkpoint*.parquet")):
            for row in pyarrow.parquet.read_table(part).to_pylist(maps_as_pydicts="strict"):
                yield {kind: without_nulls(action) for kind, action in row.items() if action is not None}

    def path_of(self, path):
        """Where a path of the log lies: relative paths are percent-encoded, absolute ones are URIs."""
        parsed = urllib.parse.urlsplit(path)
        decoded = urllib.parse.unquote(parsed.path)
        if parsed.scheme not in ("", "file"):
            raise Refused(400, "UNSUPPORTED_OPERATION", f"{parsed.scheme} paths are not served")
        file = (self.root / decoded).resolve()
        if not file.is_relative_to(self.root):
            raise Refused(400, "UNSUPPORTED_OPERATION", "a file of the table lies outside of its folder")
        return file

    def vector_path(self, vector):
        """Of a deletion vector in a file of its own: a prefix, then a UUID in Z85 (Delta protocol, Deletion Vectors)."""
        if vector["storageType"] == "p":
            return self.path_of(vector["pathOrInlineDv"])
        prefix, encoded = vector["pathOrInlineDv"][:-20], vector["pathOrInlineDv"][-20:]
        return self.root / prefix / f"deletion_vector_{uuid.UUID(bytes=base64.b85decode(to_b85(encoded)))}.bin"


class Snapshot:
    def __init__(self, table, version):
        self.version = version
        self.protocol, self.metadata, adds = None, None, {}
        for action in table.replayed(version):
            self.protocol = action.get("protocol", self.protocol)
            self.metadata = action.get("metaData", self.metadata)
            for kind in ("add", "remove"):
                if kind in action:
                    adds.pop(key_of(action[kind]), None)
            if "add" in action:
                adds[key_of(action["add"])] = action["add"]
        if self.protocol is None or self.metadata is None:
            raise Refused(500, "INTERNAL_ERROR", f"version {version} has no protocol or metadata")
        self.adds = list(adds.values())

    @property
    def configuration(self):
        return self.metadata.get("configuration") or {}

    def features(self):
        """The reader features that a recipient of its files must know; how checkpoints look is no matter of theirs."""
        if self.protocol["minReaderVersion"] >= 3:
            named = set(self.protocol.get("readerFeatures") or [])
        else:
            named = set()
        if self.protocol["minReaderVersion"] == 2 and self.configuration.get("delta.columnMapping.mode", "none") != "none":
            named.add("columnMapping")
        return named - {"v2Checkpoint", "vacuumProtocolCheck"}


def key_of(action):
    vector = action.get("deletionVector") or {}
    return action["path"], vector.get("pathOrInlineDv"), vector.get("offset")


def without_nulls(value):
    """A checkpoint has every field of every action; the log leaves out what is null, save in the values of a map."""
    if not isinstance(value, dict):
        return value
    return {
        key: inner if key == "partitionValues" else without_nulls(inner)
        for key, inner in value.items()
        if inner is not None
    }


Z85 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"
B85 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~"


def to_b85(text):
    """The same code with the alphabet that Python knows."""
    return text.translate(str.maketrans(Z85, B85)).encode()


def milliseconds(text):
    try:
        at = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError as error:
        raise bad(f"{text} is not a timestamp") from error
    if at.tzinfo is None:
        raise bad(f"{text} has no time zone")
    return round(at.timestamp() * 1000)
