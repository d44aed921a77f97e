"""Other proxies ask iamd: with the real nginx, Caddy and Envoy where they are, and with questions as they ask them."""

import json

import pytest
from botocore.exceptions import ClientError
from proxies import PROXIES, Proxy, asked, fetch, is_there, signed
from server import Server
from test_gateway import denied
from upstreams import Caller, Moto

SENTENCE = "User: arn:aws:iam::000000000000:user/{} is not authorized to perform: {} on resource: {} because no"


@pytest.fixture(scope="module")
def stack():
    """The upstream, the server, and the root user, who has made a bucket."""
    with Moto() as moto, Server("--upstream", moto.url, level="info") as server:
        root = Caller(server.endpoint, "test", "test")
        root.s3.create_bucket(Bucket="reports")
        root.s3.put_object(Bucket="reports", Key="public/a", Body=b"hello")
        root.s3.put_object(Bucket="reports", Key="secret/b", Body=b"secret")
        yield moto, server, root


def reader(root, name, *keys):
    """The keys of a user who may read the objects of these names."""
    root.iam.create_user(UserName=name)
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": [f"arn:aws:s3:::reports/{key}" for key in keys]}
    document = json.dumps({"Version": "2012-10-17", "Statement": statement})
    root.iam.put_user_policy(UserName=name, PolicyName="read", PolicyDocument=document)
    key = root.iam.create_access_key(UserName=name)["AccessKey"]
    return key["AccessKeyId"], key["SecretAccessKey"]


@pytest.fixture(params=PROXIES)
def proxy(request, stack, tmp_path):
    if not is_there(request.param):
        pytest.skip(f"{request.param} is not installed")
    moto, server, _ = stack
    with Proxy(request.param, server.endpoint, moto.url, tmp_path) as running:
        running.name = request.param
        yield running


def test_what_is_allowed_passes_a_proxy(stack, proxy):
    _, _, root = stack
    keys = reader(root, f"reader-{proxy.name}", "public/*")
    client = Caller(proxy.endpoint, *keys)
    assert client.s3.get_object(Bucket="reports", Key="public/a")["Body"].read() == b"hello"
    put = lambda: client.s3.put_object(Bucket="reports", Key=f"public/{proxy.name}", Body=b"1")  # noqa: E731
    denied(put, 403, "AccessDenied", "s3:PutObject", f'"arn:aws:s3:::reports/public/{proxy.name}"', f"reader-{proxy.name}")
    with pytest.raises(ClientError, match="AccessDenied"):
        client.s3.get_object(Bucket="reports", Key="secret/b")
    root_here = Caller(proxy.endpoint, "test", "test")
    root_here.s3.put_object(Bucket="reports", Key="large", Body=b"x" * 3_000_000)
    assert root.s3.head_object(Bucket="reports", Key="large")["ContentLength"] == 3_000_000
    with pytest.raises(ClientError):
        root.s3.head_object(Bucket="reports", Key=f"public/{proxy.name}")


def test_headers_of_clients_decide_nothing(stack, proxy):
    """The upstream gets what the proxy got, whatever the client says of it."""
    _, _, root = stack
    keys = reader(root, f"forger-{proxy.name}", "public/*")
    host = proxy.endpoint.removeprefix("http://")
    public, secret = "/reports/public/a", "/reports/secret/b"
    for forged in [
        {"X-Forwarded-Method": "GET", "X-Forwarded-Uri": public, "X-Forwarded-Host": host},
        {"X-Original-Method": "GET", "X-Original-URI": public},
        {"X-Original-URL": public},
        {"X-Moto-Account-Id": "111122223333"},
    ]:
        headers = signed(keys, "s3", "GET", proxy.endpoint + public)
        status, _, body = fetch("GET", proxy.endpoint + secret, {**headers, **forged})
        assert status == 403 and "secret" not in body, forged
    for path in ["/reports/public/../secret/b", "/reports/public/%2e%2e/secret/b", "/reports//secret/b"]:
        headers = signed(keys, "s3", "GET", proxy.endpoint + path)
        status, _, body = fetch("GET", proxy.endpoint + path, headers)
        assert status == 403 and body != "secret", path


