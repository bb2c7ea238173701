"""What the servers of the tests share: HTTP/1.1 on loopback, in a thread of its own."""

import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Loopback(ThreadingHTTPServer):
    """Listens from the start. `answer` is called for each GET, and for HEAD if `heads`."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, answer, port: int = 0, heads: bool = False):
        self.connections: set[socket.socket] = set()
        connections = self.connections

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self):
                super().setup()
                connections.add(self.connection)

            def finish(self):
                connections.discard(self.connection)
                super().finish()

            def do_GET(self):
                answer(self)

            if heads:
                do_HEAD = do_GET

            def log_message(self, *_):
                pass

        super().__init__(("127.0.0.1", port), Handler)
        self.port = self.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def handle_error(self, *_):
        pass  # a client was killed, which the tests do on purpose

    def close(self) -> None:
        self.shutdown()
        self.server_close()

    def break_connections(self) -> None:
        """In the middle of whatever is being sent."""
        for connection in list(self.connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it was over already


def wanted_range(header: str | None, size: int) -> tuple[int | None, int]:
    """The first and last byte of a Range header with one range; none if there is no such header."""
    if not header or not header.startswith("bytes="):
        return None, size - 1
    first, _, last = header[len("bytes=") :].partition("-")
    if not first:
        return max(0, size - int(last)), size - 1
    return int(first), min(int(last), size - 1) if last else size - 1
