"""The lines of an answer, in both response formats, as PROTOCOL.md of delta-io/delta-sharing spells them."""

import hashlib
import json

from delta_log import Refused, key_of

NO_PARQUET = {"deletionVectors", "columnMapping", "timestampNtz", "typeWidening", "typeWidening-preview", "variantType"}


def chosen_format(snapshot, capabilities):
    """`parquet` where it can say the table and the client takes it; a refusal where neither is possible."""
    asked = capabilities.get("responseformat", "parquet").split(",")
    features = snapshot.features()
    known = {name.lower() for name in capabilities.get("readerfeatures", "").split(",")}
    if "parquet" in asked and not features & NO_PARQUET:
        return "parquet"
    missing = sorted(name for name in features if name.lower() not in known)
    if "delta" in asked and not missing:
        return "delta"
    needed = missing if "delta" in asked else sorted(features)
    raise Refused(400, "UNSUPPORTED_OPERATION", f"the table needs {', '.join(needed)}, which this request does not accept")


class Lines:
    """Of one request: `form` is the format, `file_ids` how ids are made of paths."""

    def __init__(self, table, signer, form, file_ids):
        self.table, self.signer, self.form = table, signer, form
        self.hash = hashlib.md5 if file_ids == "parquet" else hashlib.sha256
        self.expirations = []
        self.urls = {}

    def protocol(self, snapshot):
        if self.form == "parquet":
            return {"protocol": {"minReaderVersion": 1}}
        return {"protocol": {"deltaProtocol": delta_protocol(snapshot)}}

    def metadata(self, snapshot, with_version):
        metadata = snapshot.metadata
        facts = {"size": sum(add["size"] for add in snapshot.adds), "numFiles": len(snapshot.adds)}
        if with_version:
            facts["version"] = snapshot.version
        if self.form == "delta":
            return {"metaData": {**facts, "deltaMetadata": metadata}}
        said = {key: metadata[key] for key in ("id", "name", "description", "schemaString", "partitionColumns") if key in metadata}
        feed = {"enableChangeDataFeed": "true"} if has_feed(snapshot) else {}
        return {"metaData": {**said, "format": {"provider": "parquet"}, "configuration": feed, **facts}}

    def file(self, kind, action, version=None):
        """One file of a snapshot or of a change; `kind` is the log's: add, cdc or remove."""
        at = {} if version is None else {"version": version, "timestamp": self.table.timestamp(version)}
        url, expires = self.signed(self.table.path_of(action["path"]))
        name = key_of(action)
        shared = {"id": self.hash(json.dumps(name[0]).encode()).hexdigest(), **at, "expirationTimestamp": expires}
        if self.form == "delta":
            return {"file": {**shared, **self.delta_action(kind, action, url)}}
        file = {"url": url, **shared, "partitionValues": partition_values(action), "size": action["size"]}
        if kind == "add" and "stats" in action:
            file["stats"] = action["stats"]
        outer = "file" if version is None else {"cdc": "cdf"}.get(kind, kind)
        return {outer: file}

    def delta_action(self, kind, action, url):
        action = {key: value for key, value in action.items() if not key.endswith("_parsed")}
        vector = action.get("deletionVector")
        if vector is None or vector["storageType"] == "i":
            return {"deltaSingleAction": {kind: {**action, "path": url}}}
        path = self.table.vector_path(vector)
        vector_url, _ = self.signed(path)
        action["deletionVector"] = {**vector, "storageType": "p", "pathOrInlineDv": vector_url}
        name = f"{path.name}:{vector.get('offset')}"
        return {
            "deletionVectorFileId": self.hash(name.encode()).hexdigest(),
            "deltaSingleAction": {kind: {**action, "path": url}},
        }

    def signed(self, path):
        # Both states of a file that a vector changed need one URL: readers pair them by it.
        if path not in self.urls:
            self.urls[path] = self.signer.sign(path)
            self.expirations.append(self.urls[path][1])
        return self.urls[path]

    def end(self, **tokens):
        soonest = {"minUrlExpirationTimestamp": min(self.expirations)} if self.expirations else {}
        return {"endStreamAction": {**tokens, **soonest}}


def delta_protocol(snapshot):
    """What a recipient must know: never how the checkpoints look, which it does not read."""
    protocol, features = dict(snapshot.protocol), snapshot.features()
    if protocol["minReaderVersion"] >= 3:
        protocol["readerFeatures"] = sorted(features)
        protocol["writerFeatures"] = sorted({*(protocol.get("writerFeatures") or [])} - {"v2Checkpoint"} | features)
    return protocol


def partition_values(action):
    """A null is an empty text on this wire."""
    return {key: "" if value is None else value for key, value in (action.get("partitionValues") or {}).items()}


def has_feed(snapshot):
    return snapshot.configuration.get("delta.enableChangeDataFeed", "").lower() == "true"


def changes_of(table, first, last, feed):
    """(version, kind, action) of each file that changed rows, and (version, 'metaData', None) where it was replaced."""
    for version in range(first, last + 1):
        actions = table.actions(version)
        if version > first and any("metaData" in action for action in actions):
            yield version, "metaData", None
        cdc = [action["cdc"] for action in actions if "cdc" in action] if feed else []
        if cdc:
            yield from ((version, "cdc", action) for action in cdc)
            continue
        for action in actions:
            for kind in ("add", "remove"):
                if kind in action and action[kind].get("dataChange"):
                    yield version, kind, action[kind]
