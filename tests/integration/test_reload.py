"""Every way in which an operator's edit becomes live, and what a wrong edit does: nothing."""
import os
import shutil
import signal
import socket
import ssl
import subprocess

import pytest

from harness.configs import said, simple
from harness.gateway import wait_until
from harness.load import Load, chat_bytes, scaled


def config(simulator, text):
    return simple(simulator, directives=f"text={text}")


def wait_for_answer(gateway, text):
    wait_until(lambda: said(gateway.chat("chat")) == text, 5, f"the answer {text!r}")


def edit(gateway, text):
    gateway.config_path.write_text(text)


def rename(gateway, text):
    temporary = gateway.folder / "tidegate.yaml.new"
    temporary.write_text(text)
    temporary.rename(gateway.config_path)


def signalled(gateway, text):
    rename(gateway, text)
    gateway.send_signal(signal.SIGHUP)


def posted(gateway, text):
    rename(gateway, text)
    answer = gateway.reload()
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("way", [edit, rename, signalled, posted])
def test_an_edit_is_live(start, simulator, way):
    gateway = start(config(simulator, "one"))
    for text in ("two", "three", "four"):
        way(gateway, gateway.text_of(config(simulator, text)))
        if way is posted:
            assert said(gateway.chat("chat")) == text, "the answer of the reload comes when every thread has it"
        else:
            wait_for_answer(gateway, text)
    gateway.wait_metric(lambda reloads: reloads >= 3, "tidegate_config_reloads_total")
    gateway.wait_metric(1, "tidegate_config_last_reload_successful")


def test_a_symlink_swap_is_live(start, simulator):
    """As Kubernetes mounts a ConfigMap: a link to a folder changes, no file is written."""
    gateway = start(config(simulator, "one"))
    for text in ("two", "three"):
        folder = gateway.folder / f"..{text}"
        folder.mkdir()
        (folder / "tidegate.yaml").write_text(gateway.text_of(config(simulator, text)))
        link = gateway.folder / "..data.new"
        link.symlink_to(folder.name)
        link.rename(gateway.folder / "..data")
        if not gateway.config_path.is_symlink():
            new = gateway.folder / "link"
            new.symlink_to("..data/tidegate.yaml")
            new.rename(gateway.config_path)
        wait_for_answer(gateway, text)


def test_an_included_file_and_a_prompt_are_watched(start, simulator):
    include = "features:\n  chat: {variants: {only: {model: one, prompt: greet@%d}}, serve: only}\n"
    prompt = "messages: [{role: system, content: Be brief.}, {role: user, content: %s}]\n"
    gateway = start(
        f"include: [features.yaml]\nprompts: {{directory: prompts}}\nproviders:\n{simulator.providers()}"
        'models: {one: {provider: sim, id: "one--tokens=4", context: 128000, max_output: 4096, price: {input: 1.00, output: 2.00}}}\n',
        files={"features.yaml": include % 1, "prompts/greet/1.yaml": prompt % "one"})
    assert gateway.chat("chat").headers["x-tidegate-prompt"] == "greet@1"
    (gateway.folder / "prompts/greet/2.yaml").write_text(prompt % "two")
    (gateway.folder / "features.yaml").write_text(include % 2)
    wait_until(lambda: gateway.chat("chat").headers["x-tidegate-prompt"] == "greet@2", 5, "the second version")
    assert [m["content"] for m in simulator.last()[0]["body"]["messages"]][:2] == ["Be brief.", "two"]


def test_a_served_prompt_that_changes_is_refused(start, simulator):
    prompt = "messages: [{role: system, content: %s}]\n"
    gateway = start(
        f"prompts: {{directory: prompts}}\nproviders:\n{simulator.providers()}"
        'models: {one: {provider: sim, id: "one--tokens=4", context: 128000, max_output: 4096, price: {input: 1.00, output: 2.00}}}\n'
        "features: {chat: {variants: {only: {model: one, prompt: greet@1}}, serve: only}}\n",
        files={"prompts/greet/1.yaml": prompt % "first"})
    assert gateway.chat("chat").status_code == 200
    (gateway.folder / "prompts/greet/1.yaml").write_text(prompt % "changed")
    answer = gateway.reload()
    assert answer.status_code >= 400
    assert "greet" in answer.text
    gateway.chat("chat")
    assert simulator.last()[0]["body"]["messages"][0]["content"] == "first"


def test_a_secret_in_a_file_is_watched(start, own_simulator, tmp_path):
    secret = tmp_path / "key"
    secret.write_text("sk-first\n")
    gateway = start("providers:\n"
                    f'  sim: {{dialect: openai, base_url: {own_simulator.url}/v1, api_key: "${{file:{secret}}}", allow_private_address: true}}\n'
                    "models: {one: {provider: sim, id: one, context: 128000, max_output: 4096, price: {input: 1.00, output: 2.00}}}\n"
                    "features: {chat: {variants: {only: {model: one}}, serve: only}}\n")

    def sent():
        assert gateway.chat("chat").status_code == 200
        return own_simulator.last()[0]["headers"]["authorization"]

    assert sent() == "Bearer sk-first"
    secret.write_text("sk-second\n")
    wait_until(lambda: sent() == "Bearer sk-second", 5, "the new key")
    assert "sk-second" not in gateway.get_admin("/admin/v1/config").text


