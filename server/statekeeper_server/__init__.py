"""The statekeeper server: keeps the state of executions in shards on LMDB, behind gRPC."""
