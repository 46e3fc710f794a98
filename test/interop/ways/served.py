"""The servers that the cases are shared by: without and with staging, and a second one of each, which nobody has asked yet."""

import contextlib
import dataclasses
import hashlib
import json
import pathlib
import secrets

from sharing_server import MAIN, free_port, running, wait_until_up

STAGES = ("plain", "staged")


@dataclasses.dataclass(frozen=True)
class Served:
    """One case behind one server; a recipient of its own sees nothing else."""

    profile: pathlib.Path
    share: str
    table: str
    # A profile of the same table behind a server that was never asked before.
    replica: pathlib.Path

    @property
    def url(self):
        return f"{self.profile}#{self.share}.s.{self.table}"

    @property
    def sql_name(self):
        return f'"{self.share}"."s"."{self.table}"'


@contextlib.contextmanager
def serving_cases(folder, cases, stages=STAGES):
    """{stage: {case id: Served}}; every server has ended when the block has."""
    with contextlib.ExitStack() as servers:
        served = {}
        for stage in stages:
            staging = folder / f"staging-{stage}" if stage == "staged" else None
            first, second = (
                servers.enter_context(server(folder / f"{stage}-{role}", cases, staging)) for role in ("first", "second")
            )
            served[stage] = {
                case.id: Served(first[case.id], share_of(number), case.table, second[case.id])
                for number, case in enumerate(cases)
            }
        yield served


def share_of(number):
    return f"case{number}"


@contextlib.contextmanager
def server(folder, cases, staging):
    """{case id: profile}."""
    folder.mkdir(parents=True)
    port = free_port()
    endpoint = f"http://127.0.0.1:{port}/delta-sharing"
    shares, recipients, profiles, tokens = [], [], {}, []
    for number, case in enumerate(cases):
        token = secrets.token_urlsafe(24)
        tokens.append(token)
        shares.append({"name": share_of(number), "schemas": [{"name": "s", "tables": [case.shared()]}]})
        digest = hashlib.sha256(token.encode()).hexdigest()
        recipients.append({"name": f"of {number}", "tokens": [{"sha256": digest}], "shares": [share_of(number)]})
        profiles[case.id] = folder / f"{number}.share"
        profile = {"shareCredentialsVersion": 1, "endpoint": endpoint, "bearerToken": token}
        profiles[case.id].write_text(json.dumps(profile))
    settings = {"host": "127.0.0.1", "port": port, "secret": secrets.token_hex(24)}
    config = {"server": settings, "shares": shares, "recipients": recipients}
    if staging is not None:
        config["staging"] = {"location": str(staging)}
    # JSON is YAML.
    (folder / "spillway.yaml").write_text(json.dumps(config))
    command = ["node", str(MAIN), "serve", "--config", str(folder / "spillway.yaml")]
    with running(command, folder / "server.log") as process:
        wait_until_up(f"{endpoint}/shares", tokens[0], folder / "server.log", process)
        yield profiles
