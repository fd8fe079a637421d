"""The command line of statekeeper: `statekeeper serve`, and the operator's commands."""
