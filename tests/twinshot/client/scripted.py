"""Answers by a script, where a real service cannot be made to give them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from twinshot import Client


class Script(httpx.MockTransport):
    """Answers with what it was given, one after the other; keeps the requests."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []
        super().__init__(self._answer)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@contextmanager
def scripted(script: Script, **options: Any) -> Iterator[Client]:
    """A client that gets these answers."""
    with Client("http://shop.test", transport=script, **options) as client:
        yield client
