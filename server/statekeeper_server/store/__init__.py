"""An execution as its operations see it: head, entries, log, done requests.

`Reader` reads them in any transaction, `Writer` changes them in a shard's write
transaction, `reclaim` removes what deleted executions have left.
"""