def test_bodies_that_decide(stack, proxy):
    """Envoy gives them, nginx and Caddy do not."""
    _, _, root = stack
    user = root.user(f"sender-{proxy.name}", "sqs:SendMessage", "sqs:GetQueueUrl")
    root.sqs.create_queue(QueueName=f"queue-{proxy.name}")
    here = Caller(proxy.endpoint, *user.keys)
    if proxy.name != "envoy":
        with pytest.raises(ClientError, match="the proxy that asks did not give it"):
            here.sqs.get_queue_url(QueueName=f"queue-{proxy.name}")
        return
    url = here.sqs.get_queue_url(QueueName="queue-envoy")["QueueUrl"]
    assert url == f"{proxy.endpoint}/000000000000/queue-envoy", "clients that follow it come back to the proxy"
    here.sqs.send_message(QueueUrl=url, MessageBody="one")
    receive = lambda: here.sqs.receive_message(QueueUrl=url)  # noqa: E731
    arn = "arn:aws:sqs:us-east-1:000000000000:queue-envoy"
    denied(receive, 403, "AccessDenied", "sqs:receivemessage", arn, "sender-envoy")
    # Envoy has a limit, and does not always say that it has cut a body there.
    with pytest.raises(ClientError, match="the proxy that asks did not give it|does not match the signature"):
        here.sqs.send_message(QueueUrl=url, MessageBody="x" * 1_100_000)
    assert root.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]["ApproximateNumberOfMessages"] == "1"


def test_an_answer_says_who_may(stack):
    _, server, root = stack
    keys = reader(root, "asked", "public/*")
    headers = signed(keys, "s3", "GET", f"{server.endpoint}/reports/public/a")
    status, answer, body = asked(server.endpoint, "GET", "/reports/public/a", headers)
    assert (status, body) == (200, "")
    given = {name: answer[name] for name in ("x-iamd-caller", "x-iamd-account", "x-iamd-owner", "x-iamd-mapping")}
    assert given == {
        "x-iamd-caller": "arn:aws:iam::000000000000:user/asked",
        "x-iamd-account": "000000000000",
        "x-iamd-owner": "000000000000",
        "x-iamd-mapping": "exact",
    }
    assert answer["x-moto-account-id"] == "000000000000"
    headers = signed(keys, "s3", "GET", f"{server.endpoint}/reports/secret/b")
    status, _, body = asked(server.endpoint, "GET", "/reports/secret/b", headers)
    expected = SENTENCE.format("asked", "s3:GetObject", '"arn:aws:s3:::reports/secret/b"')
    assert (status, expected in body) == (403, True), body
    status, _, body = asked(server.endpoint, "GET", "/reports/public/a", headers)
    assert (status, "SignatureDoesNotMatch" in body) == (403, True)


JSON = {"Content-Type": "application/x-amz-json-1.0"}
DELETE = b"<Delete><Object><Key>public/a</Key></Object><Object><Key>secret/b</Key></Object></Delete>"

# Service, method, target, headers, body, whether the body is signed; then whether the proxy gives the body, the status,
# and what the answer says.
QUESTIONS = [
    ("dynamodb", "POST", "/", {**JSON, "X-Amz-Target": "DynamoDB_20120810.ListTables"}, b"{}", True, True, 200, ""),
    ("dynamodb", "POST", "/", {**JSON, "X-Amz-Target": "DynamoDB_20120810.ListTables"}, b"{}", True, False, 403, "body-needed"),
    # Its empty body is signed.
    ("lambda", "GET", "/2015-03-31/functions/", {}, b"", True, False, 200, ""),
    ("sns", "POST", "/", {"Content-Type": "application/x-www-form-urlencoded"}, b"Action=ListTopics&Version=2010-03-31", True, True, 200, ""),
    ("sns", "POST", "/", {"Content-Type": "application/x-www-form-urlencoded"}, b"Action=ListTopics&Version=2010-03-31", True, False, 403, "body-needed"),
    ("s3", "PUT", "/reports/new", {}, b"x", True, False, 200, ""),
    ("s3", "PUT", "/reports/new", {}, b"x", False, False, 200, ""),
    ("s3", "PUT", "/fresh", {}, b"", True, False, 200, ""),
    ("s3", "PUT", "/fresh", {}, b"", False, False, 403, "body-needed"),
    ("s3", "PUT", "/reports?policy", {}, b"{}", True, False, 403, "body-needed"),
    ("s3", "POST", "/reports?delete", {}, DELETE, False, False, 403, "body-needed"),
    ("s3", "POST", "/reports?delete", {}, DELETE, False, True, 200, ""),
    # What the gateway sends on in another form.
    ("s3", "GET", "/reports/k", {"Host": "reports.localhost:1"}, b"", True, False, 403, "Buckets have to be in the path"),
    ("s3", "GET", "/reports/k", {"Host": "s3.localhost:1"}, b"", True, False, 403, "Buckets have to be in the path"),
    ("s3", "GET", "/reports/k", {"X-HTTP-Method-Override": "DELETE"}, b"", True, False, 400, "second method"),
    ("s3", "GET", "/reports/k", {"X-Moto-Account-Id": "1"}, b"", True, False, 403, "x-moto-account-id"),
    ("s3", "GET", "/moto-api/data.json", {}, b"", True, False, 501, "pages of its own"),
    ("sqs", "POST", "/", {**JSON, "X-Amz-Target": "AmazonSQS.ListQueues"}, b'{"QueueNamePrefix":"&Action=DeleteQueue&"}', True, True, 403, "for a form"),
    # IAM and STS are answered here.
    ("iam", "POST", "/", {"Content-Type": "application/x-www-form-urlencoded"}, b"Action=ListUsers&Version=2010-05-08", True, True, 403, "own-service"),
    ("s3", "GET", "/reports/../k", {}, b"", True, False, 403, "unclear-request"),
]  # fmt: skip


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_is_answered_by_what_the_proxy_gives(stack, question):
    service, method, target, headers, body, is_signed, is_given, status, said = question
    _, server, root = stack
    url = f"http://{headers.get('Host', server.endpoint.removeprefix('http://'))}{target}"
    headers = signed(root.keys, service, method, url, body, headers, unsigned_payload=not is_signed)
    found, answer, text = asked(server.endpoint, method, target, headers, body if is_given else None)
    assert found == status, text
    assert said in f"{answer['x-iamd-error']} {text}"


