from statekeeper.v1 import batch_pb2 as _batch_pb2
from statekeeper.v1 import checkpoint_pb2 as _checkpoint_pb2
from statekeeper.v1 import list_pb2 as _list_pb2
from statekeeper.v1 import lock_pb2 as _lock_pb2
from statekeeper.v1 import pause_requests_pb2 as _pause_requests_pb2
from statekeeper.v1 import state_requests_pb2 as _state_requests_pb2
from statekeeper.v1 import transaction_pb2 as _transaction_pb2
from statekeeper.v1 import watch_pb2 as _watch_pb2
from google.protobuf import descriptor as _descriptor
from typing import ClassVar as _ClassVar

DESCRIPTOR: _descriptor.FileDescriptor
