"""The promises, each through a real client, against every way the server can run."""
