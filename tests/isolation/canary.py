"""Texts that must not be seen, and how they are recognised whatever they are wrapped in."""

import base64
import secrets


class Canary:
    """A token of letters and digits, so that no escaping changes it."""

    def __init__(self):
        self.token = "zq" + secrets.token_hex(8)
        self._forms = {form.lower() for form in self._wrapped(self.token)}

    def text(self, name):
        return f"{name}-{self.token}"

    @staticmethod
    def _wrapped(token):
        yield token
        yield token[::-1]
        yield token.encode().hex()
        # In base64 a text looks different at each of three places; what its neighbours
        # decide is left out.
        for shift in range(3):
            encoded = base64.b64encode(b"x" * shift + token.encode()).decode().rstrip("=")
            yield encoded[4 if shift else 0:-2]

    def seen_in(self, *texts):
        """Whether any of the texts or bytes carries it."""
        for text in texts:
            if isinstance(text, bytes):
                text = text.decode("latin-1")
            if any(form in text.lower() for form in self._forms):
                return True
        return False
