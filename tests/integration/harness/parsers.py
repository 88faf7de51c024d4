"""Two servers nobody here wrote that say what they understand of a request: nginx and Go's net/http.

Both answer `METHOD TARGET HOST LENGTH`. `understood` sends what one connection carried, whole, and a last request behind it:
a server that finds another border between two requests gives more, fewer or other answers.
"""
import os
import pathlib
import shutil
import socket
import subprocess

from .gateway import wait_until

GO_SOURCE = pathlib.Path(__file__).resolve().parents[1] / "go/main.go"
LAST = b"GET /last HTTP/1.1\r\nhost: last\r\nconnection: close\r\n\r\n"
LAST_UNDERSTOOD = "GET /last last 0"

NGINX = """
daemon off;
worker_processes 1;
error_log stderr;
pid {folder}/nginx.pid;
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_max_body_size 0;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    keepalive_requests 1000000;
    map $content_length $length {{ '' 0; default $content_length; }}
    server {{
        listen 127.0.0.1:{port};
        location / {{ return 200 "$request_method $request_uri $http_host $length"; }}
    }}
}}
"""


def missing():
    """Names what is not installed."""
    return [tool for tool in ("nginx", "go") if not shutil.which(tool)]


def answered(connection, request):
    """Until the server closes, resets because it refuses what we sent, or waits in vain for more."""
    try:
        connection.sendall(request)
        while piece := connection.recv(1 << 16):
            yield piece
    except (ConnectionError, TimeoutError):
        pass


class Parser:
    def __init__(self, address, process):
        self.address = address
        self.process = process

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(10)

    def understood(self, connection):
        """What the server understands of these bytes of a connection, a line a request; the last request is not among them."""
        with socket.create_connection(self.address, timeout=10) as to:
            answers = b"".join(answered(to, connection + LAST))
        lines = []
        while answers:
            head, _, answers = answers.partition(b"\r\n\r\n")
            fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
            length = int(fields.get(b"content-length", len(answers)))
            status = head.split(b" ", 2)[1].decode()
            lines.append(answers[:length].decode("latin-1") if status == "200" else status)
            answers = answers[length:]
        return lines[:-1] if lines[-1:] == [LAST_UNDERSTOOD] else [*lines, "and not the last request"]


def nginx(folder):
    folder.mkdir()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    path = folder / "nginx.conf"
    path.write_text(NGINX.format(folder=folder, port=port))
    process = subprocess.Popen(["nginx", "-e", "stderr", "-p", folder, "-c", path], stderr=subprocess.DEVNULL)

    def listens():
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    wait_until(listens, 10, "nginx")
    return Parser(("127.0.0.1", port), process)


def go(folder):
    folder.mkdir()
    program = folder / "parser"
    environment = {"HOME": str(folder), **os.environ, "GO111MODULE": "off", "CGO_ENABLED": "0"}
    subprocess.run(["go", "build", "-o", program, GO_SOURCE], check=True, env=environment)
    process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    host, port = process.stdout.readline().strip().rsplit(":", 1)
    return Parser((host, int(port)), process)
