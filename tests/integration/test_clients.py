"""Clients that leave, crowd, encrypt, or are curl and Prometheus."""
import asyncio
import json
import pathlib
import re
import shutil
import socket
import ssl
import subprocess
import time

import httpx
import pytest

from harness import plain
from harness.configs import said, simple
from harness.gateway import SLOW, wait_until
from harness.load import Load, abort_streams, chat_bytes, scaled

ROOT = pathlib.Path(__file__).resolve().parents[2]


def quiet(status):
    return status["upstream"]["in_flight"] == 0


def test_aborting_clients_leave_nothing_behind(start, own_simulator, note):
    count = scaled(500, 10_000)
    gateway = start(f"providers:\n{own_simulator.providers()}" + """
models:
  m-slow: {provider: sim, id: "slow--tokens=300,rate=60", context: 128000, max_output: 4096, price: {input: 1.00, output: 2.00}}
  m-late: {provider: sim, id: "late--hang", context: 128000, max_output: 4096, price: {input: 1.00, output: 2.00}}
features:
  slow: {variants: {only: {model: m-slow}}, serve: only}
  late: {variants: {only: {model: m-late}}, serve: only}
""")
    assert gateway.chat("slow", max_tokens=2).status_code == 200
    wait_until(lambda: quiet(gateway.status()), 5, "quiet")
    before = gateway.status()
    address = gateway.ports["api"]

    async def storm():
        half = count // 2
        streaming = abort_streams(address, chat_bytes("slow", stream=True), half, 50, lambda number: (0, 200, 1500, 6000)[number % 4])
        waiting = abort_streams(address, chat_bytes("late"), count - half, 50, lambda number: 0)
        return sum(await asyncio.gather(streaming, waiting))

    assert asyncio.run(storm()) == count
    wait_until(lambda: quiet(gateway.status()), 10, "the end of all upstream calls")
    wait_until(lambda: own_simulator.statistics()["in_flight"] == 0, 10, "the end of all calls at the provider")

    def as_before():
        # The provider's connections of aborted calls are closed; a few idle ones may stay in the pool.
        now = gateway.status()
        return (now["io"]["tasks"] <= before["io"]["tasks"] + now["upstream"]["idle"] and
                now["io"]["connections"] <= before["io"]["connections"] and
                now["io"]["armed_timers"] <= before["io"]["armed_timers"] + now["upstream"]["idle"] and
                now["upstream"]["open"] == now["upstream"]["idle"])

    try:
        wait_until(as_before, 10, "counts as before")
    except AssertionError:
        raise AssertionError(f"before {before}, after {count} aborts {gateway.status()}") from None
    # One more is the connection that asks.
    wait_until(lambda: own_simulator.statistics()["open"] <= gateway.status()["upstream"]["open"] + 1, 5, "closed connections")
    note(f"{count} aborts: before {before}, after {gateway.status()}")
    assert gateway.chat("slow", max_tokens=2).status_code == 200


def test_a_half_closed_client_has_left(start, own_simulator):
    gateway = start(simple(own_simulator, "hang"))
    host, port = gateway.ports["api"].rsplit(":", 1)
    with socket.create_connection((host, int(port))) as client:
        client.sendall(chat_bytes("chat"))
        wait_until(lambda: own_simulator.statistics()["in_flight"] == 1, 5, "the call")
        client.shutdown(socket.SHUT_WR)
        wait_until(lambda: own_simulator.statistics()["in_flight"] == 0, 2, "the end of the upstream call")


@pytest.mark.parametrize("dialect,heartbeat", [("openai", ": heartbeat"), ("anthropic", "event: ping")])
def test_a_silent_stream_is_kept_alive_once_it_has_begun(start, simulator, dialect, heartbeat):
    gateway = start(simple(simulator, "stall,after=2", more="timeouts: {idle: 2s}"), server="stream_heartbeat: 300ms")
    ask = gateway.chat if dialect == "openai" else gateway.message
    answer = ask("chat", stream=True)
    assert answer.status_code == 200
    before, after = answer.text.split("[simulator]", 1)
    assert heartbeat not in before, "nothing is sent before the first content"
    assert after.count(heartbeat) >= 3
    assert "error" in after.rsplit(heartbeat, 1)[1], "a silent provider is given up in time"


