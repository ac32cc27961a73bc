"""What cannot be read as HTTP is answered before any route is asked: here, in the shape of every other error."""

from http import HTTPStatus

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.middleware import completed, new_id
from app.problems import respond


class Protocol(HttpToolsProtocol):
    """uvicorn's reading of a connection; it answers what it cannot read with a line of plain text."""

    def send_400_response(self, msg: str) -> None:
        """Refuse what was sent, and close: nobody knows where the next request begins. `msg` says no more than that."""
        request_id = new_id()
        detail = "what was sent is no HTTP, or has an address of more than 65,535 bytes"
        problem = respond("malformed-request", detail, request_id)
        head = [f"HTTP/1.1 {problem.status_code} {HTTPStatus(problem.status_code).phrase}".encode()]
        head += [name + b": " + value for name, value in completed(problem.raw_headers, request_id)]
        self.transport.write(b"\r\n".join([*head, b"", bytes(problem.body)]))
        self.transport.close()
