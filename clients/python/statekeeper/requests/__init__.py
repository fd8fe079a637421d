"""From the arguments of a call to its request; nothing here talks to anyone."""
