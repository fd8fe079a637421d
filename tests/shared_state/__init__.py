"""Shared state: its rules, in memory and on a server, by the same tests."""
