"""An issuer of tokens on loopback that shares no code with iamd: PyJWT and cryptography sign."""

import datetime
import hashlib
import http.server
import ipaddress
import json
import ssl
import threading

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
KEYS = {
    **{algorithm: RSA_KEY for algorithm in ("RS256", "RS384", "RS512", "PS256")},
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "ES384": ec.generate_private_key(ec.SECP384R1()),
    "ES512": ec.generate_private_key(ec.SECP521R1()),
}


def key_set():
    keys = []
    for name, key in KEYS.items():
        algorithm = jwt.get_algorithm_by_name(name)
        keys.append({**algorithm.to_jwk(key.public_key(), as_dict=True), "kid": name, "use": "sig"})
    return {"keys": keys}


def token(issuer, algorithm, key=None, **claims):
    now = int(datetime.datetime.now().timestamp())
    claims = {"iss": issuer, "sub": "alice", "aud": "app", "iat": now, "exp": now + 600, **claims}
    return jwt.encode(claims, key or KEYS[algorithm], algorithm=algorithm, headers={"kid": algorithm})


def certificate(host):
    """A certificate for a host that its own key signed, as PEM."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    now = datetime.datetime.now(datetime.timezone.utc)
    try:
        alternative = x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        alternative = x509.DNSName(host)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(RSA_KEY.public_key())
    builder = builder.serial_number(1).add_extension(x509.SubjectAlternativeName([alternative]), critical=False)
    builder = builder.not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1))
    return builder.sign(RSA_KEY, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def trust(iam, provider, action, condition):
    """A role for whom a provider vouches; its ARN."""
    statement = {"Effect": "Allow", "Principal": {"Federated": provider}, "Action": action, "Condition": condition}
    document = json.dumps({"Version": "2012-10-17", "Statement": statement})
    return iam.create_role(RoleName="federated", AssumeRolePolicyDocument=document)["Role"]["Arn"]


class Issuer:
    """Serves a discovery document and keys at `url`; over TLS where there is a certificate, written to a folder."""

    def __init__(self, keys, certificate=None, folder=None):
        issuer = self

        class Documents(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                documents = {
                    "/.well-known/openid-configuration": {"issuer": issuer.url, "jwks_uri": f"{issuer.url}/keys"},
                    "/keys": keys,
                }
                body = json.dumps(documents.get(self.path, {})).encode()
                self.send_response(200 if self.path in documents else 404)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Documents)
        self.name = f"127.0.0.1:{self.server.server_port}"
        self.url = f"http://{self.name}"
        if certificate:
            self.url = f"https://{self.name}"
            self.thumbprint = hashlib.sha1(ssl.PEM_cert_to_DER_cert(certificate)).hexdigest()
            self.server.socket = tls(certificate, folder).wrap_socket(self.server.socket, server_side=True)

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def tls(certificate, folder):
    key = RSA_KEY.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "issuer.pem").write_bytes(certificate.encode() + key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "issuer.pem")
    return context
