"""Requests that no client would send: signed by hand, and sent as they are."""

import datetime
import hashlib
import hmac
import http.client
import socket
import urllib.parse

UNRESERVED = "-._~"


def encoded(text):
    """Decoded and encoded once."""
    return urllib.parse.quote(urllib.parse.unquote_to_bytes(text), safe=UNRESERVED)


class Wire:
    """Sends requests to a server as one identity."""

    def __init__(self, port, key_id, secret, region="us-east-1"):
        self.port, self.key_id, self.secret, self.region = port, key_id, secret, region
        self.host = f"127.0.0.1:{port}"

    def headers(self, method, target, service, headers=(), body=b"", host=None, payload=None):
        """The headers of a signed request. Those given that begin with `x-amz-` are signed as well."""
        when = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
        payload = payload or hashlib.sha256(body).hexdigest()
        sent = [("host", host or self.host), ("x-amz-date", when), *headers]
        path, _, query = target.partition("?")
        quote = lambda text: urllib.parse.quote(text, safe=UNRESERVED)  # noqa: E731
        if service == "s3":
            sent.append(("x-amz-content-sha256", payload))
            quote = encoded
        path = "/".join(quote(segment) for segment in path.split("/"))
        parameters = [piece.replace("+", " ").partition("=") for piece in query.split("&") if piece]
        query = "&".join(f"{name}={value}" for name, value in sorted((encoded(n), encoded(v)) for n, _, v in parameters))
        names = sorted({name for name, _ in sent if name == "host" or name.startswith("x-amz-")})
        values = {name: ",".join(value for other, value in sent if other == name) for name in names}
        lines = "".join(f"{name}:{values[name]}\n" for name in names)
        canonical = "\n".join([method, path, query, lines, ";".join(names), payload])
        scope = f"{when[:8]}/{self.region}/{service}/aws4_request"
        text = f"AWS4-HMAC-SHA256\n{when}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        signature = f"AWS4{self.secret}".encode()
        for part in [*scope.split("/"), text]:
            signature = hmac.new(signature, part.encode(), hashlib.sha256).digest()
        credential = f"Credential={self.key_id}/{scope}, SignedHeaders={';'.join(names)}, Signature={signature.hex()}"
        return [*sent, ("authorization", f"AWS4-HMAC-SHA256 {credential}")]

    def call(self, method, target, service, headers=(), body=b"", unsigned=(), **options):
        """The status and the body of the answer. `unsigned` headers are sent beside those that are signed."""
        body = body.encode() if isinstance(body, str) else body
        signed = self.headers(method, target, service, headers, body, **options)
        return self.send(method, target, [*signed, *unsigned, ("content-length", str(len(body)))], body)

    def send(self, method, target, headers, body=b"", timeout=30):
        """Sends a request as it is."""
        lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers), "", ""]
        with socket.create_connection(("127.0.0.1", self.port), timeout) as connection:
            connection.sendall("\r\n".join(lines).encode() + body)
            answer = http.client.HTTPResponse(connection, method=method)
            answer.begin()
            return answer.status, answer.read().decode()
