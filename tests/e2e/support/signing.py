"""Signature Version 4 by hand, for requests that no client would send."""

import datetime
import hashlib
import hmac
import urllib.error
import urllib.parse
import urllib.request

UNRESERVED = "-._~"


def now():
    return datetime.datetime.now(datetime.timezone.utc)


def signed(endpoint, key, secret, token=None, service="iam", region="us-east-1", when=None, headers=None, query=None):
    """A signed request for ListUsers; `headers` are signed as well."""
    body = "Action=ListUsers&Version=2010-05-08"
    when = (when or now()).strftime("%Y%m%dT%H%M%SZ")
    sent = {"host": urllib.parse.urlsplit(endpoint).netloc, "x-amz-date": when, **(headers or {})}
    if token:
        sent["x-amz-security-token"] = token
    quote = lambda text: urllib.parse.quote(text, safe=UNRESERVED)
    query = "&".join(f"{quote(name)}={quote(value)}" for name, value in sorted((query or {}).items()))
    names = ";".join(sorted(sent))
    lines = [f"{name}:{sent[name]}" for name in sorted(sent)]
    canonical = "\n".join(["POST", "/", query, *lines, "", names, hashlib.sha256(body.encode()).hexdigest()])
    scope = f"{when[:8]}/{region}/{service}/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{when}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    signature = f"AWS4{secret}".encode()
    for part in [*scope.split("/"), text]:
        signature = hmac.new(signature, part.encode(), hashlib.sha256).digest()
    sent["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={key}/{scope}, SignedHeaders={names}, Signature={signature.hex()}"
    )
    sent["content-type"] = "application/x-www-form-urlencoded"
    return urllib.request.Request(f"{endpoint}/?{query}" if query else endpoint, body.encode(), sent, method="POST")


def send(request):
    """The status and the body."""
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
