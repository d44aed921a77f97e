"""No secret of any operation of IAM and STS is in an event, a line of the log or a metric."""

import urllib.request

from clients import Boto3
from everything import live
from server import TEMPLATES, Server

# The members of parameters and answers that are secret.
SECRET = {
    "AddPrivateKey", "Base32StringSeed", "ExchangeToken", "NewPassword", "OldPassword", "Password", "PrivateKey",
    "QRCodePNG", "SAMLAssertion", "SecretAccessKey", "ServiceCredentialSecret", "ServicePassword", "SessionToken",
    "TradeInToken", "WebIdentityToken",
}  # fmt: skip
# Shorter ones, such as codes of MFA devices, may be a part of anything.
MIN_LENGTH = 8


class Watching(Boto3):
    """boto3, and what it has sent and got that is secret."""

    secrets: dict[str, set[str]] = {}

    def call(self, service, operation, **parameters):
        note(parameters, self.secrets)
        answer = super().call(service, operation, **parameters)
        note(answer, self.secrets)
        return answer


def note(value, secrets):
    if isinstance(value, list):
        [note(member, secrets) for member in value]
    for name, member in value.items() if isinstance(value, dict) else ():
        text = member.decode("latin-1") if isinstance(member, bytes) else member
        if name in SECRET and isinstance(text, str) and len(text) >= MIN_LENGTH:
            secrets.setdefault(name, set()).add(text)
        note(member, secrets)


def test_no_secret_is_in_an_event_a_metric_or_the_log(tmp_path, account, idp):
    database = f"sqlite:{tmp_path}/iamd.db"
    with Server("--local-issuers", "--config", TEMPLATES, database=database, level="trace") as server:
        live(Watching(server.endpoint, account), idp)
        assert {"SecretAccessKey", "SessionToken", "Password", "PrivateKey", "WebIdentityToken"} <= set(Watching.secrets)
        seen = {}
        for path in ("events?since=1d&follow=false", "metrics", "detections"):
            with urllib.request.urlopen(f"{server.endpoint}/_iamd/{path}", timeout=60) as answer:
                seen[path] = answer.read().decode()
        assert seen["events?since=1d&follow=false"].count("\nevent: call") > 100
    seen["log"] = server.errors
    for place, text in seen.items():
        for name, values in Watching.secrets.items():
            # CloudTrail shows the session tokens in answers of STS, which are of no use without the secret keys.
            if (place.split("?")[0], name) == ("events", "SessionToken"):
                continue
            # Texts are escaped in JSON; a line of a key is enough.
            pieces = {max(value.splitlines(), key=len) for value in values}
            assert not [name for piece in pieces if piece in text], f"{name} is in {place}"
