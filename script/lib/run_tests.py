#!/usr/bin/env python3
"""Runs the test programs of one build, keeps their reports, and adds them up for script/test."""
import argparse
import os
import pathlib
import subprocess
import sys
import time
import xml.etree.ElementTree as ET

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Leaks are found at exit; a report of any sanitizer is a failure of the program that printed it.
SANITIZER_ENVIRONMENT = {
    "ASAN_OPTIONS": "detect_stack_use_after_return=1:strict_string_checks=1",
    "UBSAN_OPTIONS": "print_stacktrace=1",
    "TSAN_OPTIONS": f"suppressions={ROOT}/script/lib/tsan.supp:history_size=4",
}


def environment():
    return {**os.environ, **SANITIZER_ENVIRONMENT}


def note_crash(results, name, output):
    """A program that ended without its report counts as one failure."""
    (results / f"{name}.check").write_text("FAILED")
    (results / f"{name}.log").write_text(output)
    print(f"[{name}] FAILED\n" + "\n".join(output.splitlines()[-60:]), flush=True)


def run_unit(preset, results):
    build = ROOT / "build" / preset
    for program in sorted(build.glob("tests/**/*_test")):
        if not program.is_file():
            continue
        name = f"{preset}-{program.name}"
        report = results / f"{name}.xml"
        started = time.monotonic()
        run = subprocess.run([program, "--gtest_brief=1", f"--gtest_output=xml:{report}"], cwd=build, env=environment(),
                             capture_output=True, text=True, errors="replace", timeout=1200)
        output = run.stdout + run.stderr
        passed, failed, skipped = count_xml(report) if report.exists() else (0, 0, 0)
        print(f"[{name}] {passed} passed, {failed} failed, {skipped} skipped ({time.monotonic() - started:.0f} s)", flush=True)
        if failed:
            print("\n".join(output.splitlines()[-80:]), flush=True)
        if run.returncode != 0 and not failed:
            note_crash(results, name, output)
    for program in sorted(build.glob("tests/**/fuzz_*")):
        corpus = ROOT / "tests/fuzz/corpus" / program.name.removeprefix("fuzz_")
        if not program.is_file() or not corpus.is_dir():
            continue
        name = f"{preset}-{program.name}"
        files = sorted(str(path) for path in corpus.iterdir())
        run = subprocess.run([program, "-rss_limit_mb=2048", "-timeout=10", *files], cwd=build, env=environment(),
                             capture_output=True, text=True, errors="replace", timeout=1200)
        if run.returncode == 0:
            (results / f"{name}.check").write_text("PASSED")
            print(f"[{name}] replayed {len(files)} inputs", flush=True)
        else:
            note_crash(results, name, run.stdout + run.stderr)


def run_integration(preset, results):
    folder = ROOT / "tests/integration"
    if not (folder / "conftest.py").exists():
        return
    python = ROOT / ".tools/venv/bin/python"
    name = f"{preset}-integration"
    if not python.exists():
        (results / f"{name}.skipped").write_text("integration: script/test-tools has not run (script/test --all runs it)")
        return
    report = results / f"{name}.xml"
    variables = {**environment(), "TIDEGATE_BINARY": str(ROOT / "build" / preset / "src/app/tidegate"), "TIDEGATE_PRESET": preset}
    # Two files at a time: most tests wait for something.
    run = subprocess.run([python, "-m", "pytest", "-q", "-rs", "--tb=short", "-n", "2", "--dist", "loadfile",
                          f"--junitxml={report}", str(folder)],
                         cwd=ROOT, env=variables, timeout=2400)
    if run.returncode not in (0, 1, 5) or not report.exists():
        note_crash(results, name, f"pytest ended with {run.returncode}")


def count_xml(path):
    total = failed = skipped = 0
    for case in ET.parse(path).getroot().iter("testcase"):
        total += 1
        if case.find("failure") is not None or case.find("error") is not None:
            failed += 1
        elif case.find("skipped") is not None or case.get("status") == "notrun" or case.get("result") == "skipped":
            skipped += 1
    return total - failed - skipped, failed, skipped


def print_skips(path):
    for case in ET.parse(path).getroot().iter("testcase"):
        skip = case.find("skipped")
        if skip is not None:
            reason = (skip.get("message") or skip.text or "no reason given").strip().splitlines()[-1]
            print(f"skipped: {case.get('classname')}.{case.get('name')}: {reason}")


def summary(results):
    passed = failed = skipped = 0
    for path in sorted(results.glob("*.xml")):
        counts = count_xml(path)
        passed, failed, skipped = passed + counts[0], failed + counts[1], skipped + counts[2]
        print_skips(path)
    for path in sorted(results.glob("*.check")):
        if path.read_text() == "PASSED\n" or path.read_text() == "PASSED":
            passed += 1
        else:
            failed += 1
            print(f"failed: {path.stem}")
    for path in sorted(results.glob("*.skipped")):
        skipped += 1
        print(f"skipped: {path.read_text()}")
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or passed == 0 else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("step", choices=["unit", "integration", "summary"])
    parser.add_argument("--preset", default="release")
    parser.add_argument("--results", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    if arguments.step == "unit":
        run_unit(arguments.preset, arguments.results)
    elif arguments.step == "integration":
        run_integration(arguments.preset, arguments.results)
    else:
        sys.exit(summary(arguments.results))


if __name__ == "__main__":
    main()
