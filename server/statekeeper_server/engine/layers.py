"""Layers of commits that the tables have not got yet, over a snapshot of these."""

from statekeeper_server.engine import ReadTransaction
from statekeeper_server.engine.lmdb import LmdbTransaction
from statekeeper_server.engine.overlay import OverlaidTransaction, View


def lacking(tables: LmdbTransaction, view: View) -> View:
    """What of a view the tables have not got yet."""
    # Written meanwhile, they hold all that was in it.
    return tuple(each for each in view if each[1] and tables.number <= each[0].base)


def over(tables: LmdbTransaction, view: View) -> ReadTransaction:
    """A snapshot of the tables and what they lack."""
    lacked = lacking(tables, view)
    return OverlaidTransaction(tables, lacked) if lacked else tables
