"""etcd's own lock: its messages, as far as they are needed, and who contends with them."""

from dataclasses import dataclass
from typing import Any

import grpc
from bench.contender import CONTENDERS, Contender
from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

_TTL_S = 60
_INT64 = FieldDescriptorProto.TYPE_INT64
_BYTES = FieldDescriptorProto.TYPE_BYTES
# Names, numbers and types as in etcd's rpc.proto and v3lock.proto.
_MESSAGES: dict[str, list[tuple[str, int, Any]]] = {
    "LeaseGrantRequest": [("TTL", 1, _INT64)],
    "LeaseGrantResponse": [("ID", 2, _INT64)],
    "LockRequest": [("name", 1, _BYTES), ("lease", 2, _INT64)],
    "LockResponse": [("key", 2, _BYTES)],
    "UnlockRequest": [("key", 1, _BYTES)],
    "UnlockResponse": [],
}


def _make_messages() -> dict[str, Any]:
    file = FileDescriptorProto(name="etcd_lock.proto", package="bench", syntax="proto3")
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for field, number, kind in fields:
            message.field.add(
                name=field, number=number, type=kind, label=FieldDescriptorProto.LABEL_OPTIONAL
            )
    pool = DescriptorPool()
    pool.Add(file)
    return {
        name: GetMessageClass(pool.FindMessageTypeByName(f"bench.{name}")) for name in _MESSAGES
    }


_TYPES = _make_messages()


async def _call(channel: grpc.aio.Channel, path: str, /, **fields: Any) -> Any:
    kind = path.rpartition("/")[2]
    request, response = _TYPES[f"{kind}Request"], _TYPES[f"{kind}Response"]
    method: Any = channel.unary_unary(path, request.SerializeToString, response.FromString)
    return await method(request(**fields))


@dataclass(slots=True)
class _Contender:
    channel: grpc.aio.Channel
    name: bytes
    lease: int
    key: bytes = b""

    async def lock(self) -> None:
        path = "/v3lockpb.Lock/Lock"
        response = await _call(self.channel, path, name=self.name, lease=self.lease)
        self.key = response.key

    async def unlock(self) -> None:
        await _call(self.channel, "/v3lockpb.Lock/Unlock", key=self.key)


async def contenders(channels: list[grpc.aio.Channel], name: str) -> list[Contender]:
    """Callers with a lease each, which etcd wants for every holder."""
    path = "/etcdserverpb.Lease/LeaseGrant"
    made: list[Contender] = []
    for number in range(CONTENDERS):
        channel = channels[number % len(channels)]
        granted = await _call(channel, path, TTL=_TTL_S)
        made.append(_Contender(channel, name.encode(), granted.ID))
    return made
