"""A real Apache Kafka: one KRaft node from the jars in .tools/kafka."""
import os
import pathlib
import shutil
import socket
import subprocess
import textwrap

from kafka import KafkaConsumer
from kafka.admin import KafkaAdminClient, NewTopic

from .gateway import wait_until
from .servers import ROOT

JARS = ROOT / ".tools/kafka"


def missing():
    """Why Kafka cannot be started here; empty if it can."""
    if not (JARS / "stamp").exists():
        return "no Kafka in .tools/kafka (script/test-tools fetches it, with Maven)"
    if not shutil.which("java"):
        return "no Java"
    if os.environ.get("TIDEGATE_PRESET") == "tsan":
        return "librdkafka starts its threads in a way that ThreadSanitizer does not see, and crashes under it"
    return ""


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


class Kafka:
    """Its address stays the same over `kill` and `begin`. `listeners` are further ones, by name: (protocol, properties)."""

    def __init__(self, folder, listeners=None, properties=""):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True)
        self.process = None
        names = ["PLAINTEXT", "CONTROLLER", *(listeners or {})]
        self.ports = dict(zip(names, free_ports(len(names))))
        self.brokers = self.address("PLAINTEXT")
        protocols = {"PLAINTEXT": "PLAINTEXT", "CONTROLLER": "PLAINTEXT",
                     **{name: protocol for name, (protocol, _) in (listeners or {}).items()}}
        (self.folder / "server.properties").write_text("\n".join([
            "process.roles=broker,controller",
            "node.id=1",
            f"controller.quorum.voters=1@{self.address('CONTROLLER')}",
            "controller.listener.names=CONTROLLER",
            "listeners=" + ",".join(f"{name}://{self.address(name)}" for name in names),
            "advertised.listeners=" + ",".join(f"{name}://{self.address(name)}" for name in names if name != "CONTROLLER"),
            "listener.security.protocol.map=" + ",".join(f"{name}:{protocols[name]}" for name in names),
            f"log.dirs={self.folder / 'data'}",
            "offsets.topic.replication.factor=1",
            "transaction.state.log.replication.factor=1",
            "transaction.state.log.min.isr=1",
            "auto.create.topics.enable=false",
            *(line for _, lines in (listeners or {}).values() for line in textwrap.dedent(lines).splitlines()),
            textwrap.dedent(properties),
        ]) + "\n")
        self._java("kafka.tools.StorageTool", "format", "-t", "AAAAAAAAAAAAAAAAAAAAAQ", "-c", "server.properties")
        self.begin()

    def address(self, listener):
        return f"127.0.0.1:{self.ports[listener]}"

    def _java(self, *arguments):
        subprocess.run(["java", "-cp", f"{JARS}/*", *arguments], cwd=self.folder, check=True, capture_output=True, timeout=120)

    def begin(self):
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(
                ["java", "-Xmx512m", "-XX:TieredStopAtLevel=1", "-cp", f"{JARS}/*", "kafka.Kafka", "server.properties"],
                cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={**os.environ, "LOG_DIR": str(self.folder)})

        def up():
            assert self.process.poll() is None, "Kafka ended: " + (self.folder / "log").read_text()[-2000:]
            with socket.socket() as probe:
                probe.settimeout(1)
                return probe.connect_ex(("127.0.0.1", self.ports["PLAINTEXT"])) == 0

        wait_until(up, 60, "Kafka's port")

    def kill(self):
        self.process.kill()
        self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()

    def create(self, topic, partitions=3, **configs):
        admin = KafkaAdminClient(bootstrap_servers=self.brokers)
        try:
            admin.create_topics([NewTopic(name=topic, num_partitions=partitions, replication_factor=1,
                                          topic_configs={name.replace("_", "."): value for name, value in configs.items()})])
        finally:
            admin.close()

    def reader(self, topic, keep=True):
        return Reader(self.brokers, topic, keep)


class Reader:
    """Reads a topic from its beginning; `messages` holds everything read so far, unless only keys are to be kept."""

    def __init__(self, brokers, topic, keep):
        self.keep = keep
        self.seen = set()
        self.consumer = KafkaConsumer(topic, bootstrap_servers=brokers, auto_offset_reset="earliest", enable_auto_commit=False,
                                      fetch_max_bytes=64 << 20, max_partition_fetch_bytes=16 << 20)
        self.messages = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.consumer.close()

    def poll(self):
        """Returns the keys that came."""
        came = set()
        for batch in self.consumer.poll(timeout_ms=200, max_records=5000).values():
            came.update(message.key.decode() for message in batch)
            if self.keep:
                self.messages += batch
        self.seen |= came
        return came

    def keys(self):
        return self.seen

    def wait_for(self, keys, seconds=30):
        """Reads on until every key has come."""
        wanted = set(keys)
        missing_keys = wanted - self.seen

        def come():
            missing_keys.difference_update(self.poll())
            return not missing_keys

        try:
            wait_until(come, seconds)
        except AssertionError:
            raise AssertionError(f"{len(missing_keys)} of {len(wanted)} calls did not come within {seconds} s, "
                                 f"e.g. {sorted(missing_keys)[:3]}") from None
        return self.messages
