from statekeeper.v1 import shared_state_requests_pb2 as _shared_state_requests_pb2
from google.protobuf import descriptor as _descriptor
from typing import ClassVar as _ClassVar

DESCRIPTOR: _descriptor.FileDescriptor
