"""TLS on the port of plain HTTP."""

import contextlib
import datetime
import json
import socket
import ssl
import stat
import subprocess
import urllib.request

import pytest
from clients import AwsCli, Boto3
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from server import Server, run
from signing import signed


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("tls")


@pytest.fixture(scope="module")
def server(folder):
    """A server with an authority of its own, on all addresses as in a container."""
    arguments = ("--tls", "auto", "--data-dir", str(folder), "--allowed-hosts", "iam.example.com")
    with Server(*arguments, listen="0.0.0.0:0") as running:
        yield running


@pytest.fixture(scope="module")
def authority(server, folder):
    return str(folder / "iamd-ca.pem")


def openssl(*arguments, given=""):
    done = subprocess.run(["openssl", *arguments], input=given, capture_output=True, text=True, timeout=30)
    return done.returncode, done.stdout + done.stderr


def pair(folder, name, ends=30):
    """A certificate for iam.example.com that signed itself and ends in so many days, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    today = datetime.datetime.now(datetime.timezone.utc)
    builder = x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(today - datetime.timedelta(days=60))
    builder = builder.not_valid_after(today + datetime.timedelta(days=ends))
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName("iam.example.com")]), critical=False)
    certificate_path, key_path = folder / f"{name}.pem", folder / f"{name}.key"
    certificate = builder.sign(key, hashes.SHA256())
    certificate_path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    key_path.write_bytes(key.private_bytes(*form))
    return str(certificate_path), str(key_path)


def shown(server, authority, name):
    """The certificate that the server shows to who asks for a name and believes the authority."""
    context = ssl.create_default_context(cafile=authority)
    with server.connect() as plain, context.wrap_socket(plain, server_hostname=name) as connection:
        return connection.getpeercert()


def test_the_banner_says_whom_to_trust(folder):
    with Server("--tls", "auto", "--data-dir", str(folder)) as server:
        lines = [server.process.stdout.readline().strip() for _ in range(9)]
    assert server.endpoint.startswith("https://127.0.0.1:")
    assert "Plain HTTP is served on the same port." in lines
    assert f"export AWS_ENDPOINT_URL={server.endpoint}" in lines
    assert f"export AWS_CA_BUNDLE={folder}/iamd-ca.pem" in lines


@pytest.mark.parametrize(
    "name", ["localhost", "127.0.0.1", "::1", "iam.localhost", "a.b.localhost", "iamd", "iamd.default.svc.cluster.local", "iam.example.com"]
)
def test_names_and_addresses_of_the_server_are_in_its_certificate(server, authority, name):
    names = shown(server, authority, name)["subjectAltName"]
    assert {("DNS", "localhost"), ("DNS", "host.docker.internal"), ("IP Address", "0:0:0:0:0:0:0:1")} <= set(names)


def test_no_other_name_is(server, authority):
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        shown(server, authority, "evil.example")


def test_the_address_that_a_client_connects_to_is_in_the_certificate(server, authority):
    """A container does not know by which of its addresses it will be reached."""
    with contextlib.closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as probe:
        try:
            probe.connect(("10.255.255.255", 1))
            address = probe.getsockname()[0]
        except OSError:
            address = "127.0.0.1"
    if not address.startswith(("10.", "127.", "192.168.", "172.")):
        pytest.skip("the address of this machine is not private")
    context = ssl.create_default_context(cafile=authority)
    with socket.create_connection((address, server.port), 10) as plain:
        with context.wrap_socket(plain, server_hostname=address) as connection:
            assert ("IP Address", address) in connection.getpeercert()["subjectAltName"]


def test_clients_work_over_tls(server, authority, account, monkeypatch):
    monkeypatch.setenv("AWS_CA_BUNDLE", authority)
    root = Boto3(server.endpoint, account)
    assert root.sts.get_caller_identity()["Arn"] == f"arn:aws:iam::{account}:root"
    cli = AwsCli(server.endpoint, account)
    cli.variables["AWS_CA_BUNDLE"] = authority
    assert cli.run("iam", "create-user", "--user-name", "bob")[0] == 0
    curl = ["curl", "--silent", "--show-error", "--cacert", authority, f"{server.endpoint}/_iamd/health"]
    done = subprocess.run(curl, capture_output=True, text=True, timeout=30)
    assert (done.returncode, json.loads(done.stdout)["status"]) == (0, "ok")


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_openssl_verifies_the_chain(server, authority, version):
    connect = ["s_client", "-connect", f"127.0.0.1:{server.port}", "-CAfile", authority, "-verify_return_error", version]
    status, output = openssl(*connect, "-verify_hostname", "localhost", "-alpn", "h2,http/1.1")
    assert status == 0, output
    assert "Verify return code: 0 (ok)" in output
    assert "ALPN protocol: http/1.1" in output


def test_the_authority_is_limited_to_names_that_are_not_public(authority):
    _, text = openssl("x509", "-in", authority, "-noout", "-text")
    assert "CA:TRUE, pathlen:0" in text
    for permitted in ("DNS:localhost", "DNS:internal", "DNS:iam.example.com", "IP:127.0.0.0/255.0.0.0"):
        assert permitted in text.split("Permitted:")[1], text


def test_plain_http_works_on_the_same_port(server, account):
    plain = server.endpoint.replace("https:", "http:")
    assert Boto3(plain, account).sts.get_caller_identity()["Account"] == account
    answer = server.raw(b"GET / HTTP/1.1\r\nHost: localhost:1\r\nConnection: close\r\n\r\n")
    assert b"AWS_ENDPOINT_URL=http://localhost:1\n" in answer


def test_the_landing_page_names_the_scheme_that_it_came_by(server, authority):
    context = ssl.create_default_context(cafile=authority)
    with urllib.request.urlopen(f"{server.endpoint}/", context=context, timeout=30) as answer:
        assert f"AWS_ENDPOINT_URL={server.endpoint}\n" in answer.read().decode()


def test_the_authority_outlives_the_server(tmp_path):
    database = f"sqlite:{tmp_path}/iamd.db"
    kept = []
    for _ in range(2):
        with Server("--tls", "auto", database=database) as server:
            assert shown(server, str(tmp_path / "iamd-ca.pem"), "localhost")
        kept.append([(tmp_path / name).read_text() for name in ("iamd-ca.pem", "iamd-ca.key")])
    assert kept[0] == kept[1]
    assert stat.S_IMODE((tmp_path / "iamd-ca.key").stat().st_mode) == 0o600


def test_plain_http_can_be_refused(tmp_path):
    with Server("--tls", "auto", "--tls-only", "--data-dir", str(tmp_path)) as server:
        answer = server.raw(b"GET /_iamd/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 400 ") and b"this server is for HTTPS only" in answer
        assert shown(server, str(tmp_path / "iamd-ca.pem"), "localhost")


def test_health_and_credentials_speak_tls(tmp_path):
    config = tmp_path / "iamd.toml"
    config.write_text('tls = "auto"\ntls-only = true\ndata-dir = "."\ndatabase = "memory"\n')
    with Server("--config", str(config)) as server:
        listen = ("--listen", f"127.0.0.1:{server.port}")
        for arguments in (("--config", str(config)), ("--ca", str(tmp_path / "iamd-ca.pem"))):
            status, output, errors = run("health", *listen, *arguments)
            assert (status, json.loads(output)["status"], errors) == (0, "ok", "")
            status, _, errors = run("credentials", "arn:aws:iam::000000000000:role/none", *listen, *arguments)
            assert (status, errors) == (1, "iamd: CredentialsV2Request: Credentials not found\n")
        authority = str(tmp_path / "iamd-ca.pem")
        # The authority vouches for the name that AWS's clients use.
        endpoint = {"AWS_ENDPOINT_URL": f"https://localhost:{server.port}", "AWS_CA_BUNDLE": authority}
        status, output, errors = run("health", **endpoint)
        assert (status, json.loads(output)["status"], errors) == (0, "ok", "")
        other, _ = pair(tmp_path, "other")
        status, _, errors = run("health", **{**endpoint, "AWS_CA_BUNDLE": other})
        assert status == 1 and "invalid peer certificate" in errors, errors
        status, _, errors = run("health", *listen, "--ca", other)
        assert status == 1 and "invalid peer certificate" in errors, errors


def test_a_certificate_of_ones_own(tmp_path):
    certificate, key = pair(tmp_path, "own")
    arguments = ("--tls-cert", certificate, "--tls-key", key)
    with Server(*arguments) as server:
        assert ("DNS", "iam.example.com") in shown(server, certificate, "iam.example.com")["subjectAltName"]
        variables = {"IAMD_LISTEN": f"127.0.0.1:{server.port}", "IAMD_TLS_CERT": certificate, "IAMD_TLS_KEY": key}
        status, output, errors = run("health", **variables)
        assert (status, json.loads(output)["status"], errors) == (0, "ok", "")
        other, _ = pair(tmp_path, "other")
        assert run("health", **{**variables, "IAMD_TLS_CERT": other})[0] == 1


def test_records_of_calls_over_tls_say_so(tmp_path):
    with Server("--tls", "auto", "--data-dir", str(tmp_path)) as server:
        authority, endpoint = str(tmp_path / "iamd-ca.pem"), f"https://localhost:{server.port}"
        session = Boto3(endpoint, "111111111111").session
        client = session.client("cloudtrail", endpoint_url=endpoint, verify=authority)

        def details(name):
            attributes = [{"AttributeKey": "EventName", "AttributeValue": name}]
            [event] = client.lookup_events(LookupAttributes=attributes)["Events"]
            return json.loads(event["CloudTrailEvent"]).get("tlsDetails")

        session.client("iam", endpoint_url=endpoint, verify=authority).create_user(UserName="bob")
        found = details("CreateUser")
        assert found["clientProvidedHostHeader"] == f"localhost:{server.port}"
        assert found["tlsVersion"] == "TLSv1.3" and found["cipherSuite"].startswith("TLS_")
        Boto3(f"http://127.0.0.1:{server.port}", "111111111111").iam.create_group(GroupName="plain")
        assert details("CreateGroup") is None
        # An older version of TLS, whose suites have OpenSSL's names.
        context = ssl.create_default_context(cafile=authority)
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers("ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256")
        with urllib.request.urlopen(signed(endpoint, "111111111111", "test"), context=context) as answer:
            assert answer.status == 200
        found = details("ListUsers")
        assert found["tlsVersion"] == "TLSv1.2"
        assert found["cipherSuite"] in ("ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256")


def refused(*arguments):
    status, output, errors = run("--database", "memory", "--listen", "127.0.0.1:0", *arguments)
    assert (status, output) == (1, ""), errors
    return errors


def test_files_that_are_no_use_are_refused_with_a_sentence(tmp_path):
    certificate, key = pair(tmp_path, "own")
    _, other_key = pair(tmp_path, "other")
    old, old_key = pair(tmp_path, "old", ends=-1)
    garbage = tmp_path / "garbage.pem"
    garbage.write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    for arguments, sentence in [
        ((certificate, other_key), f"the private key in {other_key} is not that of the certificate in {certificate}"),
        ((key, certificate), f"{key} holds no certificate, or a damaged one; it must be PEM"),
        ((garbage, key), f"{garbage} holds no certificate, or a damaged one; it must be PEM"),
        ((certificate, certificate), f"{certificate} holds no private key that can be used; it must be PEM and not encrypted"),
        ((tmp_path / "none", key), f"{tmp_path}/none: No such file or directory (os error 2)"),
    ]:
        assert refused("--tls-cert", str(arguments[0]), "--tls-key", str(arguments[1])) == f"iamd: {sentence}\n"
    assert refused("--tls-cert", old, "--tls-key", old_key).startswith(f"iamd: the certificate in {old} expired at ")
    assert refused("--tls-cert", certificate) == "iamd: give both tls-cert and tls-key\n"
    assert refused("--tls-only").startswith("iamd: tls-only needs TLS")
    assert refused("--tls", "auto", "--data-dir", str(tmp_path / "none")).startswith(f"iamd: {tmp_path}/none/iamd-ca.key: ")


def test_a_client_that_never_finishes_the_handshake_is_let_go(tmp_path):
    arguments = ("--tls", "auto", "--data-dir", str(tmp_path), "--request-timeout", "1", "--max-connections", "4")
    with Server(*arguments) as server:
        begun = []
        for beginning in (b"", b"\x16", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"\x16\x03\x01\x00\x05hello"):
            connection = server.connect()
            connection.sendall(beginning)
            begun.append(connection)
        try:
            assert shown(server, str(tmp_path / "iamd-ca.pem"), "localhost")
        finally:
            for connection in begun:
                connection.close()


def test_handshakes_do_not_keep_the_server_from_stopping(tmp_path):
    with Server("--tls", "auto", "--data-dir", str(tmp_path), "--request-timeout", "300") as server:
        with server.connect() as silent, server.connect() as begun:
            begun.sendall(b"\x16\x03")
            assert shown(server, str(tmp_path / "iamd-ca.pem"), "localhost")
            assert server.stop(timeout=8) == 0
            assert "did not end" not in server.errors
            silent.close()
