//! Claims as condition keys.

use super::*;

const GITHUB: &str = "token.actions.githubusercontent.com";
const GOOGLE: &str = "accounts.google.com";

/// An issuer whose keys are in the configuration, and an account that knows it.
struct Pinned {
    server: Server,
    issuer: WebIssuer,
    name: &'static str,
}

impl Pinned {
    async fn new(name: &'static str) -> Self {
        let url = format!("https://{name}");
        let issuer = issuer(&url);
        let pinned = IssuerSettings { jwks: Some(issuer.keys().to_string()), jwks_file: None, discovery: None };
        let issuers = BTreeMap::from([(url.clone(), pinned)]);
        let server = Server::with(Settings { issuers, ..Settings::default() }).await;
        if name != GOOGLE {
            let provider = [("Url", url.as_str()), ("ClientIDList.member.1", "app")];
            server.root().iam("CreateOpenIDConnectProvider", &provider).await.ok();
        }
        Self { server, issuer, name }
    }

    /// A role that trusts the issuer if these claims, among them its `sub`, have these values.
    async fn role(&self, role: &str, claims: &[(&str, &str)]) {
        let federated = match self.name {
            GOOGLE => GOOGLE.to_owned(),
            name => format!("arn:aws:iam::000000000000:oidc-provider/{name}"),
        };
        let condition: serde_json::Map<String, Value> =
            claims.iter().map(|(claim, value)| (format!("{}:{claim}", self.name), json!(value))).collect();
        let trust = json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity",
            "Principal": {"Federated": federated}, "Condition": {"StringEquals": condition},
        }]});
        let role = [("RoleName", role), ("AssumeRolePolicyDocument", &trust.to_string())];
        self.server.root().iam("CreateRole", &role).await.ok();
    }

    /// Calls with a token that claims this besides `sub`, `aud` and its times.
    async fn assume(&self, role: &str, claims: Value) -> Answer {
        let now = self.server.state.app.environment.clock.now().timestamp();
        let mut all = json!({"sub": "good", "aud": "app", "iat": now, "exp": now + 60});
        all.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());
        let token = self.issuer.token(all).unwrap();
        let arn = format!("arn:aws:iam::000000000000:role/{role}");
        let call = [("RoleArn", arn.as_str()), ("RoleSessionName", "sess"), ("WebIdentityToken", &token)];
        self.server.unsigned("AssumeRoleWithWebIdentity", &call).await
    }
}

#[tokio::test]
async fn claims_of_known_issuers_are_condition_keys() {
    let world = Pinned::new(GITHUB).await;
    world.role("Deploy", &[("sub", "good"), ("repository_owner_id", "42"), ("environment", "prod")]).await;
    let claims = |environment| json!({"repository_owner_id": "42", "environment": environment, "repository": "a/b"});
    world.assume("Deploy", claims("prod")).await.ok();
    world.assume("Deploy", claims("dev")).await.refused(403, "AccessDenied", DENIED);
}

#[tokio::test]
async fn no_spelling_of_a_claim_replaces_another() {
    let world = Pinned::new(GOOGLE).await;
    world.role("Google", &[("sub", "good"), ("aud", "app")]).await;
    world.assume("Google", json!({"SUB": "bad", "Aud": "other"})).await.ok();
    for claims in [
        json!({"sub": "bad", "SUB": "good"}),
        json!({"Sub": "good", "sub": "bad"}),
        json!({"aud": "other", "AUD": "app"}),
        json!({"aud": "app", "azp": "other", "AUD": "app", "Azp": "app"}),
    ] {
        world.assume("Google", claims).await.refused(403, "AccessDenied", DENIED);
    }
    world.role("Audience", &[("sub", "good"), ("oaud", "app")]).await;
    world.assume("Audience", json!({"aud": "app", "azp": "party"})).await.ok();
    for claims in [json!({"oaud": "app"}), json!({"aud": "other", "azp": "party", "OAUD": "app"})] {
        world.assume("Audience", claims).await.refused(403, "AccessDenied", DENIED);
    }
    world.role("Number", &[("sub", "good"), ("google/organization_number", "7")]).await;
    world.assume("Number", json!({"google": {"organization_number": 7}})).await.ok();
    for claims in [
        json!({"google/organization_number": 7}),
        json!({"google": {"organization_number": 8, "Organization_Number": 7}, "GOOGLE": {"organization_number": 7}}),
    ] {
        world.assume("Number", claims).await.refused(403, "AccessDenied", DENIED);
    }

    let world = Pinned::new(GITHUB).await;
    world.role("Actor", &[("sub", "good"), ("actor", "octocat")]).await;
    world.assume("Actor", json!({"ACTOR": "mallory", "actor": "octocat"})).await.ok();
    for claims in [json!({"actor": "mallory", "ACTOR": "octocat"}), json!({"Actor": "octocat"})] {
        world.assume("Actor", claims).await.refused(403, "AccessDenied", DENIED);
    }
    world.role("Amr", &[("sub", "good"), ("amr", "mfa")]).await;
    world.assume("Amr", json!({"amr": ["pwd"], "AMR": ["mfa"]})).await.refused(403, "AccessDenied", DENIED);
}

#[tokio::test]
async fn no_provider_speaks_for_aws() {
    let world = World::new().await;
    // Tags of a session are those of AWS's claims, to the letter, and each key is given once.
    for claims in [
        json!({"https://aws.amazon.com/Tags": {"principal_tags": {"Team": ["a"]}}}),
        json!({"https://aws.amazon.com/tags": {"Principal_Tags": {"Team": ["a"]}}}),
        json!({"https://aws.amazon.com/tags/Principal_tags/Team": "a"}),
        json!({"https://AWS.amazon.com/source_identity": "ann"}),
    ] {
        let made = world.with(claims).await.ok();
        assert!(!made.has("SourceIdentity") && !made.has("PackedPolicySize"), "{}", made.body);
    }
    let both = json!({
        "https://aws.amazon.com/tags": {"principal_tags": {"Team": ["a"]}},
        "https://aws.amazon.com/tags/principal_tags/team": "b",
    });
    let message = "The session tag Team is not valid";
    world.with(both).await.refused(400, "InvalidIdentityToken", message);
    let transitive = json!({"https://aws.amazon.com/tags": {"transitive_tag_keys": ["Team"]}});
    let message = "The transitive tag key Team is not among the session tags";
    world.with(transitive).await.refused(400, "InvalidIdentityToken", message);
    // A provider whose host is the prefix of AWS's own keys has none of them.
    let world = Pinned::new("aws").await;
    world.role("Tags", &[("sub", "good"), ("RequestTag/Team", "a")]).await;
    world.assume("Tags", json!({"RequestTag/Team": "a"})).await.refused(403, "AccessDenied", DENIED);
}

#[tokio::test]
async fn a_trust_policy_can_demand_that_the_token_names_the_role() {
    let world = World::new().await;
    for (name, authorized) in [("Named", "true"), ("Unnamed", "false")] {
        world.role(name, json!({"Bool": {"sts:RoleAuthorizedByIdp": authorized}}), &[]).await;
        let role = format!("arn:aws:iam::000000000000:role/{name}");
        let naming = world.token(json!({"https://aws.amazon.com/roles": [role], "sts:RoleAuthorizedByIdp": true}));
        let silent = world.token(json!({"sts:RoleAuthorizedByIdp": authorized}));
        for (token, named) in [(naming, "true"), (silent, "false")] {
            let answer = world.assume(name, &token, &[]).await;
            assert_eq!(answer.status == 200, authorized == named, "{name} {named}: {}", answer.body);
        }
    }
}
