"""What several suites need: servers as processes, requests that no client would send."""
