"""As much of HTTP/2 (RFC 9113) as it takes to answer requests for one page, and to do it badly.

Which page is asked for stands in compressed headers that are not read: a server with this has one.
"""

import ssl
import struct

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY = 0, 1, 3, 4, 6, 7
ACK, END_STREAM, END_HEADERS = 1, 1, 4
INTERNAL_ERROR, ENHANCE_YOUR_CALM = 2, 11
LARGEST_FRAME = 16384
# RFC 7541, appendix A: `:status 200` is entry 8; content-type and content-length are 31 and 28.
STATUS_200 = b"\x88"


def serve(connection: ssl.SSLSocket, server) -> None:
    """Until the client goes, or the script says so.

    The script has a word for each request, the last one repeats: `good`, `rst-stream` and `goaway`
    (in the middle of the body), `refused` (a GOAWAY instead of an answer), `garbage` (no HTTP/2),
    `hang-up` (nothing).
    """
    (page,) = [path for path in server.content if path.startswith("/simple/")]
    if read(connection, len(PREFACE)) != PREFACE:
        return
    if server.h2_script[0] in ("garbage", "hang-up"):
        server.h2_streams += 1
        if server.h2_script[0] == "garbage":
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
            while connection.recv(4096):
                pass
        return
    connection.sendall(frame(SETTINGS, 0, 0, b""))
    while header := read(connection, 9):
        length = int.from_bytes(header[:3], "big")
        kind, flags, stream = struct.unpack(">BBI", header[3:])
        payload = read(connection, length)
        if kind == SETTINGS and not flags & ACK:
            connection.sendall(frame(SETTINGS, ACK, 0, b""))
        elif kind == PING and not flags & ACK:
            connection.sendall(frame(PING, ACK, 0, payload))
        elif kind == GOAWAY:
            return
        elif kind == HEADERS:
            word = server.h2_script[min(server.h2_streams, len(server.h2_script) - 1)]
            server.h2_streams += 1
            answer(connection, stream, word, server.content[page])
            if word in ("goaway", "refused"):
                return


def answer(connection: ssl.SSLSocket, stream: int, word: str, body: bytes) -> None:
    if word == "refused":
        connection.sendall(frame(GOAWAY, 0, 0, struct.pack(">II", 0, ENHANCE_YOUR_CALM)))
        return
    fields = STATUS_200 + literal(31, "application/vnd.pypi.simple.v1+json")
    fields += literal(28, str(len(body)))
    connection.sendall(frame(HEADERS, END_HEADERS, stream, fields))
    if word != "good":
        body = body[: len(body) // 2]
    for begin in range(0, len(body), LARGEST_FRAME):
        piece = body[begin : begin + LARGEST_FRAME]
        is_last = word == "good" and begin + LARGEST_FRAME >= len(body)
        connection.sendall(frame(DATA, END_STREAM if is_last else 0, stream, piece))
    if word == "rst-stream":
        connection.sendall(frame(RST_STREAM, 0, stream, struct.pack(">I", INTERNAL_ERROR)))
    elif word == "goaway":
        # This stream is none of those that are still answered.
        connection.sendall(frame(GOAWAY, 0, 0, struct.pack(">II", 0, INTERNAL_ERROR)))


def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return len(payload).to_bytes(3, "big") + struct.pack(">BBI", kind, flags, stream) + payload


def literal(index: int, value: str) -> bytes:
    """A field with an indexed name, not to be indexed itself (RFC 7541, 6.2.2)."""
    return bytes([0x0F, index - 15, len(value)]) + value.encode()


def read(connection: ssl.SSLSocket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        more = connection.recv(count - len(data))
        if not more:
            return b""
        data += more
    return data
