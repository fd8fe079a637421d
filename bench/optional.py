"""Packages that only some benchmarks need: the extra `bench` of pyproject.toml."""

from importlib.metadata import PackageNotFoundError, version


def found(package: str) -> str:
    """The version that is installed; empty if it is not."""
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def missing(package: str) -> str:
    """What is missing and how to get it; empty if it is installed."""
    return "" if found(package) else f"{package} is not installed (pip install -e '.[bench]')"
