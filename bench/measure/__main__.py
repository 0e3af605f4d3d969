"""`bench/run.sh`: all rows in one run."""

import argparse
import os
import sys

from . import machine, report, rest
from .rows import round_of
from .servers import LOCAL_SETTINGS, Server, hosted_settings, standin

BUSY = 0.5


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench/run.sh", description="Measures chatkitd beside its peers.")
    parser.add_argument("--seconds", type=int, default=8, help="of load on each server, each round (8)")
    parser.add_argument("--connections", type=int, default=16, help="kept open by wrk (16)")
    parser.add_argument("--rounds", type=int, default=3, help="of all servers; the median counts (3)")
    parser.add_argument("--starts", type=int, default=20, help="of chatkitd, for the start-up row (20)")
    return parser.parse_args()


def measure(asked: argparse.Namespace) -> dict:
    load_before = os.getloadavg()[0]
    if load_before > BUSY:
        print(f"bench: this machine is busy (load {load_before:.1f}): the numbers will be low", file=sys.stderr)
    with standin() as upstream:
        rounds = [one_round(number + 1, asked, upstream) for number in range(asked.rounds)]
        settings = {"local": LOCAL_SETTINGS, "hosted": hosted_settings(upstream)}
        start_up = {name: rest.start_up_ms(value, asked.starts) for name, value in settings.items()}
        memory = {name: rest.memory_at_rest_mib(value) for name, value in settings.items()}
    return {
        "command": " ".join(["bench/run.sh", *sys.argv[1:]]),
        "settings": vars(asked),
        "machine": machine.describe(),
        "load_before": load_before,
        "rounds": rounds,
        "start_up_ms": start_up,
        "memory_mib": memory,
    }


def one_round(number: int, asked: argparse.Namespace, upstream: Server) -> dict:
    results = {}
    for name, result in round_of(upstream, asked.connections, asked.seconds):
        print(f"round {number}: {name:13} {result.per_second:10,.0f}/s   p99 {result.p99_ms:7.2f} ms", flush=True)
        results[name] = result
    return results


def main() -> None:
    run = measure(arguments())
    path = report.write(run)
    print(f"\n{report.markdown(run)}\nWritten to {path.parent.name}/{path.name} and {path.stem}.md")


main()
