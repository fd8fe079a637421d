"""An execution as its operations see it: head, entries, log, pauses, checkpoints, locks.

`Reader` reads them in any transaction, `Writer` changes them in a shard's write
transaction; `prune` drops versions that are too old, `sweep` those of executions that
nobody writes any more; `reclaim` removes what nobody can reach any more; `lock_table` has the locks
in memory.
"""
