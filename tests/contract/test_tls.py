"""Encrypted connections, and clients that show who they are."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import grpc
import pytest

from statekeeper import Client
from statekeeper.testing import TestServer
from statekeeper.v1.state_requests_pb2 import LoadRequest
from tests.support.certificates import Authority, Signed
from tests.support.raw import RawClient, key_of
from tests.support.server_process import ServerProcess


class Secured(NamedTuple):
    """A server, who signed its certificate, and who signs those of its clients."""

    address: str
    authority: Authority
    clients_authority: Authority


@pytest.fixture(scope="module")
def authorities(tmp_path_factory: pytest.TempPathFactory) -> tuple[Authority, Authority]:
    """Who signs for servers and who for clients."""
    folder = tmp_path_factory.mktemp("tls")
    return Authority(folder / "servers"), Authority(folder / "clients")


@pytest.fixture(scope="module")
def tls(authorities: tuple[Authority, Authority]) -> Iterator[Secured]:
    """A server with a certificate."""
    signed = authorities[0].sign("server")
    with TestServer(tls_cert=signed.certificate, tls_key=signed.key) as server:
        yield Secured(server.address, *authorities)


@pytest.fixture(scope="module")
def mutual_tls(authorities: tuple[Authority, Authority]) -> Iterator[Secured]:
    """A server that wants its clients to have certificates too."""
    signed = authorities[0].sign("server")
    with TestServer(
        tls_cert=signed.certificate,
        tls_key=signed.key,
        tls_client_ca=authorities[1].certificate,
    ) as server:
        yield Secured(server.address, *authorities)


def credentials(authority: Authority, own: Signed | None = None) -> grpc.ChannelCredentials:
    """What a client trusts, and what it shows."""
    roots = authority.certificate.read_bytes()
    if own is None:
        return grpc.ssl_channel_credentials(roots)
    return grpc.ssl_channel_credentials(roots, own.key.read_bytes(), own.certificate.read_bytes())


def save(address: str, credentials: grpc.ChannelCredentials | None) -> None:
    with Client(address, credentials=credentials) as client:
        sm = client.state_manager("exec_1")
        sm.save({"status": "running"})
        assert sm.load() is not None


def refused(address: str, credentials: grpc.ChannelCredentials | None) -> None:
    with RawClient(address, credentials) as raw:
        refusal = raw.refusal(raw.stub.Load, LoadRequest(key=key_of("exec_1")))
    assert refusal.code is grpc.StatusCode.UNAVAILABLE


def test_a_client_that_trusts_the_server_is_served(tls: Secured) -> None:
    """B80."""
    save(tls.address, credentials(tls.authority))


def test_a_client_without_tls_is_not_served(tls: Secured) -> None:
    """B80."""
    refused(tls.address, None)


def test_a_client_that_does_not_trust_the_server_does_not_talk_to_it(tls: Secured) -> None:
    """B80."""
    refused(tls.address, credentials(tls.clients_authority))


def test_a_client_whose_certificate_is_signed_is_served(mutual_tls: Secured) -> None:
    """B80."""
    own = mutual_tls.clients_authority.sign("client")
    save(mutual_tls.address, credentials(mutual_tls.authority, own))


def test_a_client_without_certificate_is_not_served(mutual_tls: Secured) -> None:
    """B80."""
    refused(mutual_tls.address, credentials(mutual_tls.authority))


def test_a_client_whose_certificate_another_signed_is_not_served(mutual_tls: Secured) -> None:
    """B80."""
    own = mutual_tls.authority.sign("intruder")
    refused(mutual_tls.address, credentials(mutual_tls.authority, own))


def test_with_a_certificate_other_machines_may_be_served(
    tmp_path: Path, authorities: tuple[Authority, Authority]
) -> None:
    """B80: no --insecure is needed."""
    signed = authorities[0].sign("server")
    flags = ("--tls-cert", str(signed.certificate), "--tls-key", str(signed.key))
    process = ServerProcess(tmp_path / "data", *flags, "--listen=0.0.0.0:0")
    with process as server:
        port = server.address.rpartition(":")[2]
        save(f"127.0.0.1:{port}", credentials(authorities[0]))