def test_nothing_is_done_and_nothing_denied_in_part(stack):
    _, server, root = stack
    keys = reader(root, "cleaner", "x")
    statement = {"Effect": "Allow", "Action": "s3:DeleteObject", "Resource": "arn:aws:s3:::reports/public/*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": statement})
    root.iam.put_user_policy(UserName="cleaner", PolicyName="delete", PolicyDocument=document)
    headers = signed(keys, "s3", "POST", f"{server.endpoint}/reports?delete", DELETE)
    status, _, text = asked(server.endpoint, "POST", "/reports?delete", headers, DELETE)
    assert (status, "arn:aws:s3:::reports/secret/b" in text) == (403, True), text
    assert root.s3.get_object(Bucket="reports", Key="public/a")["Body"].read() == b"hello"


def test_only_trusted_networks_may_ask(stack, tmp_path):
    moto, _, _ = stack
    (tmp_path / "iamd.toml").write_text(f'upstream = "{moto.url}"\n[gateway]\ntrusted = ["192.0.2.0/24"]\n')
    with Server("--config", str(tmp_path / "iamd.toml"), level="info") as server:
        headers = signed(("test", "test"), "s3", "GET", f"{server.endpoint}/reports/public/a")
        status, answer, _ = asked(server.endpoint, "GET", "/reports/public/a", headers)
        assert (status, answer["x-iamd-error"]) == (403, "untrusted-proxy")
        assert any("gateway.trusted" in line and "127.0.0.1" in line for line in server.log_lines())
    with Server() as server:
        assert asked(server.endpoint, "GET", "/reports/public/a", {})[1]["x-iamd-error"] == "no-upstream"


def test_the_source_address_is_the_clients(stack):
    _, server, root = stack
    keys = reader(root, "near", "public/*")
    deny = {"Effect": "Deny", "Action": "s3:*", "Resource": "*", "Condition": {"NotIpAddress": {"aws:SourceIp": "192.0.2.1"}}}
    document = {"Version": "2012-10-17", "Statement": deny}
    root.iam.put_user_policy(UserName="near", PolicyName="from", PolicyDocument=json.dumps(document))
    headers = signed(keys, "s3", "GET", f"{server.endpoint}/reports/public/a")
    assert asked(server.endpoint, "GET", "/reports/public/a", headers)[0] == 200
    deny["Condition"] = {"IpAddress": {"aws:SourceIp": "192.0.2.1"}}
    root.iam.put_user_policy(UserName="near", PolicyName="from", PolicyDocument=json.dumps(document))
    assert asked(server.endpoint, "GET", "/reports/public/a", headers)[0] == 403
    # What a client has put before it counts for nothing.
    forged = {"X-Forwarded-For": "10.0.0.1, 192.0.2.1", "X-Original-Method": "GET", "X-Original-URI": "/reports/public/a"}
    assert fetch("GET", f"{server.endpoint}/_iamd/authorize", {**headers, **forged})[0] == 403
