"""The ceiling: a grpc.aio server on uvloop that does nothing but answer.

A method is named by what it answers: `/statekeeper.bench.Echo/1100` answers with 1,100
bytes whatever it is asked. It runs under the settings of gRPC and of the interpreter that
`statekeeper serve` runs under, because it imports the module that makes them.
"""

import sys
from functools import cache

# First: gRPC reads its settings when it is imported.
from statekeeper_server import __main__ as command

import grpc  # isort: skip
import uvloop  # isort: skip

_Context = grpc.aio.ServicerContext[bytes, bytes]


class _Echo(grpc.GenericRpcHandler):
    def service(
        self, handler_call_details: grpc.HandlerCallDetails
    ) -> "grpc.RpcMethodHandler[bytes, bytes]":
        return _method(handler_call_details.method)


@cache
def _method(name: str) -> "grpc.RpcMethodHandler[bytes, bytes]":
    response = bytes(int(name.rpartition("/")[2]))

    async def answer(_request: bytes, _context: _Context) -> bytes:
        return response

    return grpc.unary_unary_rpc_method_handler(answer)


async def _serve() -> None:
    server = grpc.aio.server(options=(("grpc.so_reuseport", 0),))
    server.add_generic_rpc_handlers((_Echo(),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(f"echo listening on 127.0.0.1:{port}", flush=True)
    await server.wait_for_termination()


if __name__ == "__main__":
    sys.setswitchinterval(command._SWITCH_INTERVAL_S)  # noqa: SLF001 - the same as the server's
    uvloop.run(_serve())
