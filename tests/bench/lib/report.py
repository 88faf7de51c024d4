"""Tables as Markdown and JSON, and a plot of the ratios."""
import datetime
import json
import os
import platform
import subprocess

from .gateway import ROOT
from .peers import INSTALLED


def markdown(table):
    shown = [column for column in table.columns if any(row.get(column.key) is not None for row in table.rows.values())]
    ratios = table.ratios()
    rest = [f"{compared_title(table)} ÷ {table.base}"] if ratios else []
    lines = [f"### {table.title}", "", "| | " + " | ".join([column.title for column in shown] + rest) + " |",
             "| --- |" + " --- |" * (len(shown) + len(rest))]
    for name, row in table.rows.items():
        cells = [column.form.format(row[column.key]) if row.get(column.key) is not None else "-" for column in shown]
        if rest:
            cells.append(f"{ratios[name]:.3g}" if name in ratios else "-")
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines + [""] + [f"- {remark}" for remark in table.remarks] + [""])


def compared_title(table):
    return next((column.title for column in table.columns if column.key == table.compared), "")


def as_data(tables, arguments, failures):
    return {"machine": machine(), "load_before": arguments.load_before, "rounds": arguments.rounds, "seconds": arguments.seconds, "failures": failures,
            "works": [{"name": table.name, "title": table.title, "compared": table.compared, "compared_title": compared_title(table),
                       "base": table.base, "rows": table.rows, "ratios": table.ratios(), "remarks": table.remarks}
                      for table in tables]}


def machine():
    processor = ""
    with open("/proc/cpuinfo") as file:
        processor = next((line.split(":", 1)[1].strip() for line in file if line.startswith("model name")), "")
    return {"processor": processor, "cores": os.cpu_count(), "kernel": platform.release(),
            "time": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")}


PLOT = """
import json, sys
import matplotlib
matplotlib.use("svg")
from matplotlib import pyplot
data = json.load(open(sys.argv[1]))
works = [work for work in data["works"] if len(work["ratios"]) > 1]
figure, axes = pyplot.subplots(len(works), 1, figsize=(9, sum(0.9 + 0.28 * len(work["ratios"]) for work in works)), squeeze=False,
                               gridspec_kw={"height_ratios": [0.9 + 0.28 * len(work["ratios"]) for work in works]})
for axis, work in zip(axes[:, 0], works):
    names, ratios = zip(*reversed(list(work["ratios"].items())))
    positive = [max(ratio, 1e-4) for ratio in ratios]
    colors = ["#1f6f8b" if name.startswith("tidegate") else "#b8c4cc" for name in names]
    bars = axis.barh(names, positive, color=colors)
    axis.bar_label(bars, [f"{ratio:.3g}" for ratio in ratios], padding=3, fontsize=8)
    if max(positive) / min(positive) > 20:
        axis.set_xscale("log")
    axis.axvline(1, color="#888888", linewidth=0.8)
    axis.margins(x=0.12)
    axis.set_title(f'{work["title"]}: {work["compared_title"]} ÷ {work["base"]}', fontsize=9, loc="left")
    axis.tick_params(labelsize=8)
    for side in ("top", "right"):
        axis.spines[side].set_visible(False)
figure.tight_layout()
figure.savefig(sys.argv[2], metadata={"Date": None})
"""


def plot(data_file, svg_file):
    """Says so, and goes on, where there is no matplotlib."""
    python = INSTALLED / "plot/bin/python"
    if not python.exists():
        return "no plot: tests/bench/install plot"
    if not any(len(work["ratios"]) > 1 for work in json.loads(data_file.read_text())["works"]):
        return "no plot: nothing was compared"
    done = subprocess.run([python, "-c", PLOT, data_file, svg_file], capture_output=True, text=True, cwd=ROOT)
    return f"plot: {svg_file}" if done.returncode == 0 else f"no plot: {done.stderr[-300:]}"
