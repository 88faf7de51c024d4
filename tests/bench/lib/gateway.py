"""The gateway with everything on: key, flag, prompt, budget, a `forbidden` guardrail on input, records in the log, metrics."""
import hashlib
import json
import pathlib
import time

from . import process

ROOT = pathlib.Path(__file__).resolve().parents[3]
BINARY = ROOT / "build/release/src/app/tidegate"
KEY = "tg_bench"
MODEL = "bench-2026-01-01"
PROMPT = 'messages: [{role: system, content: "Answer as {{brand}} would."}]\nvariables: {brand: {default: Tidegate}}\n'
VARIANT = {"model": "large", "temperature": 0.2, "max_output_tokens": 600, "guardrails": ["promises"]}


def feature(name, variant):
    """With a prompt of its own."""
    variant = {**variant, "prompt": f"{name}@1"}
    return {"variants": {"next": variant, "stable": variant},
            "targeting": [{"name": "pilot", "when": {"country": ["DE", "FR"]}, "serve": "next"}],
            "serve": {"next": 10, "stable": 90}, "budget": {"monthly_usd": 1000000, "at_ceiling": ["reject"]}}


def configuration(upstream, *, threads=1, dialect="openai", held=(), features=1, connections=30000):
    """`held`: names of further guardrails: `pii` and `forbidden` hold a stream's text back, `mail` and `keys` look at both ways."""
    variant = dict(VARIANT, guardrails=["promises", *held])
    names = ["chat"] + [f"chat-{number}" for number in range(1, features)]
    base = f"http://{upstream}" + ("/v1" if dialect == "openai" else "")
    limits = {"requests_per_minute": 1000000000, "concurrent": connections, "monthly_usd": 1000000}
    key = {"name": "bench", "sha256": hashlib.sha256(KEY.encode()).hexdigest(), "features": names, **limits}
    return {
        "server": {"listen": "127.0.0.1:0", "admin": "127.0.0.1:0", "threads": threads,
                   "limits": {"connections": connections, "in_flight": connections}},
        "log": {"level": "warn"},
        "store": {"url": "sqlite:bench.db"},
        "records": {"directory": "calls", "content": "full"},
        "events": {"durability": "relaxed"},
        "access": {"keys": [key]},
        "guardrails": {"promises": {"kind": "forbidden", "patterns": ["(?i)full refund guaranteed"], "input": "block"},
                       "forbidden": {"kind": "forbidden", "patterns": ["(?i)free of charge for ever"], "output": "block", "stream": "hold"},
                       "pii": {"kind": "pii", "categories": ["email", "phone", "card", "iban"], "output": "redact", "stream": "hold"},
                       "mail": {"kind": "pii", "categories": ["email"], "input": "redact", "output": "redact"},
                       "keys": {"kind": "secrets", "input": "block"}},
        "prompts": {"directory": "prompts"},
        "providers": {"bench": {"dialect": dialect, "base_url": base, "api_key": "bench", "allow_private_address": True,
                                "concurrent": connections}},
        "models": {"large": {"provider": "bench", "id": MODEL, "context": 8000000, "max_output": 4096,
                             "price": {"input": 2.0, "output": 8.0}}},
        "features": {name: feature(name, variant) for name in names},
    }


def write(folder, config, prompt_versions=1):
    """The files that `serve` reads, with so many versions of each feature's prompt. JSON is YAML."""
    for name in config["features"]:
        prompts = folder / "prompts" / name
        prompts.mkdir(parents=True, exist_ok=True)
        for number in range(1, prompt_versions + 1):
            (prompts / f"{number}.yaml").write_text(PROMPT)
    (folder / "tidegate.yaml").write_text(json.dumps(config, indent=1))


class Gateway(process.Process):
    """Ready when made; `api` and `admin` are its addresses. `wrapper` goes before its command line."""

    def __init__(self, folder, binary=BINARY, on_cores=None, wrapper=(), seconds=60):
        ports = folder / "ports.json"
        ports.unlink(missing_ok=True)
        self.started = time.monotonic()
        super().__init__("tidegate", [*wrapper, binary, "serve", "--config", "tidegate.yaml", "--ports-file", "ports.json"],
                         folder, on_cores)
        deadline = time.monotonic() + seconds
        while not ports.exists() or not ports.read_text().strip():
            if self.ended() or time.monotonic() > deadline:
                output = self.output()
                self.stop()
                raise RuntimeError(f"the gateway did not start:\n{output}")
            time.sleep(0.002)
        found = json.loads(ports.read_text())
        self.api, self.admin = found["api"], found["admin"]
        process.wait_for_url(f"http://{self.admin}/readyz", seconds)
