#!/usr/bin/env python3
"""The layer rule: a folder of src/ or include/tidegate/ includes only folders of a lower layer (docs/architecture.md)."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
LAYERS = [
    ["base"],
    ["async", "yaml", "metrics", "statistics", "store"],
    ["upstream", "dialect", "http"],
    ["access", "flags", "prompts", "ledger", "guardrails", "cache", "events"],
    ["calls"],
    ["pipeline", "release"],
    ["simulator", "admin"],
    ["config"],
    ["cli", "app"],
]
LEVEL = {folder: level for level, folders in enumerate(LAYERS) for folder in folders}
# `app` wires the commands of `cli` to what they start.
SAME_LAYER = {("app", "cli"), ("cli", "app")}
INCLUDE = re.compile(r'^\s*#include\s+[<"](?:tidegate/)?([a-z_]+)/')


def violations():
    for base in (ROOT / "include/tidegate", ROOT / "src"):
        for path in sorted(base.rglob("*")):
            if path.suffix not in (".h", ".cpp"):
                continue
            folder = path.relative_to(base).parts[0]
            if folder not in LEVEL:
                yield f"{path.relative_to(ROOT)}: the folder {folder} has no layer"
                continue
            for number, line in enumerate(path.read_text().splitlines(), 1):
                found = INCLUDE.match(line)
                if not found or found.group(1) not in LEVEL:
                    continue
                other = found.group(1)
                if other == folder or (folder, other) in SAME_LAYER:
                    continue
                if LEVEL[other] >= LEVEL[folder]:
                    yield f"{path.relative_to(ROOT)}:{number}: {folder} must not include {other}"


problems = list(violations())
print("\n".join(problems) or "no layer violation")
sys.exit(1 if problems else 0)
