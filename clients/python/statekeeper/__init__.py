"""The Python client of statekeeper."""
