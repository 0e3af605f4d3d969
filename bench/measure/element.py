"""The element, in Chromium against the real binary. `bench/element` measures; here it is only run."""

import argparse
import json
import os
import subprocess

from .chatkitd import CHATKITD
from .load import LoadFailed
from .rows import Skipped, Value
from .servers import ROOT

TITLE = "The element in Chromium"
DEADLINE_SECONDS = 1800


def values(_asked: argparse.Namespace) -> list[Value]:
    if not os.environ.get("CHATKITD_TEST_CHROMIUM"):
        raise Skipped("there is no Chromium; scripts/setup-test.sh installs it")
    command = ["npx", "tsx", str(ROOT / "bench/element/measure.ts")]
    env = {**os.environ, "CHATKITD_BINARY": str(CHATKITD)}
    run = subprocess.run(command, cwd=ROOT / "web", env=env, stdout=subprocess.PIPE, timeout=DEADLINE_SECONDS)
    if run.returncode != 0:
        raise LoadFailed(f"bench/element/measure.ts ended with {run.returncode}")
    return [Value(**row) for row in json.loads(run.stdout.splitlines()[-1])]
