"""Federation with parties that are not ours: PyJWT issues and verifies tokens, signxml signs SAML responses."""

import base64
import datetime
import hashlib
import hmac
import json
import urllib.request
import uuid

import jwt
import pytest
from botocore.exceptions import ClientError
from clients import Boto3
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from issuer import KEYS, RSA_KEY, Issuer, certificate, key_set, token, trust
from lxml import etree
from signxml import XMLSigner, methods

SIGN_IN = "https://signin.aws.amazon.com/saml"


@pytest.fixture(scope="module")
def issuer():
    """An issuer of tokens on loopback: its URL."""
    with Issuer(key_set()) as serving:
        yield serving.url


@pytest.fixture
def web_identity(root, issuer):
    """Assumes a role by a token; only `alice` may."""
    provider = root.iam.create_open_id_connect_provider(Url=issuer, ClientIDList=["app"])["OpenIDConnectProviderArn"]
    condition = {"StringEquals": {f"{issuer.removeprefix('http://')}:sub": "alice"}}
    role = trust(root.iam, provider, "sts:AssumeRoleWithWebIdentity", condition)

    def assume(token):
        return root.sts.assume_role_with_web_identity(RoleArn=role, RoleSessionName="a1", WebIdentityToken=token)

    return assume


@pytest.mark.parametrize("algorithm", KEYS)
def test_tokens_of_every_algorithm_are_verified(server, web_identity, issuer, algorithm):
    session = web_identity(token(issuer, algorithm))["Credentials"]
    caller = Boto3(server.endpoint, session["AccessKeyId"], session["SecretAccessKey"], session["SessionToken"])
    assert caller.sts.get_caller_identity()["Arn"].endswith(":assumed-role/federated/a1")


def test_tokens_that_nobody_vouches_for_are_refused(web_identity, issuer):
    public = RSA_KEY.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    attacks = {
        "another key": token(issuer, "ES256", ec.generate_private_key(ec.SECP256R1())),
        "no signature": jwt.encode({"iss": issuer, "sub": "alice", "aud": "app"}, None, algorithm="none"),
        "the public key as a secret": hmac_signed(issuer, public),
        "expired": token(issuer, "RS256", exp=1_600_000_000),
        "another audience": token(issuer, "RS256", aud="other"),
    }
    for name, attack in attacks.items():
        with pytest.raises(ClientError) as refused:
            web_identity(attack)
        assert refused.value.response["Error"]["Code"] in ("InvalidIdentityToken", "ExpiredTokenException"), name
    with pytest.raises(ClientError, match="AccessDenied"):
        web_identity(token(issuer, "RS256", sub="mallory"))


def hmac_signed(issuer, secret):
    """A token that is signed by HMAC with what everybody knows; PyJWT itself refuses to make one."""
    def encode(part):
        return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=")

    now = int(datetime.datetime.now().timestamp())
    claims = {"iss": issuer, "sub": "alice", "aud": "app", "iat": now, "exp": now + 600}
    message = encode({"alg": "HS256", "kid": "RS256", "typ": "JWT"}) + b"." + encode(claims)
    signature = base64.urlsafe_b64encode(hmac.new(secret, message, hashlib.sha256).digest()).rstrip(b"=")
    return (message + b"." + signature).decode()


@pytest.mark.parametrize("algorithm", ["RS256", "ES384"])
def test_own_tokens_are_verified_by_others(root, account, algorithm):
    """PyJWT finds the keys by the issuer's discovery document, as a relying party would."""
    root.iam.enable_outbound_web_identity_federation()
    made = root.sts.get_web_identity_token(
        Audience=["https://api.example.com"], SigningAlgorithm=algorithm, DurationSeconds=60
    )["WebIdentityToken"]
    issuer = jwt.decode(made, options={"verify_signature": False})["iss"]
    with urllib.request.urlopen(f"{issuer}/.well-known/openid-configuration") as answer:
        document = json.load(answer)
    assert document["issuer"] == issuer
    found = jwt.PyJWKClient(document["jwks_uri"]).get_signing_key_from_jwt(made)
    claims = jwt.decode(made, found.key, [algorithm], audience="https://api.example.com", issuer=issuer)
    assert claims["sub"] == f"arn:aws:iam::{account}:root"


