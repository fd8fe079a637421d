"""What shared state is made of: schemas, patterns, YAML."""
