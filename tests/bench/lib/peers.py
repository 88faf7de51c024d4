"""What is measured: the gateway, and what it is compared with, each with a configuration that only proxies.

A peer keeps no records and counts nothing; the gateway does all it can. `tests/bench/install` brings what the
distribution has not.
"""
import dataclasses
import json
import shutil
import time
import urllib.request

from . import configurations, gateway, process
from .process import Process

INSTALLED = gateway.ROOT / ".tools/peers"
CATCH_UP = 120  # seconds
# Without it the C library gives a large body's memory back each time, and nginx's figures swing.
BIG_BODIES = {"MALLOC_TRIM_THRESHOLD_": "268435456", "MALLOC_MMAP_THRESHOLD_": "268435456"}


@dataclasses.dataclass
class Target:
    """Something that runs and answers."""
    name: str
    port: int
    process: Process = None  # none: the upstream itself, which is not measured
    model: str = gateway.MODEL
    key: str = gateway.KEY
    headers: dict = dataclasses.field(default_factory=dict)
    apart: tuple = ()  # threads whose work may lag behind, shown apart
    admin: str = ""

    def cpu(self):
        """Seconds by thread so far; nothing of what is not measured."""
        return self.process.cpu_by_thread() if self.process else {}

    def settle(self):
        """Waits until the gateway has caught up with its records. Returns the seconds that took."""
        started = time.monotonic()
        while self.admin and lag(self.admin) > 0:
            time.sleep(0.05)
            if time.monotonic() - started > CATCH_UP:
                raise RuntimeError(f"{self.name}: {CATCH_UP} s after the load its records have not caught up (lag {lag(self.admin)})")
        return time.monotonic() - started


def lag(admin):
    """Seconds and events that the record's log and index are behind."""
    with urllib.request.urlopen(f"http://{admin}/metrics", timeout=30) as answer:
        lines = answer.read().decode().splitlines()
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines
               if line.startswith(("tidegate_index_lag_seconds", "tidegate_events_queued")))


class Peer:
    """`files`, `command` and `environment` say how it is started on a port in front of an upstream."""
    name = ""
    headers = {}

    def missing(self):
        """Why it cannot run here; empty if it can."""
        return ""

    def start(self, stack, folder, on_cores, upstream, big_bodies=False):
        home = folder / f"{self.name}-{time.monotonic_ns()}"
        home.mkdir(parents=True)
        port = process.free_port()
        for name, text in self.files(home, port, upstream).items():
            (home / name).write_text(text)
        running = Process(self.name, self.command(home, port, upstream), home, on_cores,
                                  {**(BIG_BODIES if big_bodies else {}), **self.environment(port, upstream)})
        stack.enter_context(running)
        process.wait_for_port(port, running, seconds=120)
        return Target(self.name, port, running, headers={**self.headers, **self.more_headers(upstream)})

    def files(self, home, port, upstream):
        return {}

    def environment(self, port, upstream):
        return {}

    def more_headers(self, upstream):
        return {}


class Program(Peer):
    """Of the distribution."""

    def missing(self):
        return "" if shutil.which(self.name) else f"{self.name} is not installed (tests/bench/install packages)"


class Nginx(Program):
    name = "nginx"

    def files(self, home, port, upstream):
        return {"nginx.conf": configurations.nginx(home, port, upstream)}

    def command(self, home, port, upstream):
        return ["nginx", "-p", home, "-c", home / "nginx.conf"]


class HaProxy(Program):
    name = "haproxy"

    def files(self, home, port, upstream):
        return {"haproxy.cfg": configurations.haproxy(port, upstream)}

    def command(self, home, port, upstream):
        return ["haproxy", "-db", "-f", "haproxy.cfg"]


class Installed(Peer):
    program = ""

    def missing(self):
        return "" if (INSTALLED / self.program).exists() else f"{self.name} is not installed (tests/bench/install {self.name})"


class Envoy(Installed):
    name, program = "envoy", "envoy/bin/envoy"

    def files(self, home, port, upstream):
        return {"envoy.json": json.dumps(configurations.envoy(port, upstream))}

    def command(self, home, port, upstream):
        return [INSTALLED / self.program, "-c", "envoy.json", "--concurrency", "1", "--disable-hot-restart", "--log-level", "error"]


class Crabllm(Installed):
    name, program = "crabllm", "crabllm/bin/crabllm"

    def files(self, home, port, upstream):
        return {"crabllm.toml": configurations.crabllm(port, upstream)}

    def command(self, home, port, upstream):
        return [INSTALLED / self.program, "serve", "--config", "crabllm.toml"]


class Noveum(Installed):
    name, program = "noveum", "noveum-ai-gateway/bin/noveum-ai-gateway"
    headers = {"x-provider": "openai"}

    def command(self, home, port, upstream):
        return [INSTALLED / self.program]

    def environment(self, port, upstream):
        return {"PORT": str(port), "HOST": "127.0.0.1", "WORKER_THREADS": "1", "RUST_LOG": "error",
                "OPENAI_BASE_URL": f"http://{upstream}"}


class Portkey(Installed):
    name, program = "portkey", "portkey/node_modules/@portkey-ai/gateway/build/start-server.js"
    headers = {"x-portkey-provider": "openai"}

    def missing(self):
        return super().missing() or ("" if self.node() else "portkey needs node")

    @staticmethod
    def node():
        """The test tools' if there, which is newer than the distribution's: under 20 it answers some streams with 500."""
        own = gateway.ROOT / ".tools/node/node"
        return str(own) if own.exists() else shutil.which("node")

    def command(self, home, port, upstream):
        return [self.node(), INSTALLED / self.program, f"--port={port}", "--headless"]

    def environment(self, port, upstream):
        return {"NODE_ENV": "production"}

    def more_headers(self, upstream):
        return {"x-portkey-custom-host": f"http://{upstream}/v1"}


class LiteLlm(Installed):
    name, program = "litellm", "litellm/bin/litellm"

    def files(self, home, port, upstream):
        return {"litellm.json": json.dumps(configurations.litellm(upstream))}

    def command(self, home, port, upstream):
        return [INSTALLED / self.program, "--config", "litellm.json", "--host", "127.0.0.1", "--port", port, "--num_workers", "1",
                "--telemetry", "False"]

    def environment(self, port, upstream):
        return {"LITELLM_LOG": "ERROR", "LITELLM_LOCAL_MODEL_COST_MAP": "True"}


class Tidegate(Peer):
    name = "tidegate"

    def __init__(self, binary, guardrails=()):
        self.binary = binary
        self.guardrails = guardrails  # of every work, beside `promises`

    def missing(self):
        return "" if self.binary.exists() else f"{self.binary} is not built (script/build --preset release --target tidegate)"

    def start(self, stack, folder, on_cores, upstream, name="tidegate", prompt_versions=1, client="openai", held=(), **options):
        home = folder / f"{name}-{time.monotonic_ns()}"
        home.mkdir(parents=True)
        gateway.write(home, gateway.configuration(upstream, held=(*self.guardrails, *held), **options), prompt_versions)
        running = stack.enter_context(gateway.Gateway(home, self.binary, on_cores))
        headers = {"anthropic-version": "2023-06-01"} if client == "anthropic" else {}
        return Target(name, int(running.api.rsplit(":", 1)[1]), running, model="chat", headers=headers, apart=("tg-index",),
                      admin=running.admin)


def known(binary=gateway.BINARY, guardrails=()):
    peers = [Nginx(), HaProxy(), Envoy(), Tidegate(binary, guardrails), Crabllm(), Noveum(), Portkey(), LiteLlm()]
    return {peer.name: peer for peer in peers}