def response(role, provider, certificate):
    now = datetime.datetime.now(datetime.timezone.utc)
    issued, end = ((now + datetime.timedelta(seconds=s)).strftime("%Y-%m-%dT%H:%M:%SZ") for s in (0, 300))
    attributes = "".join(
        f'<saml:Attribute Name="https://aws.amazon.com/SAML/Attributes/{name}">'
        f"<saml:AttributeValue>{value}</saml:AttributeValue></saml:Attribute>"
        for name, value in {"Role": f"{role},{provider}", "RoleSessionName": "ann"}.items()
    )
    assertion = f"""<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_{uuid.uuid4().hex}"
        Version="2.0" IssueInstant="{issued}"><saml:Issuer>https://idp.example.com</saml:Issuer>
      <ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#" Id="placeholder"/>
      <saml:Subject><saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">ann</saml:NameID>
        <saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">
          <saml:SubjectConfirmationData NotOnOrAfter="{end}" Recipient="{SIGN_IN}"/></saml:SubjectConfirmation>
      </saml:Subject>
      <saml:Conditions NotBefore="{issued}" NotOnOrAfter="{end}"><saml:AudienceRestriction>
        <saml:Audience>urn:amazon:webservices</saml:Audience></saml:AudienceRestriction></saml:Conditions>
      <saml:AuthnStatement AuthnInstant="{issued}"><saml:AuthnContext><saml:AuthnContextClassRef
        >urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef></saml:AuthnContext>
      </saml:AuthnStatement><saml:AttributeStatement>{attributes}</saml:AttributeStatement></saml:Assertion>"""
    signer = XMLSigner(method=methods.enveloped, c14n_algorithm="http://www.w3.org/2001/10/xml-exc-c14n#")
    assertion = etree.fromstring(assertion)
    signed = signer.sign(assertion, key=RSA_KEY, cert=certificate, reference_uri="#" + assertion.get("ID"))
    envelope = f"""<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_r{uuid.uuid4().hex}"
        Version="2.0" IssueInstant="{issued}" Destination="{SIGN_IN}">
      <saml:Issuer xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">https://idp.example.com</saml:Issuer>
      <samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>
      ASSERTION</samlp:Response>"""
    return envelope.replace("ASSERTION", etree.tostring(signed).decode())


def test_saml_responses_of_others_are_verified(root):
    pem = certificate("idp.example.com")
    body = "".join(pem.splitlines()[1:-1])
    metadata = f"""<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://idp.example.com">
      <md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
        <md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data>
          <ds:X509Certificate>{body}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>
        <md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
          Location="https://idp.example.com/sso"/>
      </md:IDPSSODescriptor></md:EntityDescriptor>"""
    provider = root.iam.create_saml_provider(Name="corp", SAMLMetadataDocument=metadata)["SAMLProviderArn"]
    role = trust(root.iam, provider, "sts:AssumeRoleWithSAML", {"StringEquals": {"SAML:aud": SIGN_IN}})

    def assume(text):
        encoded = base64.b64encode(text.encode()).decode()
        return root.sts.assume_role_with_saml(RoleArn=role, PrincipalArn=provider, SAMLAssertion=encoded)

    good = response(role, provider, pem)
    assert assume(good)["AssumedRoleUser"]["Arn"].endswith(":assumed-role/federated/ann")
    with pytest.raises(ClientError, match="InvalidIdentityToken"):
        assume(good.replace("<saml:AttributeValue>ann<", "<saml:AttributeValue>root<"))


def test_a_self_signed_issuer_is_believed_by_its_thumbprint(root, tmp_path):
    """The right thumbprint counts, the one that is found where none is given, and no other; nor another host's name."""

    def assume(provider, issuer):
        condition = {"StringEquals": {f"{issuer.name}:sub": "alice"}}
        role = trust(root.iam, provider, "sts:AssumeRoleWithWebIdentity", condition)
        try:
            root.sts.assume_role_with_web_identity(
                RoleArn=role, RoleSessionName="a1", WebIdentityToken=token(issuer.url, "ES256")
            )
        finally:
            root.iam.delete_role(RoleName="federated")
            root.iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=provider)

    def create(issuer, **more):
        made = root.iam.create_open_id_connect_provider(Url=issuer.url, ClientIDList=["app"], **more)
        return made["OpenIDConnectProviderArn"]

    with Issuer(key_set(), certificate("127.0.0.1"), tmp_path) as issuer:
        with pytest.raises(ClientError, match="IDPCommunicationError"):
            assume(create(issuer, ThumbprintList=["b" * 40]), issuer)
        assume(create(issuer, ThumbprintList=[issuer.thumbprint]), issuer)
        assume(create(issuer), issuer)
    with Issuer(key_set(), certificate("idp.example.com"), tmp_path) as issuer:
        with pytest.raises(ClientError, match="IDPCommunicationError"):
            assume(create(issuer, ThumbprintList=[issuer.thumbprint]), issuer)
