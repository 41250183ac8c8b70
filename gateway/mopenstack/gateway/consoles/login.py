"""Someone at the login prompt of a guest: what is typed, and what getty and login say to it. Nobody gets in."""

from __future__ import annotations

_NAME_MAX = 256
_ENTER, _ERASE, _FORGET, _LEAVE = "\r\n", "\x08\x7f", "\x15", "\x03\x04"
"""Keys: the ends of a line, backspace and delete, Ctrl-U, and Ctrl-C with Ctrl-D, which ask anew."""


class Login:
    """The conversation behind the prompt of a log. `prompt` is the log's last line."""

    def __init__(self, prompt: str = "") -> None:
        self.prompt = prompt
        self.said = ""
        """What the screen shows behind the prompt, of this conversation."""
        self._name = ""
        self._typed = ""
        self._asks_password = False

    def type(self, keys: str) -> str:
        """What is written in answer to keys; line ends are those of a terminal."""
        written = "".join(map(self._key, keys))
        self.said = _shown(self.said + written)
        return written

    def _key(self, key: str) -> str:
        if key in _ENTER:
            return self._enter()
        if key in _LEAVE:
            self._asks_password, self._typed = False, ""
            return f"\r\n\r\n{self.prompt}"
        if key in _FORGET:
            gone, self._typed = self._typed, ""
            return "" if self._asks_password else "\b \b" * len(gone)
        if key in _ERASE:
            gone, self._typed = self._typed[-1:], self._typed[:-1]
            return "\b \b" if gone and not self._asks_password else ""
        if not key.isprintable() or len(self._typed) >= _NAME_MAX:
            return ""
        self._typed += key
        return "" if self._asks_password else key

    def _enter(self) -> str:
        typed, self._typed = self._typed, ""
        if self._asks_password:
            self._asks_password = False
            return f"\r\n\r\nLogin incorrect\r\n{self.prompt}"
        if not typed:
            return f"\r\n{self.prompt}"
        self._asks_password = True
        return "\r\nPassword: "


_SHOWN_MAX = 4096


def _shown(text: str) -> str:
    """The end of what a terminal shows: without what was rubbed out."""
    while (place := text.find("\b \b")) >= 0:
        text = text[: max(place - 1, 0)] + text[place + 3 :]
    return text.replace("\r", "")[-_SHOWN_MAX:]
