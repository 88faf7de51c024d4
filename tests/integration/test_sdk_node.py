"""The SDKs `openai` and `@anthropic-ai/sdk` from npm, unmodified, each against providers of both dialects."""
import functools
import json
import subprocess

import pytest

from harness.gateway import SLOW
from harness.sdk import endpoint  # noqa: F401 (a fixture)
from harness.servers import NODE, SCRIPTS, node_environment

CHECKS = {
    "openai": ["answers", "streams", "streams_usage", "collects_a_stream", "calls_tools", "streams_tools", "aborts", "maps_errors",
               "embeds"],
    "anthropic": ["answers", "streams", "streams_events_in_order", "calls_tools", "streams_tools", "aborts", "maps_errors"],
}


@pytest.fixture(scope="module")
def results(endpoint):
    """results(sdk, side): one process runs all checks of an SDK against one provider."""
    @functools.cache
    def ask(sdk, side):
        variables = {"TIDEGATE_URL": endpoint.url, "TIDEGATE_MODEL": endpoint.model(side),
                     "TIDEGATE_EMBEDDING": endpoint.embedding_model, "TIDEGATE_FAILING": f"fail-{sdk}-{side}",
                     "TIDEGATE_DIRECT": "1" if endpoint.direct else ""}
        run = subprocess.run([NODE, SCRIPTS / f"{sdk}.mjs"], env=node_environment(**variables), capture_output=True, text=True,
                             timeout=120 * SLOW)
        assert run.returncode == 0, run.stderr
        return json.loads(run.stdout)
    return ask


@pytest.mark.parametrize("side", ["openai", "anthropic"])
@pytest.mark.parametrize("sdk,check", [(sdk, check) for sdk, checks in CHECKS.items() for check in checks])
def test_node_sdk(results, sdk, side, check):
    outcome = results(sdk, side)
    assert set(outcome) == set(CHECKS[sdk]), "a check is not listed"
    assert outcome[check] is None, outcome[check]


def test_nothing_is_left_upstream(results, endpoint):
    for sdk in CHECKS:
        results(sdk, "openai")
    endpoint.expect_quiet()
