"""What holds for all suites."""

from hypothesis import settings

# How long an example takes says more about the machine than about the code.
settings.register_profile("statekeeper", deadline=None)
settings.load_profile("statekeeper")
