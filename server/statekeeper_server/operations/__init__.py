"""What can be done with an execution: plain functions of a store, a request and the time.

Each reads, decides, and writes last: it raises a `StateError` before its first write or
not at all, so that a refused operation leaves no trace in the transaction that it shares
with others. None knows gRPC or the engine.
"""