def test_an_abandoned_call_is_billed_and_on_record(start, simulator):
    gateway = start(simple(simulator, "tokens=2000,rate=50"))
    with plain.stream("POST", gateway.api + "/v1/chat/completions", timeout=30,
                      json={"model": "chat", "stream": True, "messages": [{"role": "user", "content": "x"}]}) as answer:
        next(answer.iter_text())
        call_id = answer.headers["x-tidegate-call-id"]
    record = gateway.wait_record(call_id)
    assert "cancelled" in json.dumps(record)
    assert "bounded" in json.dumps(record)
    shown = gateway.run_command("call", "show", call_id)
    assert shown.returncode == 0 and call_id in shown.stdout, shown.stderr
    listed = gateway.run_command("call", "list", "--feature", "chat", "--json")
    assert listed.returncode == 0 and call_id in listed.stdout, listed.stderr


def test_running_out_of_descriptors_does_not_spin_and_heals(start, simulator):
    gateway = start(simple(simulator), descriptors=80)
    host, port = gateway.ports["api"].rsplit(":", 1)
    clients = []
    try:
        for _ in range(120):
            client = socket.create_connection((host, int(port)), timeout=5)
            clients.append(client)

        def cpu():
            fields = pathlib.Path(f"/proc/{gateway.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
            return (int(fields[11]) + int(fields[12])) / 100

        time.sleep(0.5)
        before = cpu()
        time.sleep(2)  # what is measured: the CPU time of two seconds
        used = cpu() - before
        assert used < 0.6 * SLOW, f"{used} s of CPU in 2 s: a spinning accept"
    finally:
        for client in clients:
            client.close()

    def served():
        try:
            return gateway.chat("chat").status_code == 200
        except httpx.TransportError:
            return False

    wait_until(served, 10, "an answer after the flood")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                    "-keyout", "key.pem", "-out", "certificate.pem", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"], cwd=folder, check=True, capture_output=True)
    return folder


def test_the_listener_speaks_tls(start, simulator, certificate):
    tls = f"tls: {{certificate: {certificate}/certificate.pem, private_key: {certificate}/key.pem}}"
    gateway = start(simple(simulator), server=tls)
    url = gateway.api.replace("http:", "https:")
    trusted = ssl.create_default_context(cafile=certificate / "certificate.pem")
    body = {"model": "chat", "messages": [{"role": "user", "content": "x"}]}
    with httpx.Client(verify=trusted) as client:
        assert client.post(url + "/v1/chat/completions", json=body).status_code == 200
        with client.stream("POST", url + "/v1/chat/completions", json={**body, "stream": True}) as answer:
            assert answer.read().decode().rstrip().endswith("[DONE]")
        assert client.get(url + "/healthz").status_code == 200
    with pytest.raises(httpx.TransportError):
        httpx.get(url + "/healthz")  # an unknown authority
    with pytest.raises((httpx.TransportError, AssertionError)):
        assert plain.get(gateway.api + "/healthz").status_code == 200  # plain HTTP to a TLS port
    old = ssl.create_default_context(cafile=certificate / "certificate.pem")
    old.minimum_version = ssl.TLSVersion.TLSv1
    old.maximum_version = ssl.TLSVersion.TLSv1_1
    old.set_ciphers("ALL:@SECLEVEL=0")
    with httpx.Client(verify=old) as client, pytest.raises(httpx.TransportError):
        client.get(url + "/healthz")


def test_curl_of_the_readme_works_as_it_stands(start, binary, tmp_path):
    """The README's first curl against the shipped demo configuration; only the ports differ."""
    command = re.search(r"^curl .*?(?<!\\)$", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL).group()
    folder = tmp_path / "demo"
    shutil.copytree(ROOT / "config", folder)
    text = (folder / "tidegate.yaml").read_text()
    assert "127.0.0.1:8080" in text and "127.0.0.1:9900" in text
    gateway = start("", folder, begin=False)
    gateway.config_path.write_text(text.replace("127.0.0.1:8080", "127.0.0.1:0").replace("127.0.0.1:9900", "127.0.0.1:0"))
    gateway.begin()
    shown = subprocess.run(command.replace("http://127.0.0.1:8080", gateway.api).replace("curl ", "curl -sS ", 1), shell=True,
                           capture_output=True, text=True, timeout=30 * SLOW)
    assert shown.returncode == 0, shown.stderr
    assert "HTTP/1.1 200" in shown.stdout and "[simulator]" in shown.stdout, shown.stdout
    call_id = re.search(r"x-tidegate-call-id: (\S+)", shown.stdout, re.IGNORECASE).group(1)
    gateway.wait_record(call_id)
    fallback = gateway.chat("summarize", "One sentence. A second one. A third one.", headers={"x-tidegate-user": "u"})
    assert said(fallback) == "One sentence. A second one."


def test_metrics_are_in_order_and_prometheus_scrapes_them(start, simulator, tmp_path):
    if not shutil.which("prometheus") or not shutil.which("promtool"):
        pytest.skip("prometheus is not installed (script/bootstrap --all installs it)")
    gateway = start(simple(simulator))
    with Load(gateway.ports["api"], chat_bytes("chat"), connections=4) as load:
        wait_until(lambda: load.total > 50, 10, "load")
    text = gateway.get_admin("/metrics").text
    checked = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True)
    assert checked.returncode == 0 and not checked.stderr.strip(), checked.stderr
    gateway.wait_metric(len(load.acknowledged), "tidegate_requests_total", feature="chat", outcome="ok")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    config = tmp_path / "prometheus.yaml"
    config.write_text(json.dumps({"global": {"scrape_interval": "1s"}, "scrape_configs": [
        {"job_name": "tidegate", "static_configs": [{"targets": [gateway.ports["admin"]]}]}]}))
    prometheus = subprocess.Popen(
        ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={tmp_path}/tsdb", f"--web.listen-address=127.0.0.1:{port}"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        def query(expression):
            try:
                answer = plain.get(f"http://127.0.0.1:{port}/api/v1/query", params={"query": expression}).json()
            except (httpx.TransportError, json.JSONDecodeError):
                return []
            return answer.get("data", {}).get("result", [])

        wait_until(lambda: any(series["value"][1] == "1" for series in query('up{job="tidegate"}')), 30, "a scrape")
        result = wait_until(lambda: query('sum(tidegate_requests_total{feature="chat"})'), 15, "the series")
        assert float(result[0]["value"][1]) == len(load.acknowledged)
    finally:
        prometheus.terminate()
        prometheus.wait(20)


def test_health_answers_on_both_ports(start, simulator):
    gateway = start(simple(simulator))
    for base in (gateway.api, gateway.admin):
        for path in ("/healthz", "/readyz"):
            assert plain.get(base + path).status_code == 200


def test_health_answers_while_every_place_is_taken(start, simulator):
    gateway = start(simple(simulator, "hang"), server="limits: {in_flight: 4}")
    host, port = gateway.ports["api"].rsplit(":", 1)
    clients = [socket.create_connection((host, int(port))) for _ in range(4)]
    try:
        for client in clients:
            client.sendall(chat_bytes("chat"))
        wait_until(lambda: gateway.status()["upstream"]["in_flight"] == 4, 5, "four calls")
        refused = gateway.chat("chat")
        assert (refused.status_code, refused.headers["x-tidegate-error"]) == (503, "overloaded")
        assert int(refused.headers["retry-after"]) > 0
        for base in (gateway.api, gateway.admin):
            assert plain.get(base + "/healthz").status_code == 200
    finally:
        for client in clients:
            client.close()
