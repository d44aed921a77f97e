"""nginx in front of several servers: each request of a connection goes to the next one."""

import pathlib
import shutil
import socket
import subprocess
import tempfile
import time

# What a client sends passes as it is: its Host is signed, and so is every header.
CONFIGURATION = """
user root;
worker_processes 1;
daemon off;
pid {folder}/pid;
events {{ worker_connections 8192; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    upstream servers {{
        {servers}
        keepalive 64;
    }}
    server {{
        listen 127.0.0.1:{port};
        client_max_body_size 0;
        client_header_buffer_size 32k;
        large_client_header_buffers 8 64k;
        ignore_invalid_headers off;
        underscores_in_headers on;
        merge_slashes off;
        location / {{
            proxy_pass http://servers;
            proxy_http_version 1.1;
            proxy_set_header Host $http_host;
            proxy_set_header Connection "";
            proxy_pass_header Server;
            proxy_pass_header Date;
            proxy_request_buffering off;
            proxy_buffering off;
            proxy_next_upstream off;
            proxy_read_timeout 1h;
        }}
    }}
}}
"""


def is_available():
    return shutil.which("nginx") is not None


class RoundRobin:
    """nginx on `port`, which gives the servers on `ports` their turn."""

    def __init__(self, port, ports):
        self.port = port
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="iamd-nginx-"))
        servers = "\n        ".join(f"server 127.0.0.1:{port};" for port in ports)
        file = self.folder / "nginx.conf"
        file.write_text(CONFIGURATION.format(folder=self.folder, servers=servers, port=self.port))
        self.process = subprocess.Popen(["nginx", "-e", self.folder / "error.log", "-c", file])
        for _ in range(300):
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise RuntimeError("nginx does not start")

    def stop(self):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
