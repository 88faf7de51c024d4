"""A real Redis on a free port, without a file of its own."""
import shutil
import socket
import subprocess

import pytest

from .gateway import SLOW, wait_until


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Redis:
    """redis-server as a process; `kill` and `begin` again on the same port, with nothing in it."""

    def __init__(self, folder, password=""):
        self.binary = shutil.which("redis-server")
        if self.binary is None:
            pytest.skip("redis-server is not installed")
        self.folder = folder
        self.password = password
        self.port = free_port()
        self.process = None
        self.begin()

    def begin(self):
        command = [self.binary, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
                   "--dir", str(self.folder)]
        if self.password:
            command += ["--requirepass", self.password]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(lambda: self.command("PING") == "+PONG", 10, "the answer of redis-server")

    def kill(self):
        self.process.kill()
        self.process.wait(10 * SLOW)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()

    def url(self, password=None):
        credentials = f":{password or self.password}@" if self.password else ""
        return f"redis://{credentials}127.0.0.1:{self.port}/2"

    def command(self, *words):
        """The first line of the answer; nothing while nobody listens."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
                lines = [f"AUTH {self.password}"] if self.password else []
                lines += ["SELECT 2", " ".join(words)]
                connection.sendall("".join(line + "\r\n" for line in lines).encode())
                stream = connection.makefile("r", encoding="latin-1", newline="\r\n")
                answers = [stream.readline().rstrip("\r\n") for _ in lines]
                return answers[-1]
        except OSError:
            return None
