"""The promises as a small model, and a test that compares the server with it.

Read `specification.py` first: it says what each RPC does. What it speaks of is in the
files beside it, one idea in each: `requests.py` and `answers.py` are what goes in and
out, `executions.py` is what is kept, `writing.py` the frame of every write, and then
`states.py`, `pauses.py`, `checkpoints.py`, `locks.py` and `shared.py`. None of them knows about
gRPC or the server. `choices.py` chooses what to ask, `wire.py` and `service.py` ask it,
and `comparison.py` compares.
"""
