"""A full disk, a store that is locked or damaged, a damaged log, a folder that cannot be written: what is said, what becomes
of calls, and that it heals by itself."""
import contextlib
import os
import pathlib
import resource
import shutil
import sqlite3
import subprocess

import pytest

from harness.configs import simple
from harness.gateway import SLOW, wait_until

PROMPT = {"prompts/greet/1.yaml": "messages: [{role: system, content: Be brief.}]\n"}


def with_prompt(simulator):
    """The features `chat` and `greet`; the first call of `greet` writes to the store."""
    return simple(simulator, features="  greet: {variants: {only: {model: one, prompt: greet@1}}, serve: only}\n") + \
        "prompts: {directory: prompts}\n"


def ids(answers):
    return [answer.headers["x-tidegate-call-id"] for answer in answers]


def refused(answer, why):
    assert (answer.status_code, answer.headers["x-tidegate-error"]) == (503, "overloaded"), answer.text
    assert why in answer.json()["error"]["message"]
    assert answer.headers["retry-after"] == "1"
    return True


def readiness(gateway):
    answer = gateway.get_admin("/readyz")
    body = answer.json()
    assert (answer.status_code == 200) == body["ready"]
    return body


def wait_reason(gateway, reason, ready=False):
    def said():
        now = readiness(gateway)
        return now["ready"] == ready and reason in now["reasons"]

    return wait_until(said, 20, f"the reason {reason!r}")


def wait_well(gateway):
    return wait_until(lambda: readiness(gateway) == {"ready": True, "reasons": []}, 20, "readiness without a reason")


def start_fails(gateway):
    """What it says when it must not start."""
    gateway.begin(wait=False)
    assert gateway.wait_exit(20) == 1
    gateway.process = None
    return gateway.log_text()


