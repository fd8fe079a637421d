"""Generated code of what is on disk (`make gen`)."""
