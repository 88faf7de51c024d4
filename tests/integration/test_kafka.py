"""Call records in a real Apache Kafka: what arrives, and that nothing is lost while it is away."""
import json
import random
import subprocess
import time

import pytest

pytest.importorskip("kafka", reason="no kafka-python (script/test-tools installs it)")

from harness import kafka as server  # noqa: E402
from harness.configs import simple  # noqa: E402
from harness.gateway import SLOW, wait_until  # noqa: E402
from harness.load import Load, chat_bytes, scaled  # noqa: E402

pytestmark = pytest.mark.skipif(bool(server.missing()), reason=server.missing() or "-")

USER, PASSWORD = "gateway", "a-password-of-the-gateway"
SECURE = """
    listener.name.secure.ssl.keystore.type=PEM
    listener.name.secure.ssl.keystore.location=server.pem
    listener.name.secure.sasl.enabled.mechanisms=PLAIN
    listener.name.secure.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required """ + \
    f'user_{USER}="{PASSWORD}";'


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate that is its own authority, for 127.0.0.1: the path of both, and of the certificate alone."""
    folder = tmp_path_factory.mktemp("certificate")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "ca.pem", "-days", "2",
                    "-subj", "/CN=kafka", "-addext", "subjectAltName=IP:127.0.0.1"], cwd=folder, check=True, capture_output=True)
    both = folder / "server.pem"
    both.write_text((folder / "key.pem").read_text() + (folder / "ca.pem").read_text())
    return both, folder / "ca.pem"


@pytest.fixture(scope="module")
def kafka(tmp_path_factory, certificate):
    folder = tmp_path_factory.mktemp("kafka") / "node"
    listeners = {"SECURE": ("SASL_SSL", SECURE.replace("server.pem", str(certificate[0])))}
    with server.Kafka(folder, listeners) as node:
        yield node


@pytest.fixture
def topic(kafka, request):
    name = request.node.name.replace("[", ".").replace("]", "")
    kafka.create(name)
    return name


def sink(brokers, topic, more=""):
    return f'sinks: [{{kafka: {{brokers: "{brokers}", topic: {topic}{", " + more if more else ""}}}}}]'


def check(message):
    """A message is a whole record under its own id; returns the record."""
    record = json.loads(message.value)
    assert record["schema"] == 1 and dict(message.headers) == {"schema": b"1", "content-type": b"application/json"}
    assert message.key.decode() == record["id"]
    assert abs(message.timestamp - record["started_us"] / 1000) < 2
    for member, kind in {"time": str, "feature": str, "outcome": str, "status": int, "cost_nano_usd": int, "total_us": int}.items():
        assert isinstance(record[member], kind), member
    return record


def test_each_call_arrives_as_the_record_that_was_kept(start, simulator, kafka, topic):
    gateway = start(simple(simulator), events=sink(kafka.brokers, topic))
    ids = []
    for number in range(10):
        ids.append(gateway.chat("chat", f"Question {number}, größer").headers["x-tidegate-call-id"])
        ids.append(gateway.chat("chat", stream=True).headers["x-tidegate-call-id"])
    with kafka.reader(topic) as reader:
        messages = reader.wait_for(ids)
        assert len(messages) == len(ids), "nothing failed, so nothing comes twice"
        for message in messages:
            assert check(message) == gateway.wait_record(message.key.decode())
    gateway.wait_metric(len(ids), "tidegate_events_published_total", sink="kafka")
    wait_until(lambda: gateway.metric("tidegate_events_lag_seconds", sink="kafka") == 0, 5, "no lag")


@pytest.mark.parametrize("limit", [1_048_588, 100_000])
def test_content_that_no_message_holds_is_cut(start, simulator, kafka, limit):
    """The sink keeps Kafka's default; a topic that takes less teaches it so."""
    topic = f"cut.{limit}"
    kafka.create(topic, max_message_bytes=limit)
    gateway = start(simple(simulator), records="max_content: 4MiB", events=sink(kafka.brokers, topic))
    # Random, so that compression does not make it fit.
    text = "".join(random.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=3_000_000))
    long = gateway.chat("chat", text)
    short = gateway.chat("chat")
    assert long.status_code == short.status_code == 200
    with kafka.reader(topic) as reader:
        messages = {message.key.decode(): message
                    for message in reader.wait_for([answer.headers["x-tidegate-call-id"] for answer in (long, short)])}
    record = check(messages[long.headers["x-tidegate-call-id"]])
    # The topic's limit is on the compressed batch, and these letters compress by a third.
    assert limit / 4 < len(messages[record["id"]].value) < min(1 << 20, limit * 2)
    assert record["content"]["cut"] is True
    request = record["content"]["request"]
    assert request["truncated"] is True and request["total_bytes"] > 3_000_000
    assert text.startswith(request["text"].partition('"content":"')[2])
    assert "cut" not in check(messages[short.headers["x-tidegate-call-id"]])["content"]
    whole = gateway.wait_record(record["id"])
    assert whole["content"]["request"].get("truncated") is None, "the log keeps what the message could not"


