"""The gateway as a process."""
import json
import os
import pathlib
import re
import resource
import signal
import subprocess
import textwrap
import threading
import time

import httpx

from . import plain

SANITIZER = re.compile(r"AddressSanitizer|ThreadSanitizer|LeakSanitizer|runtime error:|SUMMARY: \w+Sanitizer")
SLOW = 5 if os.environ.get("TIDEGATE_PRESET") in ("asan", "tsan") else 1


# What comes at all comes soon, but for a machine that does other work; the index yields to that.
LEAST_PATIENCE = 30


def wait_until(condition, seconds=10, what="the condition"):
    """Polls until `condition()` is true, and returns its value."""
    seconds = max(seconds, LEAST_PATIENCE)
    deadline = time.monotonic() + seconds * SLOW
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come within {seconds * SLOW} s")
        time.sleep(0.02)


class Gateway:
    """One process with its configuration, data and log in a folder of its own.

    `config` is the YAML below the base: providers, models, features and whatever else; `server`, `records` and
    `events` are the bodies of those keys.
    """

    def __init__(self, binary, folder, config, server="", records="", events="", access="anonymous: true",
                 files=None, descriptors=None, environment=None):
        self.binary = binary
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.config_path = self.folder / "tidegate.yaml"
        self.ports_path = self.folder / "ports.json"
        self.base = "\n".join([
            f"server: {{listen: 127.0.0.1:0, admin: 127.0.0.1:0{', ' + server if server else ''}}}",
            "log: {level: info, format: text}",
            f"records: {{directory: calls{', ' + records if records else ''}}}",
            *([f"events: {{{events}}}"] if events else []),
            *([f"access: {{{access}}}"] if access else []),
        ])
        self.config = textwrap.dedent(config)
        self.descriptors = descriptors
        self.environment = {**os.environ, **(environment or {})}
        self.process = None
        self.log = []
        for name, content in (files or {}).items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(content))
        self.write_config(self.config)

    # Configuration

    def text_of(self, config):
        return self.base + "\n" + textwrap.dedent(config)

    def write_config(self, config):
        """Replaces the file in place, as an editor without a temporary file does."""
        self.config_path.write_text(self.text_of(config))

    # Life

    def begin(self, wait=True):
        self.ports_path.unlink(missing_ok=True)

        def limit():
            if self.descriptors:
                resource.setrlimit(resource.RLIMIT_NOFILE, (self.descriptors, self.descriptors))

        self.process = subprocess.Popen(
            [self.binary, "serve", "--config", self.config_path.name, "--ports-file", self.ports_path.name],
            cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            env=self.environment, preexec_fn=limit)
        self.reader = threading.Thread(target=self._read_log, args=(self.process.stderr,), daemon=True)
        self.reader.start()
        if wait:
            self.wait_ready()
        return self

    def _read_log(self, pipe):
        for line in pipe:
            self.log.append(line.decode(errors="replace").rstrip("\n"))

    def log_text(self, last=60):
        return "\n".join(self.log[-last:])

    def wait_log(self, words):
        """Waits for a line that holds `words`: what is written is read here a moment later."""
        try:
            return wait_until(lambda: next((line for line in self.log if words in line), None))
        except AssertionError:
            raise AssertionError(f"no line of the log says {words!r}:\n{self.log_text()}") from None

    def wait_ready(self):
        def ready():
            if self.process.poll() is not None:
                self.reader.join(5)
                raise AssertionError(f"the gateway ended with {self.process.returncode}:\n{self.log_text()}")
            try:
                ports = json.loads(self.ports_path.read_text())
            except (FileNotFoundError, json.JSONDecodeError):
                return False
            self.ports = ports
            try:
                return plain.get(self.admin + "/readyz", timeout=5).status_code == 200
            except httpx.TransportError:
                return False

        wait_until(ready, 20, f"/readyz of {self.folder.name}")

    @property
    def api(self):
        return "http://" + self.ports["api"]

    @property
    def admin(self):
        return "http://" + self.ports["admin"]

    def send_signal(self, number):
        self.process.send_signal(number)

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.reader.join(5)

    def wait_exit(self, seconds=40):
        code = self.process.wait(seconds * SLOW)
        self.reader.join(5)
        return code

    def end(self):
        """SIGTERM, exit code 0, no report of a sanitizer. Does nothing if it has ended already."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                code = self.wait_exit()
            except subprocess.TimeoutExpired:
                self.kill()
                raise AssertionError(f"SIGTERM did not end the gateway:\n{self.log_text()}") from None
            assert code == 0, f"SIGTERM ended the gateway with {code}:\n{self.log_text()}"
        self.reader.join(5)
        reports = [line for line in self.log if SANITIZER.search(line)]
        assert not reports, "\n".join(self.log[-200:])

    # Questions

    def get_admin(self, path, **options):
        return plain.get(self.admin + path, timeout=10 * SLOW, **options)

    def status(self):
        return self.get_admin("/admin/v1/status").json()

    def record(self, call_id):
        """The call record, or None if there is none (yet)."""
        answer = self.get_admin(f"/admin/v1/calls/{call_id}")
        return answer.json() if answer.status_code == 200 else None

    def wait_record(self, call_id):
        return wait_until(lambda: self.record(call_id), 5, f"the record of {call_id}")

    def reload(self):
        return plain.post(self.admin + "/admin/v1/reload", timeout=10 * SLOW)

    def metrics(self):
        """{'name{labels}': value} of /metrics."""
        out = {}
        for line in self.get_admin("/metrics").text.splitlines():
            if line and not line.startswith("#"):
                name, value = line.rsplit(" ", 1)
                out[name] = float(value)
        return out

    def metric(self, name, **labels):
        """The sum of all series of `name` that have these labels."""
        total = 0.0
        for series, value in self.metrics().items():
            if series.split("{")[0] == name and all(f'{key}="{text}"' in series for key, text in labels.items()):
                total += value
        return total

    def wait_metric(self, expected, name, **labels):
        """Waits until `metric` is what is expected: a value, or a condition on it.

        A call is counted after its last byte has left, so its client may read the metrics before that.
        """
        met = expected if callable(expected) else lambda value: value == expected
        seen = []

        def come():
            seen.append(self.metric(name, **labels))
            return met(seen[-1])

        try:
            wait_until(come)
        except AssertionError:
            wanted = "what it should be" if callable(expected) else expected
            raise AssertionError(f"{name} {labels} is {seen[-1]} after all, not {wanted}") from None
        return seen[-1]

    def chat(self, model, text="What is the tide?", timeout=30, headers=None, **body):
        """A chat completion without an SDK."""
        body = {"model": model, "messages": [{"role": "user", "content": text}], **body}
        return plain.post(self.api + "/v1/chat/completions", json=body, headers=headers, timeout=timeout * SLOW)

    def message(self, model, text="What is the tide?", timeout=30, headers=None, **body):
        body = {"model": model, "max_tokens": 500, "messages": [{"role": "user", "content": text}], **body}
        headers = {"anthropic-version": "2023-06-01", **(headers or {})}
        return plain.post(self.api + "/v1/messages", json=body, headers=headers, timeout=timeout * SLOW)

    def run_command(self, *arguments):
        """A client command of the same binary."""
        environment = {**self.environment, "TIDEGATE_ADMIN": self.admin}
        return subprocess.run([self.binary, *arguments], cwd=self.folder, env=environment, capture_output=True, text=True,
                              timeout=60 * SLOW)