@contextlib.contextmanager
def mounted(folder, options):
    """A file system in memory at `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], capture_output=True)
    if done.returncode != 0:
        pytest.skip("mounting a file system needs privileges")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


class SmallDisk:
    """A disk of 4 MiB that is filled with a file."""

    def __init__(self, folder):
        self.folder = folder

    @contextlib.contextmanager
    def full(self, _):
        filler = self.folder / "filler"
        with open(filler, "wb", buffering=0) as file, contextlib.suppress(OSError):
            while file.write(b"x" * 4096):
                pass
        try:
            yield
        finally:
            filler.unlink()


class NoBytesAllowed:
    """Every write to a file fails, by the process's own limit: what can be had without privileges."""

    @contextlib.contextmanager
    def full(self, gateway):
        before = resource.prlimit(gateway.process.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
        try:
            yield
        finally:
            resource.prlimit(gateway.process.pid, resource.RLIMIT_FSIZE, before)


@pytest.fixture(params=["small", "limit"])
def disk(request, tmp_path):
    """(folder, something whose `full(gateway)` makes its disk refuse). Name it before `start`, which ends its gateways first."""
    folder = tmp_path / "disk"
    if request.param == "limit":
        yield folder, NoBytesAllowed()
        return
    with mounted(folder, "size=4m"):
        yield folder, SmallDisk(folder)


def test_a_full_disk_refuses_new_calls_and_heals(disk, start, simulator):
    folder, device = disk
    # The store lies on another disk; the limit of the process is for both, and then either may notice first.
    gateway = start(simple(simulator, "tokens=300") + 'store: {url: "sqlite:../store/tidegate.db"}\n', folder)
    before = [gateway.chat("chat") for _ in range(3)]
    with device.full(gateway):
        # The first that finds it full were begun before anybody knew.
        calls = []
        wait_until(lambda: calls.append(gateway.chat("chat")) or calls[-1].status_code != 200, 20, "a refusal")
        assert refused(calls[-1], "No call may begin while")
        by_log = "call records" in calls[-1].json()["error"]["message"]
        assert by_log or isinstance(device, NoBytesAllowed)
        wait_reason(gateway, "call records cannot be written" if by_log else "the store cannot be written")
        for _ in range(20):
            refused(gateway.chat("chat"), "No call may begin while")
        assert gateway.get_admin("/healthz").status_code == 200
        assert gateway.metric("tidegate_storage_failed", part="log" if by_log else "store") == 1
        gateway.wait_metric(lambda refusals: refusals >= 21, "tidegate_requests_rejected_total", reason="overloaded")
        if by_log:
            assert ".log: write: " in gateway.status()["log"]["failure"]
            gateway.wait_log("the log cannot write, will try again")
    wait_well(gateway)
    after = gateway.chat("chat")
    for call in ids([*before, *(answer for answer in calls if answer.status_code == 200), after]):
        gateway.wait_record(call)
    gateway.wait_metric(0, "tidegate_storage_failed")
    assert gateway.metric("tidegate_events_lost_total") == 0
    if by_log:
        gateway.wait_log("the log writes again")


def test_a_full_disk_serves_calls_if_it_is_told_to_and_loses_no_record(disk, start, simulator):
    folder, device = disk
    gateway = start(simple(simulator, "tokens=50") + "store: {on_failure: serve}\n", folder)
    with device.full(gateway):
        calls = []
        # The records of many calls fit in the rest of a page that the log has already.
        wait_until(lambda: calls.append(gateway.chat("chat")) or "call records cannot be written" in readiness(gateway)["reasons"],
                   20, "a record that cannot be written")
        assert readiness(gateway)["ready"]
        calls += [gateway.chat("chat") for _ in range(20)]
        assert all(answer.status_code == 200 for answer in calls)
        wait_until(lambda: gateway.metric("tidegate_events_queued") >= 20, 5, "records in the queue")
    wait_well(gateway)
    for call in ids(calls):
        gateway.wait_record(call)


@pytest.mark.skipif(SLOW > 1, reason="takes minutes under a sanitizer")
def test_even_who_serves_refuses_when_the_queue_of_records_is_full(start, simulator, tmp_path):
    """256 MiB of it: records of 4 MiB fill them with 64 calls."""
    gateway = start(simple(simulator) + "store: {on_failure: serve}\n", tmp_path / "gateway", records="max_content: 8MiB")
    text = "x" * (4 << 20)
    with NoBytesAllowed().full(gateway):
        calls = []
        wait_until(lambda: calls.append(gateway.chat("chat", text)) or calls[-1].status_code != 200, 60, "a refusal")
        assert 60 <= len(calls) <= 70
        refused(calls[-1], "call records")
        wait_reason(gateway, "call records cannot be written")
    wait_well(gateway)
    assert gateway.chat("chat").status_code == 200
    wait_until(lambda: gateway.metric("tidegate_events_queued") == 0, 60, "the queue to empty")
    assert gateway.metric("tidegate_events_lost_total") == 0
    for answer in (calls[0], calls[-2]):
        gateway.wait_record(answer.headers["x-tidegate-call-id"])


def test_an_answer_without_its_record_is_held_back_where_records_come_first(start, simulator, tmp_path):
    gateway = start(simple(simulator), tmp_path / "gateway", events="durability: strict")
    assert gateway.chat("chat").status_code == 200
    for _ in range(10):
        with NoBytesAllowed().full(gateway):
            held = gateway.chat("chat")
            refused(held, "")
            streamed = gateway.chat("chat", stream=True)
            refused(streamed, "No call may begin")
        wait_well(gateway)
        if "its answer is held back" in held.text:
            break  # else the store had noticed before the call came
    assert "its answer is held back" in held.text
    assert gateway.wait_record(held.headers["x-tidegate-call-id"])["outcome"] == "ok", "the call was made, and is on record"
    assert gateway.chat("chat").status_code == 200


def test_a_full_disk_at_the_start_is_said(start, simulator, tmp_path):
    folder = tmp_path / "disk"
    with mounted(folder, "size=1m"):
        gateway = start(simple(simulator), folder, begin=False)
        with SmallDisk(folder).full(gateway):
            said = start_fails(gateway)
            assert "No space left on device" in said or "database or disk is full" in said, said
        gateway.begin()
        assert gateway.chat("chat").status_code == 200
        gateway.end()


def test_a_locked_store_refuses_new_calls_and_heals(start, simulator, tmp_path):
    gateway = start(with_prompt(simulator), tmp_path / "gateway", files=PROMPT)
    with contextlib.closing(sqlite3.connect(gateway.folder / "data/tidegate.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        first = gateway.chat("greet")
        assert first.status_code == 200, "what it wrote was not known to fail"
        wait_reason(gateway, "the store cannot be written")
        refused(gateway.chat("chat"), "No call may begin while the store cannot be written")
        assert gateway.metric("tidegate_storage_failed", part="store") == 1
        assert "another process holds the store" in gateway.status()["store"]["failure"]
        gateway.wait_log("another process holds the store")
        other.execute("ROLLBACK")
        wait_well(gateway)
        assert gateway.chat("chat").status_code == 200
        assert other.execute("SELECT version FROM served_prompts").fetchall() == [("greet@1",)], "it was kept"
    gateway.wait_record(first.headers["x-tidegate-call-id"])


def test_a_locked_store_is_no_reason_to_refuse_if_it_is_told_so(start, simulator, tmp_path):
    gateway = start(with_prompt(simulator) + "store: {on_failure: serve}\n", tmp_path / "gateway", files=PROMPT)
    with contextlib.closing(sqlite3.connect(gateway.folder / "data/tidegate.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert gateway.chat("greet").status_code == 200
        wait_reason(gateway, "the store cannot be written", ready=True)
        assert gateway.chat("chat").status_code == 200
        other.execute("ROLLBACK")
        wait_well(gateway)


def test_a_store_that_is_locked_at_the_start_is_said(start, simulator, tmp_path):
    gateway = start(simple(simulator), tmp_path / "gateway")
    gateway.end()
    with contextlib.closing(sqlite3.connect(gateway.folder / "data/tidegate.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert "another process holds the store" in start_fails(gateway)
        other.execute("ROLLBACK")
    gateway.begin()


def overwrite(path, offset, count=64):
    with open(path, "r+b") as file:
        file.seek(offset)
        file.write(os.urandom(count))


@pytest.mark.parametrize("damage", ["its first bytes", "its pages", "half of it"])
def test_a_damaged_store_is_not_served_from(start, simulator, tmp_path, damage):
    gateway = start(with_prompt(simulator), tmp_path / "gateway", files=PROMPT)
    assert gateway.chat("greet").status_code == 200
    gateway.end()
    store, backup = gateway.folder / "data/tidegate.db", tmp_path / "backup.db"
    shutil.copy(store, backup)
    if damage == "its first bytes":
        overwrite(store, 0)
    elif damage == "its pages":
        for page in range(1, store.stat().st_size // 4096):
            overwrite(store, page * 4096, 4096)
        overwrite(store, 100, 4096 - 100)
    else:
        os.truncate(store, store.stat().st_size // 2 + 100)
    said = start_fails(gateway)
    assert "tidegate.db" in said and "restore the file from a backup" in said, said
    shutil.copy(backup, store)
    gateway.begin()
    assert gateway.chat("greet").status_code == 200


def test_a_store_that_is_damaged_while_it_is_used_refuses_new_calls_until_it_is_restored(start, simulator, tmp_path):
    gateway = start(with_prompt(simulator), tmp_path / "gateway", files=PROMPT)
    store, backup = gateway.folder / "data/tidegate.db", tmp_path / "backup.db"
    with contextlib.closing(sqlite3.connect(store)) as source, contextlib.closing(sqlite3.connect(backup)) as copy:
        source.backup(copy)
        # What another wrote is read from the file, not from a cache.
        source.execute("CREATE TABLE other (x)")
        source.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for page in range(1, store.stat().st_size // 4096):
        overwrite(store, page * 4096, 4096)
    assert gateway.chat("greet").status_code == 200, "what it wrote was not known to fail"
    wait_reason(gateway, "the store cannot be written")
    refused(gateway.chat("chat"), "the store cannot be written")
    gateway.wait_log("restore the file from a backup")
    gateway.end()
    for path in (store, pathlib.Path(f"{store}-wal"), pathlib.Path(f"{store}-shm")):
        path.unlink(missing_ok=True)
    shutil.copy(backup, store)
    gateway.begin()
    assert gateway.chat("greet").status_code == 200


def test_a_log_that_is_damaged_in_the_middle_loses_that_alone_and_says_so(start, simulator, tmp_path):
    gateway = start(simple(simulator), tmp_path / "gateway")
    calls = []
    for _ in range(3):
        calls.append(gateway.chat("chat").headers["x-tidegate-call-id"])
        gateway.wait_record(calls[-1])  # so that each is a group of its own
    gateway.end()
    segment = sorted((gateway.folder / "calls").glob("*.log"))[0]
    overwrite(segment, segment.stat().st_size // 2)
    gateway.begin()
    assert readiness(gateway)["ready"]
    gateway.wait_metric(1, "tidegate_events_lost_total", sink="log")
    gateway.wait_log("cannot be read at byte")
    assert gateway.record(calls[0]) and gateway.record(calls[2])
    lost = gateway.get_admin(f"/admin/v1/calls/{calls[1]}")
    assert lost.status_code == 500 and "the gateway's log says why" in lost.text
    gateway.wait_record(gateway.chat("chat").headers["x-tidegate-call-id"])
    # Built again, the index has what the log has.
    gateway.end()
    shutil.rmtree(gateway.folder / "calls/index")
    gateway.begin()
    gateway.wait_record(calls[0])
    gateway.wait_record(calls[2])
    assert gateway.record(calls[1]) is None


def test_a_damaged_index_is_built_again(start, simulator, tmp_path):
    gateway = start(simple(simulator), tmp_path / "gateway")
    call = gateway.chat("chat").headers["x-tidegate-call-id"]
    gateway.wait_record(call)
    gateway.end()
    for index in (gateway.folder / "calls/index").glob("*.db"):
        overwrite(index, 0)
    gateway.begin()
    assert readiness(gateway)["ready"]
    gateway.wait_record(call)


@pytest.mark.parametrize("folder", ["calls", "data"])
def test_a_folder_that_cannot_be_written_is_said(start, simulator, tmp_path, folder):
    gateway = start(simple(simulator), tmp_path / "gateway", begin=False)
    path = gateway.folder / folder
    with contextlib.ExitStack() as stack:
        if os.getuid() == 0:
            stack.enter_context(mounted(path, "ro"))
        else:
            path.mkdir()
            path.chmod(0o555)
            stack.callback(path.chmod, 0o755)
        said = start_fails(gateway)
        assert folder in said and any(why in said for why in ("Read-only file system", "Permission denied", "its permissions")), said
    shutil.rmtree(path)
    gateway.begin()
    assert gateway.chat("chat", timeout=10 * SLOW).status_code == 200
