"""Whether something came before. Slack delivers an event again if it is in doubt; only the latest are remembered,
because it gives up after some minutes.
"""

from collections import OrderedDict

REMEMBERED = 1_000


class Once:
    def __init__(self) -> None:
        self._seen: OrderedDict[tuple[str, ...], None] = OrderedDict()

    def first(self, *key: str) -> bool:
        """True the first time that it is asked for this key."""
        if key in self._seen:
            return False
        self._seen[key] = None
        if len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)
        return True