def make_certificate(folder, name, days=2):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", str(days),
                    "-keyout", f"{name}.key", "-out", f"{name}.pem", "-subj", f"/CN={name}",
                    "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"], cwd=folder, check=True, capture_output=True)


def expires(path):
    text = subprocess.run(["openssl", "x509", "-noout", "-enddate", "-in", path], check=True, capture_output=True, text=True).stdout
    return ssl.cert_time_to_seconds(text.strip().removeprefix("notAfter="))


def test_a_new_certificate_is_live_and_a_wrong_pair_is_refused(start, simulator, tmp_path):
    for name, days in (("old", 2), ("new", 60)):
        make_certificate(tmp_path, name, days)
    for kind in ("pem", "key"):
        shutil.copy(tmp_path / f"old.{kind}", tmp_path / f"live.{kind}")
    gateway = start(config(simulator, "one"), server=f"tls: {{certificate: {tmp_path}/live.pem, private_key: {tmp_path}/live.key}}")
    host, port = gateway.ports["api"].rsplit(":", 1)

    def served():
        return ssl.get_server_certificate((host, int(port))).strip()

    def alarm():
        return gateway.metric("tidegate_certificate_expiry_timestamp_seconds")

    def certificate(name):
        return (tmp_path / f"{name}.pem").read_text().strip()

    trusted = ssl.create_default_context(cafile=tmp_path / "old.pem")
    with trusted.wrap_socket(socket.create_connection((host, int(port))), server_hostname="localhost") as kept:
        shutil.copy(tmp_path / "new.pem", tmp_path / "live.pem")  # with the old key
        assert gateway.reload().status_code == 400
        assert served() == certificate("old")
        assert alarm() == expires(tmp_path / "old.pem")
        shutil.copy(tmp_path / "new.key", tmp_path / "live.key")
        wait_until(lambda: served() == certificate("new"), 5, "the new certificate")
        assert alarm() == expires(tmp_path / "new.pem")
        kept.sendall(b"GET /healthz HTTP/1.1\r\nhost: gateway\r\n\r\n")
        assert b"200 OK" in kept.recv(1000), "a connection that is open stays open"


WRONG = {
    "syntax": "features: [",
    "unknown key": "featurs: {}\n",
    "unknown model": "features: {chat: {variants: {only: {model: nope}}, serve: only}}\n",
    "empty": "",
    "listen": None,
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_edit_is_refused_whole(start, simulator, name):
    gateway = start(config(simulator, "old"))
    good = gateway.text_of(config(simulator, "new"))
    wrong = good + WRONG[name] if WRONG[name] else ("" if name == "empty" else good.replace("listen: 127.0.0.1:0", "listen: 127.0.0.1:1", 1))
    rename(gateway, wrong)
    answer = gateway.reload()
    assert answer.status_code >= 400, answer.text
    if name in ("syntax", "unknown key", "unknown model"):
        assert "tidegate.yaml:" in answer.text, "with its lines"
    assert said(gateway.chat("chat")) == "old"
    assert gateway.metric("tidegate_config_last_reload_successful") == 0
    assert gateway.get_admin("/readyz").status_code == 200
    rename(gateway, good)
    assert gateway.reload().status_code == 200
    assert said(gateway.chat("chat")) == "new"
    assert gateway.metric("tidegate_config_last_reload_successful") == 1


def test_a_file_that_goes_away_changes_nothing(start, simulator):
    gateway = start(config(simulator, "old"))
    gateway.config_path.unlink()
    assert gateway.reload().status_code >= 400
    assert said(gateway.chat("chat")) == "old"


def test_reloads_under_load_fail_no_request(start, simulator, note):
    """Each answer is one of the two configurations' texts, whole; pools survive; nothing fails."""
    count = scaled(200, 1000)
    texts = ["even", "odd"]
    gateway = start(config(simulator, texts[0]))
    connections = simulator.statistics()["connections"]

    def check(answer):
        return answer.status == 200 and any(f'"content":"{text}"'.encode() in answer.body for text in texts)

    with Load(gateway.ports["api"], chat_bytes("chat"), connections=16, check=check) as load:
        wait_until(lambda: load.total > 20, 10, "load")
        for number in range(count):
            rename(gateway, gateway.text_of(config(simulator, texts[(number + 1) % 2])))
            assert gateway.reload().status_code == 200
    note(f"{count} reloads: {load.summary()}")
    assert not load.wrong and not load.cut and not load.unanswered and not load.refused, load.summary()
    assert load.total > 100
    gateway.wait_metric(lambda reloads: reloads >= count, "tidegate_config_reloads_total")
    assert simulator.statistics()["connections"] - connections <= 64, "pools survive what did not change"
    assert gateway.process.poll() is None
    assert os.path.exists(gateway.config_path)
