"""The part of an account's life that others vouch for: identity providers, their sessions, and tokens for others."""

import base64
import json
import urllib.parse
import urllib.request

from tagging import TAGS, tagged


def federation(root, iam, sts, idp, account):
    open_id_connect(root, iam, sts, idp)
    saml(root, iam, sts, idp)
    outbound(iam, sts, account)


def fetch(url, **query):
    if query:
        url += "?" + urllib.parse.urlencode(query)
    with urllib.request.urlopen(url, timeout=30) as answer:
        return answer.read().decode()


def trust(provider, action, condition):
    statement = {"Effect": "Allow", "Principal": {"Federated": provider}, "Action": action, "Condition": condition}
    return json.dumps({"Version": "2012-10-17", "Statement": statement})


def role_for(iam, provider, action, condition):
    document = trust(provider, f"sts:{action}", condition)
    return iam("CreateRole", RoleName="federated", AssumeRolePolicyDocument=document)["Role"]["Arn"]


def arn_of(root, credentials):
    return root.using(credentials).call("sts", "GetCallerIdentity")["Arn"]


def open_id_connect(root, iam, sts, idp):
    name = idp.url.removeprefix("http://")
    provider = iam("CreateOpenIDConnectProvider", Url=idp.url, ClientIDList=["first"], Tags=TAGS)
    provider = {"OpenIDConnectProviderArn": provider["OpenIDConnectProviderArn"]}
    arn = provider["OpenIDConnectProviderArn"]
    iam("AddClientIDToOpenIDConnectProvider", ClientID="app", **provider)
    iam("RemoveClientIDFromOpenIDConnectProvider", ClientID="first", **provider)
    iam("UpdateOpenIDConnectProviderThumbprint", ThumbprintList=["a" * 40], **provider)
    iam("UpdateOpenIDConnectProvider", **provider)
    tagged(iam, "OpenIDConnectProvider", **provider)
    shown = iam("GetOpenIDConnectProvider", **provider)
    assert (shown["Url"], shown["ClientIDList"], shown["ThumbprintList"]) == (name, ["app"], ["a" * 40])
    assert [one["Arn"] for one in iam("ListOpenIDConnectProviders")["OpenIDConnectProviderList"]] == [arn]

    action = "AssumeRoleWithWebIdentity"
    role = role_for(iam, arn, action, {"StringEquals": {f"{name}:sub": "alice", f"{name}:aud": "app"}})
    token = fetch(f"{idp.url}/token", sub="alice", aud="app")
    session = sts(action, RoleArn=role, RoleSessionName="alice", WebIdentityToken=token)
    assert (session["SubjectFromWebIdentityToken"], session["Provider"]) == ("alice", arn)
    assert arn_of(root, session["Credentials"]).endswith(":assumed-role/federated/alice")
    iam("DeleteRole", RoleName="federated")
    iam("DeleteOpenIDConnectProvider", **provider)


def saml(root, iam, sts, idp):
    metadata = fetch(f"{idp.url}/saml/metadata")
    arn = iam("CreateSAMLProvider", Name="corp", SAMLMetadataDocument=metadata, Tags=TAGS)["SAMLProviderArn"]
    iam("UpdateSAMLProvider", SAMLProviderArn=arn, AssertionEncryptionMode="Allowed")
    tagged(iam, "SAMLProvider", SAMLProviderArn=arn)
    assert iam("GetSAMLProvider", SAMLProviderArn=arn)["AssertionEncryptionMode"] == "Allowed"
    assert [one["Arn"] for one in iam("ListSAMLProviders")["SAMLProviderList"]] == [arn]

    action = "AssumeRoleWithSAML"
    role = role_for(iam, arn, action, {"StringEquals": {"SAML:aud": "https://signin.aws.amazon.com/saml"}})
    response = fetch(f"{idp.url}/saml/response", session="ann", role=f"{role},{arn}")
    session = sts(action, RoleArn=role, PrincipalArn=arn, SAMLAssertion=response)
    assert arn_of(root, session["Credentials"]).endswith(":assumed-role/federated/ann")
    iam("DeleteRole", RoleName="federated")
    iam("DeleteSAMLProvider", SAMLProviderArn=arn)


def outbound(iam, sts, account):
    issuer = iam("EnableOutboundWebIdentityFederation")["IssuerIdentifier"]
    shown = iam("GetOutboundWebIdentityFederationInfo")
    assert (shown["IssuerIdentifier"], shown["JwtVendingEnabled"]) == (issuer, True)
    token = sts("GetWebIdentityToken", Audience=["https://api.example.com"], SigningAlgorithm="ES384")
    header, claims, _ = (base64.urlsafe_b64decode(part + "==") for part in token["WebIdentityToken"].split("."))
    assert (json.loads(header)["alg"], json.loads(claims)["iss"]) == ("ES384", issuer)
    assert json.loads(claims)["sub"] == f"arn:aws:iam::{account}:root"
    iam("DisableOutboundWebIdentityFederation")
