"""What a part of the benchmarks says in the report."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Comparison:
    """One server's number over another's; `of` names a field of `load.Result`."""

    row: str
    ours: str
    peer: str
    of: str = "per_second"
    at_least: float | None = None
    at_most: float | None = None


@dataclass(frozen=True)
class Value:
    """A number that stands by itself."""

    row: str
    measured: float
    unit: str
    at_most: float | None = None
    detail: str = ""
    at_least: float | None = None


class Skipped(Exception):
    """This machine cannot measure it; the text says why."""
