"""The drivers, one for each language."""
