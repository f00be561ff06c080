"""A wire to a PostgreSQL server that loses a commit: on its way there, or its acknowledgement on the way back."""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

from sqlalchemy import make_url

COMMIT = b"COMMIT"


class LossyWire:
    """Passes bytes between a client and the server of `url`; `url` of the wire leads through it.

    Once `lose` is set to "commit" or "answer", the next COMMIT is not passed on, or passed on and its answer kept
    back; then both ends are cut. `lost` counts how often.
    """

    def __init__(self, url: str) -> None:
        server = make_url(url)
        self._server = (server.host, server.port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        port = self._listener.getsockname()[1]
        self.url = server.set(host="127.0.0.1", port=port).render_as_string(hide_password=False)
        self.lose, self.lost = "", 0
        self._ends: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._start(self._accept)

    def _accept(self) -> None:
        with suppress(OSError):  # closed in the end
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._server)
                self._ends += [client, server]
                self._start(self._to_server, client, server)
                self._start(self._to_client, server, client)

    def _start(self, work: Callable[..., None], *ends: socket.socket) -> None:
        thread = threading.Thread(target=work, args=ends, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _to_server(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while data := client.recv(65536):
                if self.lose and COMMIT in data:
                    losing, self.lose = self.lose, ""
                    self.lost += 1
                    client.shutdown(socket.SHUT_RDWR)  # nothing the server says from here on is heard
                    if losing == "answer":
                        server.sendall(data)
                    break
                server.sendall(data)
        _hang_up(server, socket.SHUT_WR)  # what was sent is still read and done

    @staticmethod
    def _to_client(server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while data := server.recv(65536):
                client.sendall(data)
        _hang_up(client, socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        _hang_up(self._listener, socket.SHUT_RDWR)
        for end in self._ends:
            _hang_up(end, socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)
        for end in (self._listener, *self._ends):
            end.close()


def _hang_up(end: socket.socket, how: int) -> None:
    with suppress(OSError):  # hung up before
        end.shutdown(how)
