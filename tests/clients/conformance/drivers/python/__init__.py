"""The driver of the Python client: AsyncClient, as a program would use it."""
