"""Generated code of the public protos (`make gen`)."""
