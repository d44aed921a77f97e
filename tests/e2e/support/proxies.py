"""Other proxies that ask iamd, run with the configurations in examples/, and questions as they would ask them."""

import pathlib
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from server import environment

EXAMPLES = pathlib.Path(__file__).parents[3] / "examples" / "proxies"

# The example's file, and the command that runs it.
PROXIES = {
    "nginx": ("nginx.conf", ["nginx", "-e", "{folder}/error.log", "-g", "daemon off; pid {folder}/pid;", "-c"]),
    "caddy": ("Caddyfile", ["caddy", "run", "--adapter", "caddyfile", "--config"]),
    "envoy": ("envoy.yaml", ["envoy", "--log-level", "error", "--use-dynamic-base-id", "-c"]),
}


class Proxy:
    """A proxy of this name between a client and `upstream`, which asks `server`; at `endpoint`."""

    def __init__(self, name, server, upstream, folder):
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.endpoint = f"http://127.0.0.1:{self.port}"
        file, command = PROXIES[name]
        text = (EXAMPLES / file).read_text()
        ports = {"8080": self.port, "4593": port(server), "5000": port(upstream)}
        for written, used in ports.items():
            assert written in text, f"{file} has no port {written}"
            text = text.replace(written, f"<{written}>")
        for written, used in ports.items():
            text = text.replace(f"<{written}>", str(used))
        (folder / file).write_text(text)
        command = [part.format(folder=folder) for part in command] + [str(folder / file)]
        with open(folder / "output", "w") as output:
            home = environment(HOME=str(folder), XDG_CONFIG_HOME=str(folder), XDG_DATA_HOME=str(folder))
            self.process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, cwd=folder, env=home)
        for _ in range(300):
            assert self.process.poll() is None, (folder / "output").read_text()
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.1)
        raise RuntimeError(f"{name} does not start")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


def is_there(name):
    return shutil.which(PROXIES[name][1][0]) is not None


def port(url):
    return urllib.parse.urlsplit(url).port


class UnsignedPayload(S3SigV4Auth):
    def payload(self, request):
        return "UNSIGNED-PAYLOAD"


def signed(keys, service, method, url, body=b"", headers=None, unsigned_payload=False):
    """The headers of a request, signed; with `unsigned_payload`, the body is not."""
    request = AWSRequest(method=method, url=url, data=body, headers=dict(headers or {}))
    ordinary = S3SigV4Auth if service == "s3" else SigV4Auth
    signer = UnsignedPayload if unsigned_payload else ordinary
    signer(Credentials(*keys), service, "us-east-1").add_auth(request)
    return {"Host": urllib.parse.urlsplit(url).netloc, **dict(request.headers)}


def fetch(method, url, headers, body=None):
    """Status, headers and body of an answer; the path goes out as it is."""
    # Python's library would say that the body is a form.
    kind = {"Content-Type": "application/octet-stream"} if body else {}
    request = urllib.request.Request(url, body, {**kind, **headers}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.headers, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read().decode()


def asked(endpoint, method, target, headers, body=None):
    """What iamd says to nginx, or to Envoy if there is a body."""
    if body is not None:
        given = {"X-Forwarded-For": "192.0.2.1", "X-Envoy-Auth-Partial-Body": "false"}
        return fetch(method, f"{endpoint}/_iamd/authorize{target}", {**headers, **given}, body)
    given = {"X-Forwarded-For": "192.0.2.1", "X-Original-Method": method, "X-Original-URI": target}
    return fetch("GET", f"{endpoint}/_iamd/authorize", {**headers, **given})
