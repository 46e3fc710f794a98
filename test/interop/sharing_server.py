"""Starts this repository's server over the golden tables, on disk or on an S3 server, and stops what it started."""

import contextlib
import hashlib
import json
import pathlib
import secrets
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request

from golden import FOLDER, TABLES

HERE = pathlib.Path(__file__).resolve().parent
MAIN = HERE.parent.parent / "packages" / "spillway" / "dist" / "bundle" / "main.js"
START_TIMEOUT = 60


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def sharing_server(folder, storage=None, location=None, staging=None):
    """Gives the path of a recipient's profile. `location` says where a table's folder lies."""
    return serving(folder, "delta", shared_tables(location), storage, staging)


def serving(folder, schema, tables, storage=None, staging=None):
    """The same for any tables, as `golden.SCHEMA.NAME`."""
    return serving_schemas(folder, {schema: tables}, storage, staging)


@contextlib.contextmanager
def serving_schemas(folder, schemas, storage=None, staging=None, **server):
    """The same for several schemas; `server` are settings of the configuration's section of that name."""
    token = secrets.token_urlsafe(24)
    port = free_port()
    config = {
        "server": {"host": "127.0.0.1", "port": port, "secret": secrets.token_hex(24), **server},
        "shares": [
            {"name": "golden", "schemas": [{"name": name, "tables": tables} for name, tables in schemas.items()]}
        ],
        "recipients": [
            {
                "name": "interop",
                "tokens": [{"sha256": hashlib.sha256(token.encode()).hexdigest()}],
                "shares": ["golden"],
            }
        ],
    }
    if storage:
        config["storage"] = storage
    if staging:
        config["staging"] = {"location": staging}
    # JSON is YAML.
    (folder / "spillway.yaml").write_text(json.dumps(config))
    endpoint = f"http://127.0.0.1:{port}/delta-sharing"
    profile = folder / "profile.share"
    profile.write_text(json.dumps({"shareCredentialsVersion": 1, "endpoint": endpoint, "bearerToken": token}))
    with running(["node", str(MAIN), "serve", "--config", str(folder / "spillway.yaml")], folder / "server.log") as process:
        wait_until_up(f"{endpoint}/shares", token, folder / "server.log", process)
        yield profile


def shared_tables(location):
    where = location or (lambda table: str(FOLDER / table["folder"]))
    return [
        {
            "name": name,
            "location": where(table),
            "history": True,
            **({"rebase": rebased(table, where)} if "rebase" in table else {}),
        }
        for name, table in TABLES.items()
    ]


def rebased(table, where):
    """The catalogue names the folder that absolute paths lie in now."""
    return [{"from": each["from"], "to": where({"folder": each["folder"]})} for each in table["rebase"]]


@contextlib.contextmanager
def running(command, log):
    with open(log, "wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def wait_until_up(url, token, log, process=None):
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
    deadline = time.monotonic() + START_TIMEOUT
    while True:
        try:
            with urllib.request.urlopen(request, timeout=5):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError) as error:
            ended = process is not None and process.poll() is not None
            if ended or time.monotonic() > deadline:
                raise RuntimeError(f"the server did not start: {error}\n{log.read_text()}") from error
            time.sleep(0.1)


class NoS3Server(Exception):
    """There is no Go to build it with."""


@contextlib.contextmanager
def s3_server(state):
    """A server that verifies signatures, its only bucket filled with the golden tables."""
    start = subprocess.run([HERE / "s3" / "start.sh", state], capture_output=True, text=True, timeout=600)
    if start.returncode == 3:
        raise NoS3Server(start.stderr.strip())
    if start.returncode != 0:
        raise RuntimeError(start.stderr)
    try:
        server = json.loads(start.stdout)
        bucket = pathlib.Path(server["buckets"]) / "golden-tables"
        bucket.mkdir(exist_ok=True)
        for table in TABLES.values():
            shutil.copytree(FOLDER / table["folder"], bucket / table["folder"])
        yield {
            "s3": {
                "endpoint": server["endpoint"],
                "region": server["region"],
                "pathStyle": True,
                "credentials": {
                    "accessKeyId": server["accessKeyId"],
                    "secretAccessKey": server["secretAccessKey"],
                },
            }
        }
    finally:
        subprocess.run([HERE / "s3" / "stop.sh", state], check=True)
