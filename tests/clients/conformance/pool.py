"""The drivers of a run, started when they are first asked for."""

from .driver import Driver
from .languages import Language


class Drivers:
    """Drivers by language, each used by one scenario after the other."""

    def __init__(self) -> None:
        self._started: dict[tuple[str, int], Driver] = {}

    def get(self, languages: tuple[Language, ...]) -> list[Driver]:
        """A driver of each; two of a language that is there twice."""
        return [
            self._one(each, languages[:place].count(each)) for place, each in enumerate(languages)
        ]

    def close(self) -> None:
        """Ends them all; each must end well."""
        ended = {name: driver.end() for name, driver in self._started.items()}
        assert not any(ended.values()), f"exit codes of the drivers: {ended}"

    def _one(self, language: Language, number: int) -> Driver:
        name = language.name, number
        if name in self._started and not self._started[name].runs:
            # It has failed a scenario by ending; the others are not to blame.
            self._started.pop(name).end()
        if name not in self._started:
            self._started[name] = Driver(language.name, language.run)
        return self._started[name]
