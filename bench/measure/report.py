"""The results as tables for people and as JSON for comparison: ratios first, they outlive the machine."""

import json
import statistics
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from types import ModuleType

from .load import Result
from .rows import Comparison, Value
from .servers import ROOT

Rounds = list[dict[str, Result]]

DOCUMENT = ROOT / "docs" / "BENCHMARKS.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"

OF = {"per_second": "requests/s", "p50_ms": "p50", "p99_ms": "p99", "cpu_us_per_event": "CPU/event"}


def ratio(rounds: Rounds, row: Comparison) -> float:
    """The median over the rounds: both servers of a ratio were loaded within the same minutes."""
    return statistics.median(
        getattr(results[row.ours], row.of) / getattr(results[row.peer], row.of) for results in rounds
    )


def target(row: Comparison | Value, measured: float, unit: str) -> str:
    """The last two columns of a table."""
    least, most = getattr(row, "at_least", None), row.at_most
    if least is not None:
        return f">= {least:g} {unit} | {'met' if measured >= least else 'missed'}"
    if most is not None:
        return f"<= {most:g} {unit} | {'met' if measured <= most else 'missed'}"
    return "- | "


def ratios(part: ModuleType, rounds: Rounds) -> list[str]:
    lines = ["| Row | Against | Of | Ratio | Target | |", "|---|---|---|---|---|---|"]
    for row in part.COMPARISONS:
        value = ratio(rounds, row)
        digits = 2 if value >= 0.1 else 3
        measured = f"**{value:.{digits}f} x**"
        lines.append(f"| {row.row} | {row.peer} | {OF[row.of]} | {measured} | {target(row, value, 'x')} |")
    return lines


def absolutes(part: ModuleType, rounds: Rounds) -> list[str]:
    of_events = any(result.events for results in rounds for result in results.values())
    more = (" CPU/event |", "---|") if of_events else ("", "")
    lines = [f"| Server | Requests/s | p50 | p99 |{more[0]}", f"|---|---|---|---|{more[1]}"]
    for name, words in part.SERVERS.items():
        results = [results[name] for results in rounds]
        per_second, p50, p99 = (median(results, field) for field in ("per_second", "p50_ms", "p99_ms"))
        line = f"| {words} | {per_second:,.0f} | {p50:.2f} ms | {p99:.2f} ms |"
        lines.append(line + (f" {cpu(results)} |" if of_events else ""))
    return lines


def cpu(results: list[Result]) -> str:
    return f"{median(results, 'cpu_us_per_event'):.1f} µs" if all(result.events for result in results) else ""


def median(results: list[Result], field: str) -> float:
    return statistics.median(getattr(result, field) for result in results)


def values(rows: list[Value]) -> list[str]:
    lines = ["| Row | Measured | Target | |", "|---|---|---|---|"]
    for row in rows:
        detail = f" ({row.detail})" if row.detail else ""
        measured = f"**{row.measured:.1f} {row.unit}**{detail}"
        lines.append(f"| {row.row} | {measured} | {target(row, row.measured, row.unit)} |")
    return lines


def part_lines(name: str, part: ModuleType, run: dict) -> list[str]:
    heading = [f"## {part.TITLE}", ""]
    if name in run["skipped"]:
        return [*heading, f"Not measured: {run['skipped'][name]}."]
    if name in run["failed"]:
        return [*heading, f"Failed: {run['failed'][name]}"]
    if name in run["values"]:
        return heading + values(run["values"][name])
    rounds = run["rounds"][name]
    return [*heading, *ratios(part, rounds), "", *absolutes(part, rounds)]


def machine_lines(run: dict) -> list[str]:
    words = "; ".join(f"{name} {value}" for name, value in run["machine"].items())
    return [
        "## Machine",
        "",
        f"{words}.",
        "",
        f"Load before the run: {run['load_before']:.1f}. Command: `{run['command']}`",
    ]


def markdown(run: dict, parts: Mapping[str, ModuleType]) -> str:
    there = {name for kind in ("rounds", "values", "skipped", "failed") for name in run[kind]}
    sections = [part_lines(name, part, run) for name, part in parts.items() if name in there]
    return "\n\n".join("\n".join(section) for section in [*sections, machine_lines(run)]) + "\n"


def plain(run: dict) -> dict:
    rounds = {
        name: [{server: vars(result) for server, result in results.items()} for results in rounds]
        for name, rounds in run["rounds"].items()
    }
    return run | {"rounds": rounds, "values": {name: [vars(v) for v in rows] for name, rows in run["values"].items()}}


def write(run: dict, parts: Mapping[str, ModuleType], whole: bool) -> Path:
    """`bench/results/<date>.json` and `.md`; of a run of all parts, the tables also go to docs/BENCHMARKS.md."""
    folder = ROOT / "bench" / "results"
    folder.mkdir(exist_ok=True)
    day = f"{datetime.now(timezone.utc):%Y-%m-%d}"
    path = folder / (f"{day}.json" if whole else f"{day}-part.json")
    path.write_text(json.dumps(plain(run), indent=2) + "\n")
    tables = markdown(run, parts)
    path.with_suffix(".md").write_text(tables)
    if whole:
        before, rest = DOCUMENT.read_text().split(BEGIN)
        DOCUMENT.write_text(f"{before}{BEGIN}\n\n{tables}\n{END}{rest.split(END)[1]}")
    return path
