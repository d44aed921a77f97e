"""TLS between servers and PostgreSQL: `sslmode` and `sslrootcert` mean what they mean to PostgreSQL's own clients."""

import datetime
import subprocess

import pytest
from cluster import call, listed
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from postgres import Private, is_available, wait_until
from server import Server, environment, run

pytestmark = pytest.mark.skipif(not is_available(), reason="there is no PostgreSQL (Debian: apt install postgresql)")


class Authority:
    """A certificate authority."""

    def __init__(self, name):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.certificate = self.sign(self.name, self.key, x509.BasicConstraints(ca=True, path_length=None))

    def sign(self, subject, key, extension):
        now = datetime.datetime.now(datetime.timezone.utc)
        builder = x509.CertificateBuilder(self.name, subject, key.public_key(), x509.random_serial_number())
        builder = builder.not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=30))
        certificate = builder.add_extension(extension, critical=False).sign(self.key, hashes.SHA256())
        return certificate.public_bytes(serialization.Encoding.PEM).decode()

    def pair(self, host):
        """A certificate for a host, and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        certificate = self.sign(subject, key, x509.SubjectAlternativeName([x509.DNSName(host)]))
        form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        return certificate, key.private_bytes(*form).decode()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The authorities' certificates, and an empty home folder."""
    folder = tmp_path_factory.mktemp("authorities")
    (folder / "home").mkdir()
    return folder


@pytest.fixture(scope="module")
def secure(folder):
    """PostgreSQL with a certificate for localhost."""
    right, wrong = Authority("right"), Authority("wrong")
    for authority, name in ((right, "right.pem"), (wrong, "wrong.pem")):
        (folder / name).write_text(authority.certificate)
    server = Private()
    certificate, key = right.pair("localhost")
    server.add_file("server.crt", certificate)
    server.add_file("server.key", key)
    server.sql("alter system set ssl = on")
    server.sql("select pg_reload_conf()")
    assert wait_until(lambda: server.sql("show ssl") == ["on"])
    yield server
    server.remove()


@pytest.fixture(scope="module")
def plain():
    server = Private()
    yield server
    server.remove()


def address(server, parameters, folder, host="localhost"):
    """The URL of a database with parameters, among which `sslrootcert` names a file of the folder."""
    parameters = parameters.replace("sslrootcert=", f"sslrootcert={folder}/")
    return f"postgres://iamd@{host}:{server.port}/postgres" + (f"?{parameters}" if parameters else "")


def as_libpq(server, url, folder):
    """What PostgreSQL's own client makes of a URL: whether it used TLS, or `None` if it did not connect."""
    sql = "select ssl from pg_stat_ssl where pid = pg_backend_pid()"
    command = [server.programs / "psql", "-X", "-A", "-t", "-d", url, "-c", sql]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, env=environment(HOME=str(folder / "home")))
    return {"t": True, "f": False}[done.stdout.strip()] if done.returncode == 0 else None


CASES = [
    ("", "localhost", True),
    ("sslmode=disable", "localhost", False),
    ("sslmode=prefer", "localhost", True),
    ("sslmode=prefer", "127.0.0.1", True),
    ("sslmode=require", "127.0.0.1", True),
    ("sslmode=require&sslrootcert=right.pem", "127.0.0.1", True),
    ("sslmode=require&sslrootcert=wrong.pem", "localhost", "an authority that is not trusted"),
    ("sslmode=verify-ca&sslrootcert=right.pem", "127.0.0.1", True),
    ("sslmode=verify-ca&sslrootcert=wrong.pem", "localhost", "an authority that is not trusted"),
    ("sslmode=verify-full&sslrootcert=right.pem", "localhost", True),
    ("sslmode=verify-full&sslrootcert=right.pem", "127.0.0.1", "is not for this host"),
    ("sslmode=verify-full&sslrootcert=wrong.pem", "localhost", "an authority that is not trusted"),
    ("sslmode=verify-full", "localhost", "an authority that is not trusted"),
    ("sslmode=verify-full&sslrootcert=none.pem", "localhost", "none.pem"),
]


@pytest.mark.parametrize(("parameters", "host", "expected"), CASES)
def test_modes_are_those_of_postgresqls_own_clients(secure, folder, account, parameters, host, expected):
    url = address(secure, parameters, folder, host)
    assert as_libpq(secure, url, folder) is (None if isinstance(expected, str) else expected), "so does PostgreSQL's client"
    if isinstance(expected, str):
        refused(url, folder, expected)
        return
    with Server(database=url, variables={"HOME": str(folder / "home")}) as server:
        call(server, account, "CreateUser", UserName="bob")
        used = secure.sql("select distinct ssl from pg_stat_ssl join pg_stat_activity using (pid) where application_name = 'iamd'")
        assert used == ["t" if expected else "f"]
        assert listed(server, account, "ListUsers", "UserName") == ["bob"]


def refused(url, folder, why):
    """A server does not start, and says why in one sentence, without waiting for the database to change its mind."""
    arguments = ("--listen", "127.0.0.1:0", "--database", url, "--database-wait", "600")
    status, _, errors = run(*arguments, HOME=str(folder / "home"))
    assert status == 1 and why in errors and errors.count("\n") == 1, errors


def test_the_certificate_in_the_home_folder_is_heeded(secure, folder, tmp_path):
    (tmp_path / ".postgresql").mkdir()
    url = address(secure, "sslmode=require", folder, "127.0.0.1")
    for name, is_trusted in (("right.pem", True), ("wrong.pem", False)):
        (tmp_path / ".postgresql/root.crt").write_text((folder / name).read_text())
        if is_trusted:
            with Server(database=url, variables={"HOME": str(tmp_path)}) as server:
                assert server.own("health/ready")[0] == 200
        else:
            status, _, errors = run("--listen", "127.0.0.1:0", "--database", url, HOME=str(tmp_path))
            assert status == 1 and "an authority that is not trusted" in errors


def test_a_server_without_tls_is_refused_where_tls_is_wanted(plain, folder):
    for parameters in ("sslmode=require", "sslmode=verify-full&sslrootcert=right.pem"):
        url = address(plain, parameters, folder)
        assert as_libpq(plain, url, folder) is None
        refused(url, folder, "does not support TLS")
    for parameters in ("sslmode=prefer", "sslmode=allow", "sslmode=disable"):
        url = address(plain, parameters, folder)
        assert as_libpq(plain, url, folder) is False
        with Server(database=url) as server:
            assert server.own("health/ready")[0] == 200


def test_a_server_that_insists_on_tls_gets_it(folder):
    server = Private()
    certificate, key = Authority("own").pair("localhost")
    server.add_file("server.crt", certificate)
    server.add_file("server.key", key)
    (server.data / "pg_hba.conf").write_text("hostssl all all all trust\n")
    server.sql("alter system set ssl = on")
    server.sql("select pg_reload_conf()")
    for parameters, is_let_in in (("sslmode=allow", True), ("sslmode=prefer", True), ("sslmode=require", True), ("sslmode=disable", False)):
        url = address(server, parameters, folder)
        assert wait_until(lambda: as_libpq(server, url, folder) is (True if is_let_in else None)), parameters
        if is_let_in:
            with Server(database=url) as running:
                assert running.own("health/ready")[0] == 200
        else:
            refused(url, folder, "no encryption")
    server.remove()