def test_a_gateway_starts_serves_and_ends_while_kafka_is_away(start, simulator, kafka, topic, tmp_path):
    config, data = simple(simulator), tmp_path / "data"
    kafka.kill()
    try:
        gateway = start(config, data, events=sink(kafka.brokers, topic))
        ids = [gateway.chat("chat").headers["x-tidegate-call-id"] for _ in range(5)]
        wait_until(lambda: gateway.metric("tidegate_events_lag_seconds", sink="kafka") > 0, 10, "lag")
        assert gateway.get_admin("/readyz").status_code == 200, "Kafka is nobody's reason to refuse calls"
        began = time.monotonic()
        gateway.end()
        assert time.monotonic() - began < 15 * SLOW
    finally:
        kafka.begin()
    again = start(config, data, events=sink(kafka.brokers, topic))
    with kafka.reader(topic) as reader:
        for message in reader.wait_for(ids):
            check(message)
    wait_until(lambda: again.metric("tidegate_events_lag_seconds", sink="kafka") == 0, 5, "no lag")


def test_nothing_acknowledged_is_lost_while_kafka_is_away_and_the_gateway_dies(start, simulator, kafka, topic, tmp_path):
    """Away for 60 s in the soak, with `kill -9` of the gateway at random moments; `strict` keeps what it acknowledged."""
    seconds, kills = scaled((8, 2), (60, 10))
    seed = random.randrange(1 << 30)
    numbers = random.Random(seed)
    config, data = simple(simulator, "tokens=12"), tmp_path / "data"
    events = "durability: strict, " + sink(kafka.brokers, topic)
    acknowledged = []

    def serve(gateway, wanted):
        with Load(gateway.ports["api"], chat_bytes("chat"), connections=8) as load:
            wait_until(lambda: load.total > wanted, 20, "load")
            time.sleep(numbers.random() * seconds / (kills + 2))
        acknowledged.extend(load.acknowledged)

    def serve_and_kill(gateway):
        """Another one goes on."""
        with Load(gateway.ports["api"], chat_bytes("chat"), connections=8) as load:
            wait_until(lambda: load.total > 20, 20, "load")
            time.sleep(numbers.random() * seconds / (kills + 2))
            gateway.kill()
            load.stopping = True
        acknowledged.extend(load.acknowledged)
        gateway.process = None
        return start(config, data, events=events)

    gateway = start(config, data, events=events)
    serve(gateway, 50)
    kafka.kill()
    away = time.monotonic()
    try:
        for _ in range(kills):
            gateway = serve_and_kill(gateway)
        serve(gateway, 20)
        time.sleep(max(0, away + seconds - time.monotonic()))
    finally:
        kafka.begin()
    gateway = serve_and_kill(gateway)  # while it catches up
    serve(gateway, 20)
    with kafka.reader(topic) as reader:
        messages = reader.wait_for(acknowledged, 60)
        for message in messages:
            check(message)
        twice = len(messages) - len(reader.keys())
    print(f"away {seconds} s, {kills} kills (seed {seed}): {len(acknowledged)} acknowledged calls, "
          f"{len(messages)} messages, {twice} of them again")
    wait_until(lambda: gateway.metric("tidegate_events_lag_seconds", sink="kafka") == 0, 10, "no lag")


def secure(kafka, topic, certificate, password):
    security = (f"security: {{protocol: sasl_ssl, ca_file: {certificate[1]}, mechanism: PLAIN, username: {USER}, "
                f'password: "{password}"}}')
    return sink(kafka.address("SECURE"), topic, security)


def test_brokers_are_reached_over_tls_with_a_password(start, simulator, kafka, topic, certificate):
    gateway = start(simple(simulator), events=secure(kafka, topic, certificate, "${KAFKA_PASSWORD}"),
                    environment={"KAFKA_PASSWORD": PASSWORD})
    call = gateway.chat("chat").headers["x-tidegate-call-id"]
    with kafka.reader(topic) as reader:
        reader.wait_for([call])
    assert PASSWORD not in gateway.get_admin("/admin/v1/config").text


def test_a_wrong_password_is_said_and_not_shown(start, simulator, kafka, topic, certificate):
    gateway = start(simple(simulator), events=secure(kafka, topic, certificate, "not-" + PASSWORD))
    assert gateway.chat("chat").status_code == 200
    wait_until(lambda: any("uthentication" in line for line in gateway.log), 20, "a line about it")
    assert gateway.status()["sinks"]["kafka"]["lag_seconds"] > 0
    gateway.end()
    assert PASSWORD not in "\n".join(gateway.log)
