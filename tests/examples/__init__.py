"""What newcomers run first: it works as printed."""
