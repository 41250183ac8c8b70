"""A web server on this machine for what tests download: a run needs no other network."""

import threading
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@cache
def address_of(data: bytes) -> str:
    """Where every GET is answered with these bytes, for as long as this process lives; an HTTP proxy, too."""

    class Download(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:
            """It is not read."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Download)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"
