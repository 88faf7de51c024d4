"""What stands behind the gateway: the simulator and aimock, as processes."""
import json
import os
import pathlib
import re
import signal
import subprocess
import threading

from . import plain
from .gateway import SLOW, wait_until

ROOT = pathlib.Path(__file__).resolve().parents[3]
NODE = ROOT / ".tools/node/node"
NODE_FOLDER = ROOT / ".tools/node"
SCRIPTS = ROOT / "tests/integration/node"


def binary_path():
    preset = os.environ.get("TIDEGATE_PRESET", "release")
    return pathlib.Path(os.environ.get("TIDEGATE_BINARY", ROOT / "build" / preset / "src/app/tidegate")).absolute()


def node_environment(**more):
    """Scripts live in the tree, packages in .tools: NODE_PATH does not serve ES modules, so scripts are given the folder."""
    return {**os.environ, "TIDEGATE_NODE_FOLDER": str(NODE_FOLDER), **more}


class SimulatorProcess:
    """`tidegate simulate` on a port of the kernel's choice."""

    def __init__(self, binary, folder, behaviour=""):
        command = [binary, "simulate", "--listen", "127.0.0.1:0"]
        if behaviour:
            command += ["--behaviour", behaviour]
        self.lines = []
        self.process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True)
        threading.Thread(target=lambda: self.lines.extend(self.process.stdout), daemon=True).start()

        def address():
            found = re.search(r"127\.0\.0\.1:[1-9]\d*", "".join(self.lines))
            if not found and self.process.poll() is not None:
                raise AssertionError("the simulator ended: " + "".join(self.lines))
            return found and found.group()

        self.address = wait_until(address, 20, "the simulator's address")
        self.url = "http://" + self.address

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10 * SLOW)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise

    def statistics(self):
        return plain.get(self.url + "/simulator/stats").json()

    def last(self, count=1):
        return plain.get(self.url + "/simulator/last", params={"n": count}).json()

    def reset(self):
        plain.post(self.url + "/simulator/reset")

    def providers(self, extra=""):
        """YAML of two providers, `sim` in OpenAI's and `sim-anthropic` in Anthropic's dialect."""
        tail = f", {extra}" if extra else ""
        return (f"  sim: {{dialect: openai, base_url: {self.url}/v1, api_key: sk-sim, allow_private_address: true{tail}}}\n"
                f"  sim-anthropic: {{dialect: anthropic, base_url: {self.url}, api_key: sk-sim, "
                f"allow_private_address: true{tail}}}\n")


class Aimock:
    """npm's @copilotkit/aimock with the fixtures of node/aimock.mjs; ends with its standard input."""

    def __init__(self):
        self.process = subprocess.Popen([NODE, SCRIPTS / "aimock.mjs"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        env=node_environment())
        line = self.process.stdout.readline()
        assert line, "aimock did not start"
        self.url = json.loads(line)["url"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(10)

    def providers(self):
        return (f"  mock-openai: {{dialect: openai, base_url: {self.url}/v1, api_key: mock, allow_private_address: true}}\n"
                f"  mock-anthropic: {{dialect: anthropic, base_url: {self.url}, api_key: mock, "
                f"allow_private_address: true}}\n")
