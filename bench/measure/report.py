"""The results as tables for people and as JSON for comparison: ratios first, they outlive the machine."""

import json
import statistics
from datetime import datetime, timezone
from pathlib import Path

from .load import Result
from .rows import COMPARISONS, SERVERS, Comparison
from .servers import ROOT

TARGET_START_MS = 50
TARGET_REST_MIB = 48


def ratio(rounds: list[dict[str, Result]], comparison: Comparison) -> float:
    """The median over the rounds: both servers of a ratio were loaded within the same minute."""
    return statistics.median(
        results[comparison.ours].per_second / results[comparison.peer].per_second for results in rounds
    )


def median_of(rounds: list[dict[str, Result]], server: str, field: str) -> float:
    return statistics.median(getattr(results[server], field) for results in rounds)


def verdict(met: bool) -> str:
    return "met" if met else "missed"


def ratios(rounds: list[dict[str, Result]]) -> list[str]:
    lines = ["| Row | Against | Ratio | Target | |", "|---|---|---|---|---|"]
    for comparison in COMPARISONS:
        value, least = ratio(rounds, comparison), comparison.at_least
        target = (f">= {least:g} x", verdict(value >= least)) if least is not None else ("-", "")
        lines.append(f"| {comparison.row} | {comparison.peer} | **{value:.2f} x** | {target[0]} | {target[1]} |")
    return lines


def at_rest(start_up: dict[str, list[float]], memory: dict[str, float]) -> list[str]:
    lines = ["| At rest | Measured | Target | |", "|---|---|---|---|"]
    for name, values in start_up.items():
        middle = statistics.median(values)
        measured = f"**{middle:.1f} ms** (of {len(values)}: {min(values):.1f} to {max(values):.1f})"
        met = verdict(middle <= TARGET_START_MS)
        lines.append(f"| start to first answer, {name} | {measured} | <= {TARGET_START_MS} ms | {met} |")
    for name, value in memory.items():
        met = verdict(value <= TARGET_REST_MIB)
        lines.append(f"| memory, {name} | **{value:.1f} MiB** | <= {TARGET_REST_MIB} MiB | {met} |")
    return lines


def absolutes(rounds: list[dict[str, Result]]) -> list[str]:
    lines = ["| Server | Requests/s | p50 | p99 |", "|---|---|---|---|"]
    for name, words in SERVERS.items():
        per_second, p50, p99 = (median_of(rounds, name, field) for field in ("per_second", "p50_ms", "p99_ms"))
        lines.append(f"| {words} | {per_second:,.0f} | {p50:.2f} ms | {p99:.2f} ms |")
    return lines


def machine_lines(machine: dict[str, str], command: str) -> list[str]:
    words = "; ".join(f"{name} {value}" for name, value in machine.items())
    return [f"Machine and versions: {words}.", "", f"Command: `{command}`"]


def markdown(run: dict) -> str:
    parts = [
        ratios(run["rounds"]),
        at_rest(run["start_up_ms"], run["memory_mib"]),
        absolutes(run["rounds"]),
        machine_lines(run["machine"], run["command"]),
    ]
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def write(run: dict) -> Path:
    """`bench/results/<date>.json`, and beside it the tables to paste into docs/BENCHMARKS.md."""
    folder = ROOT / "bench" / "results"
    folder.mkdir(exist_ok=True)
    path = folder / f"{datetime.now(timezone.utc):%Y-%m-%d}.json"
    plain = run | {"rounds": [{name: vars(result) for name, result in one.items()} for one in run["rounds"]]}
    path.write_text(json.dumps(plain, indent=2) + "\n")
    path.with_suffix(".md").write_text(markdown(run))
    return path
