"""A control group that has half a core, in the first or the second version of cgroups."""

import os
from contextlib import contextmanager
from pathlib import Path

from .rows import Skipped

ROOT = Path("/sys/fs/cgroup")
PERIOD_US = 100_000
QUOTA_US = PERIOD_US // 2


@contextmanager
def half_a_core(name: str):
    """Its folder. Whoever is in there has to be gone at the end."""
    try:
        group = make(f"chatkitd-bench-{os.getpid()}-{name}")
    except OSError as error:
        raise Skipped(f"no cgroup of half a core can be made here ({error.strerror}); it takes root") from error
    try:
        yield group
    finally:
        group.rmdir()


def make(name: str) -> Path:
    if (ROOT / "cgroup.controllers").exists():
        (ROOT / "cgroup.subtree_control").write_text("+cpu")
        group = ROOT / name
        group.mkdir()
        (group / "cpu.max").write_text(f"{QUOTA_US} {PERIOD_US}")
    else:
        group = ROOT / "cpu" / name
        group.mkdir()
        (group / "cpu.cfs_period_us").write_text(str(PERIOD_US))
        (group / "cpu.cfs_quota_us").write_text(str(QUOTA_US))
    return group


def add(group: Path, pid: int) -> None:
    """Moves a process with all its threads."""
    (group / "cgroup.procs").write_text(str(pid))
