"""What breaks while the server serves, and what must not be lost."""
