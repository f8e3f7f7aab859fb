"""A bounded set of recent texts."""


class Recent:
    """The last `size` texts that were added."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._texts: dict[str, None] = {}  # in the order in which they came

    def add(self, text: str) -> bool:
        """Whether it is new."""
        if text in self._texts:
            return False
        self._texts[text] = None
        if len(self._texts) > self._size:
            del self._texts[next(iter(self._texts))]
        return True
