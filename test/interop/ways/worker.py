"""The process that runs Spillway's own commands and its adapter: starting one for each question would take minutes."""

import concurrent.futures
import contextlib
import itertools
import json
import pathlib
import subprocess
import threading

SCRIPT = pathlib.Path(__file__).with_name("worker.mjs")
TIMEOUT = 180


class Worker:
    def __init__(self, log):
        self._path, self._log = log, open(log, "wb")
        self._process = subprocess.Popen(
            ["node", str(SCRIPT)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log, text=True
        )
        self._ids, self._lock, self._waiting = itertools.count(), threading.Lock(), {}
        threading.Thread(target=self._listen, daemon=True).start()

    def command(self, *args, stdin=None):
        """(status, stdout, stderr) of `spillway ARGS`."""
        answer = self._ask({"kind": "command", "args": list(args), "stdin": stdin})
        return answer["status"], answer["stdout"], answer["stderr"]

    def sql(self, profile, transport, sql):
        """{columns, rows} or {error} of SQL over an attached share."""
        return self._ask({"kind": "sql", "profile": str(profile), "transport": transport, "sql": sql})

    def close(self):
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()

    def _ask(self, request):
        answer = concurrent.futures.Future()
        with self._lock:
            number = next(self._ids)
            self._waiting[number] = answer
            self._process.stdin.write(json.dumps({"id": number, **request}) + "\n")
            self._process.stdin.flush()
        return answer.result(TIMEOUT)

    def _listen(self):
        for line in self._process.stdout:
            answer = json.loads(line)
            with self._lock:
                waiting = self._waiting.pop(answer.pop("id"))
            waiting.set_result(answer)
        with self._lock:
            left = list(self._waiting.values())
            self._waiting.clear()
        for each in left:
            each.set_exception(RuntimeError(f"the worker has ended: {self._path.read_text()[-2000:]}"))
