"""`bench/run.sh`: all rows in one run."""

import argparse
import os
import sys

from . import creates, element, events, lists, machine, nodes, paging, report, rest, sessions, streams, tokens, uploads
from .load import LoadFailed
from .rows import Skipped
from .servers import ServerFailed

BUSY = 0.5

# In the order of the report.
CHATKIT = {
    "create": creates,
    "lists": lists,
    "paging": paging,
    "events": events,
    "nodes": nodes,
    "streams": streams,
    "tokens": tokens,
}
PARTS = {"sessions": sessions, **CHATKIT, "uploads": uploads, "element": element, "rest": rest}
# The others are measured once: they take long, or hold what they compare in themselves.
IN_ROUNDS = ("sessions", "create", "lists", "events")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench/run.sh", description="Measures chatkitd beside its peers.")
    parser.add_argument("--only", type=parts, help=f"parts, with commas between: chatkit, {', '.join(PARTS)} (all)")
    parser.add_argument("--seconds", type=int, default=5, help="of load on each server, each round (5)")
    parser.add_argument("--connections", type=int, default=16, help="kept open by wrk (16)")
    parser.add_argument("--rounds", type=int, default=3, help="of all servers; the median counts (3)")
    parser.add_argument("--rows", type=int, default=1_000_000, help="for the paging rows (1000000)")
    parser.add_argument("--streams", type=int, default=10_000, help="open at once (10000)")
    parser.add_argument("--stream-delay", type=int, default=15, help="seconds between a stream's events (15)")
    parser.add_argument("--starts", type=int, default=20, help="of chatkitd, for the start-up row (20)")
    return parser.parse_args()


def parts(text: str) -> list[str]:
    named = [part for word in text.split(",") for part in (CHATKIT if word == "chatkit" else [word])]
    if unknown := [name for name in named if name not in PARTS]:
        raise argparse.ArgumentTypeError(f"there is no part {unknown[0]}; there are chatkit, {', '.join(PARTS)}")
    return [name for name in PARTS if name in named]


def measure(asked: argparse.Namespace) -> dict:
    load_before = os.getloadavg()[0]
    if load_before > BUSY:
        print(f"bench: this machine is busy (load {load_before:.1f}): the numbers will be low", file=sys.stderr)
    run = {
        "command": " ".join(["bench/run.sh", *sys.argv[1:]]),
        "settings": vars(asked),
        "machine": machine.describe(),
        "load_before": load_before,
        "rounds": {},
        "values": {},
        "skipped": {},
        "failed": {},
    }
    chosen = asked.only or list(PARTS)
    for number in range(asked.rounds):
        for name in chosen:
            if (name in IN_ROUNDS or number == 0) and name not in run["failed"]:
                one_part(name, asked, run)
    return run


def one_part(name: str, asked: argparse.Namespace, run: dict) -> None:
    part = PARTS[name]
    print(f"bench: {part.TITLE}", flush=True)
    try:
        if hasattr(part, "values"):
            run["values"][name] = part.values(asked)
            return
        results = {}
        for server, result in part.measured(asked):
            print(f"  {server:32} {result.per_second:10,.0f}/s   p99 {result.p99_ms:8.2f} ms", flush=True)
            results[server] = result
        run["rounds"].setdefault(name, []).append(results)
    except Skipped as skipped:
        run["skipped"][name] = str(skipped)
    except (LoadFailed, ServerFailed) as failed:
        # The other parts are worth their time.
        print(f"bench: {part.TITLE} failed: {failed}", file=sys.stderr)
        run["failed"][name] = str(failed)


def main() -> None:
    asked = arguments()
    run = measure(asked)
    path = report.write(run, PARTS, whole=not asked.only and not run["failed"])
    print(f"\n{report.markdown(run, PARTS)}\nWritten to {path.parent.name}/{path.name} and {path.stem}.md")
    if run["failed"]:
        sys.exit(f"bench: failed: {', '.join(run['failed'])}")


main()
