"""Certificates for the tests, made by the openssl command."""

import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest

_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


class Signed(NamedTuple):
    """A certificate and its private key, as files."""

    certificate: Path
    key: Path


class Authority:
    """Signs certificates, all for this machine under its loopback address."""

    def __init__(self, folder: Path) -> None:
        if shutil.which("openssl") is None:
            pytest.skip("the command openssl is not installed")
        self._folder = folder
        self._folder.mkdir(exist_ok=True)
        self._own = Signed(folder / "ca.pem", folder / "ca.key")
        _openssl("req", "-x509", *_KEY, "-subj", "/CN=a test's CA", *_files(self._own))

    @property
    def certificate(self) -> Path:
        """What others trust."""
        return self._own.certificate

    def sign(self, name: str) -> Signed:
        """A new key with a certificate."""
        signed = Signed(self._folder / f"{name}.pem", self._folder / f"{name}.key")
        _openssl(
            *("req", "-x509", *_KEY, "-subj", f"/CN={name}", *_files(signed)),
            *("-CA", str(self._own.certificate), "-CAkey", str(self._own.key)),
            *("-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"),
            *("-addext", "basicConstraints=critical,CA:FALSE"),
        )
        return signed


def _files(signed: Signed) -> tuple[str, ...]:
    return ("-out", str(signed.certificate), "-keyout", str(signed.key))


def _openssl(*arguments: str) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)  # noqa: S607 - from the PATH
