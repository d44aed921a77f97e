"""A server that runs, and one that is started."""

import json
import subprocess
import urllib.error
import urllib.request


class ApplyError(Exception):
    """Why a file cannot be applied: its name, line and column, and what is wrong."""


class Server:
    """A running server."""

    def __init__(self, endpoint, admin_token=None):
        self.endpoint = endpoint.rstrip("/")
        self.admin_token = admin_token

    def own(self, path, method="GET", body=None):
        """Calls an endpoint below /_iamd/; the status and what it answers."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.endpoint}/_iamd/{path}", data, method=method)
        if self.admin_token:
            request.add_header("Authorization", f"Bearer {self.admin_token}")
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def apply(self, text, name="accounts.yaml", account=None):
        """Applies a file; what was made, and the secrets that were."""
        body = {"files": [{"name": name, "text": text}], "account": account}
        status, answer = self.own("apply", "POST", body)
        if status != 200:
            raise ApplyError(answer["error"])
        return answer


class Started(Server):
    """A server in memory that ends with the tests."""

    def __init__(self, binary):
        command = [binary, "--listen", "127.0.0.1:0", "--database", "memory", "--log-level", "warn"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        # The first line ends with the URL, once the server listens.
        first = self.process.stdout.readline().split()
        if not first:
            reason = self.process.stderr.read().strip()
            self.process.wait()
            raise RuntimeError(f"iamd does not start: {reason}")
        # A log that nobody reads must not stop the server.
        self.process.stderr.close()
        super().__init__(first[-1])

    def stop(self):
        self.process.terminate()
        self.process.wait(30)
        self.process.stdout.close()
