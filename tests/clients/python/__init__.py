"""The Python client, with a fake server for what a real one cannot be made to do."""
