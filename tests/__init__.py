"""What proves that the promises are kept."""
