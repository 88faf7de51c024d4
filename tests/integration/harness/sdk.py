"""Where the SDK tests point their clients: the gateway in front of aimock, or aimock itself."""
import os

import pytest

from .gateway import Gateway, wait_until
from .servers import binary_path

CONFIG = """
providers:
{providers}
models:
  gpt: {{provider: mock-openai, id: gpt-4.1-2025-04-14, context: 128000, max_output: 4096, price: {{input: 2.00, output: 8.00}}}}
  claude: {{provider: mock-anthropic, id: claude-opus-4-8, context: 128000, max_output: 4096, price: {{input: 3.00, output: 15.00}}}}
  embed: {{provider: mock-openai, id: text-embedding-3-small, context: 8192, max_output: 1, price: {{input: 0.02, output: 0}}}}
features:
  via-openai: {{variants: {{stable: {{model: gpt}}}}, serve: stable}}
  via-anthropic: {{variants: {{stable: {{model: claude}}}}, serve: stable}}
  embeddings: {{variants: {{stable: {{model: embed}}}}, serve: stable}}
"""
# A model and a feature for each failure and SDK, so that the circuit of the others stays closed.
FAILURES = [400, 401, 429, 500, 503]


def configuration(aimock):
    models, features = [], []
    for side in ("openai", "anthropic"):
        for name in [f"{sdk}-{side}-{status}" for sdk in ("openai", "anthropic") for status in FAILURES]:
            models.append(f"  m-{name}: {{provider: mock-{side}, id: failing-2026-01-01, context: 8192, max_output: 1024, "
                          f"price: {{input: 1.00, output: 1.00}}}}")
            features.append(f"  fail-{name}: {{variants: {{stable: {{model: m-{name}}}}}, serve: stable}}")
    text = CONFIG.format(providers=aimock.providers())
    return text.replace("features:\n", "\n".join(models) + "\nfeatures:\n" + "\n".join(features) + "\n")


class Endpoint:
    def __init__(self, aimock, gateway):
        self.aimock = aimock
        self.gateway = gateway
        self.direct = gateway is None
        self.url = aimock.url if self.direct else gateway.api
        self.embedding_model = "text-embedding-3-small" if self.direct else "embeddings"

    def model(self, side):
        return ("gpt-4.1" if side == "openai" else "claude-opus-4-8") if self.direct else f"via-{side}"

    def failing(self, sdk, side, status):
        return "failing" if self.direct else f"fail-{sdk}-{side}-{status}"

    def expect_quiet(self):
        """No call is in progress any more, neither here nor upstream."""
        if not self.direct:
            wait_until(lambda: self.gateway.status()["upstream"]["in_flight"] == 0, 2, "the end of the upstream call")


@pytest.fixture(scope="module")
def endpoint(aimock, tmp_path_factory):
    if os.environ.get("TIDEGATE_DIRECT"):
        yield Endpoint(aimock, None)
        return
    binary = binary_path()
    if not binary.exists():
        pytest.skip(f"no binary at {binary}")
    gateway = Gateway(binary, tmp_path_factory.mktemp("sdk"), configuration(aimock))
    gateway.begin()
    yield Endpoint(aimock, gateway)
    gateway.end()
