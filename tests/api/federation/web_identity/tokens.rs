//! What makes a token good, and what its session may do.

use super::*;

#[tokio::test]
async fn a_good_token_gives_a_session_of_the_role() {
    let world = World::new().await;
    let made = world.with(json!({})).await.ok();
    assert_eq!(made.text("SubjectFromWebIdentityToken"), "repo:x/y");
    assert_eq!(made.text("Provider"), world.arn());
    assert_eq!(made.text("Audience"), "app");
    assert_eq!(made.text("Arn"), "arn:aws:sts::000000000000:assumed-role/Web/sess");
    let identity = world.server.session(&made).sts("GetCallerIdentity", &[]).await.ok();
    assert_eq!(identity.text("Arn"), "arn:aws:sts::000000000000:assumed-role/Web/sess");
    assert!(identity.text("UserId").ends_with(":sess"));
}

#[tokio::test]
async fn what_is_no_token_of_the_issuer_is_refused() {
    let world = World::new().await;
    let invalid = "InvalidIdentityToken";
    for text in ["nonsense", "a.b.c", "eyJhbGciOiJub25lIn0.e30."] {
        world.assume("Web", text, &[]).await.refused(400, invalid, NOT_A_TOKEN);
    }
    // Another key of the same id, and a key that the issuer does not have.
    let good = world.token(json!({}));
    let stranger = issuer(&world.url).token(json!({"sub": "x"})).unwrap();
    world.assume("Web", &stranger, &[]).await.refused(400, invalid, NO_KEY);
    let header = good.split('.').next().unwrap();
    let body = stranger.split_once('.').unwrap().1;
    world.assume("Web", &format!("{header}.{body}"), &[]).await.refused(400, invalid, NOT_A_TOKEN);
    // HMAC with the public key as the secret is the oldest trick.
    let encode = |value: Value| data_encoding::BASE64URL_NOPAD.encode(value.to_string().as_bytes());
    let message = format!("{}.{}", encode(json!({"alg": "HS256"})), good.split('.').nth(1).unwrap());
    let keys = world.issuer.read().unwrap().keys().to_string();
    let mac = aws_lc_rs::hmac::sign(
        &aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, keys.as_bytes()),
        message.as_bytes(),
    );
    let forged = format!("{message}.{}", data_encoding::BASE64URL_NOPAD.encode(mac.as_ref()));
    world.assume("Web", &forged, &[]).await.refused(400, invalid, NOT_A_TOKEN);
    let unknown = issuer("https://unknown.example.com").token(json!({})).unwrap();
    let missing = "No OpenIDConnect provider found in your account for https://unknown.example.com";
    world.assume("Web", &unknown, &[]).await.refused(400, invalid, missing);
}

#[tokio::test]
async fn times_must_be_right() {
    let world = World::new().await;
    let now = world.now();
    let expired = world.with(json!({"exp": now - 301})).await;
    assert_eq!((expired.status, expired.text("Code").as_str()), (400, "ExpiredTokenException"));
    let message = expired.text("Message");
    assert!(message.starts_with("Token expired: current date/time "), "{message}");
    assert!(message.ends_with(&format!(" must be before the expiration date/time {}", now - 301)), "{message}");
    world.with(json!({"exp": now - 250})).await.ok();
    let old = world.with(json!({"iat": now - 86_402})).await;
    assert!(old.text("Code") == "ExpiredTokenException" && old.text("Message").starts_with("Token too old: "));
    for early in [json!({"nbf": now + 400}), json!({"iat": now + 400, "exp": now + 900})] {
        assert_eq!(world.with(early).await.text("Code"), "InvalidIdentityToken");
    }
    world.with(json!({"nbf": now + 200})).await.ok();
    world.server.advance(3600);
    let late = world.with(json!({"iat": now, "exp": now + 600})).await;
    assert_eq!(late.text("Code"), "ExpiredTokenException", "the server's clock counts");
}

#[tokio::test]
async fn claims_that_a_token_needs_must_be_there() {
    let world = World::new().await;
    for claim in ["sub", "aud", "iat", "exp"] {
        let message = format!("Missing a required claim: {claim}.");
        world.with(json!({claim: null})).await.refused(400, "InvalidIdentityToken", &message);
    }
}

#[tokio::test]
async fn the_audience_must_be_a_client_id() {
    let world = World::new().await;
    let invalid = "InvalidIdentityToken";
    world.with(json!({"aud": "other"})).await.refused(400, invalid, "Incorrect token audience");
    world.with(json!({"aud": ["app"]})).await.ok();
    world.with(json!({"aud": ["app", "other"]})).await.refused(
        400,
        invalid,
        "Token audience contains more than one audience while authorized party is not present",
    );
    world.with(json!({"azp": "other"})).await.refused(400, invalid, "Incorrect token audience");
    let keys = json!({"StringEquals": {
        format!("{}:aud", world.name): "party", format!("{}:oaud", world.name): "x",
    }});
    world.role("Party", keys, &[]).await;
    let token = world.token(json!({"aud": ["x", "y"], "azp": "party"}));
    assert_eq!(world.assume("Party", &token, &[]).await.ok().text("Audience"), "party");
}

#[tokio::test]
async fn a_token_may_be_for_some_roles_only() {
    let world = World::new().await;
    let role = "arn:aws:iam::000000000000:role/Web";
    let other = "arn:aws:iam::000000000000:role/Other";
    for among in [json!([other, 1, role]), json!(format!("{other};{role}")), json!(role)] {
        world.with(json!({"https://aws.amazon.com/roles": among})).await.ok();
    }
    for (claim, message) in [
        (json!([other]), "The target role ARN is not present in the roles claim of the identity token"),
        (json!(other), "The target role ARN is not present in the roles claim of the identity token"),
        (json!([]), "The roles claim contains no valid role ARNs"),
        (json!(""), "The roles claim contains no valid role ARNs"),
        (json!({"role": role}), "The roles claim is not in a supported format"),
        (json!(true), "The roles claim is not in a supported format"),
    ] {
        let answer = world.with(json!({"https://aws.amazon.com/roles": claim})).await;
        answer.refused(400, "InvalidIdentityToken", message);
    }
}

#[tokio::test]
async fn the_trust_policy_decides() {
    let world = World::new().await;
    world.role("Sub", json!({"StringLike": {format!("{}:sub", world.name): "repo:x/*"}}), &[]).await;
    world.assume("Sub", &world.token(json!({})), &[]).await.ok();
    world.assume("Sub", &world.token(json!({"sub": "repo:z/y"})), &[]).await.refused(403, "AccessDenied", DENIED);
    world.assume("Missing", &world.token(json!({})), &[]).await.refused(403, "AccessDenied", DENIED);
    let amr = json!({"ForAnyValue:StringEquals": {format!("{}:amr", world.name): "mfa"}});
    world.role("Amr", amr, &[]).await;
    world.assume("Amr", &world.token(json!({"amr": ["pwd", "mfa"]})), &[]).await.ok();
    world.assume("Amr", &world.token(json!({"amr": ["pwd"]})), &[]).await.refused(403, "AccessDenied", DENIED);
    // Claims that AWS has no key for are none, whatever a policy says.
    world.role("Custom", json!({"StringEquals": {format!("{}:groups", world.name): "admins"}}), &[]).await;
    world.assume("Custom", &world.token(json!({"groups": "admins"})), &[]).await.refused(403, "AccessDenied", DENIED);
    let name = json!({"StringEquals": {"sts:RoleSessionName": "other"}});
    world.role("Name", name, &[]).await;
    world.assume("Name", &world.token(json!({})), &[]).await.refused(403, "AccessDenied", DENIED);
    // A role that trusts users trusts no tokens.
    let trust = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:*"},
    ]});
    let role = [("RoleName", "Users"), ("AssumeRolePolicyDocument", &trust.to_string())];
    world.server.root().iam("CreateRole", &role).await.ok();
    world.assume("Users", &world.token(json!({})), &[]).await.refused(403, "AccessDenied", DENIED);
}

#[tokio::test]
async fn tags_and_source_identity_come_from_the_token_and_need_permission() {
    let world = World::new().await;
    let claims = json!({
        "https://aws.amazon.com/tags": {"principal_tags": {"Team": ["a"]}, "transitive_tag_keys": ["Team"]},
        "https://aws.amazon.com/source_identity": "ann",
    });
    let token = world.token(claims);
    world.assume("Web", &token, &[]).await.refused(403, "AccessDenied", "Not authorized to perform sts:TagSession");
    world.role("Tags", json!({}), &["sts:TagSession"]).await;
    let message = "Not authorized to perform sts:SetSourceIdentity";
    world.assume("Tags", &token, &[]).await.refused(403, "AccessDenied", message);
    // Each of the three actions has but some of the keys.
    let team = json!({"StringEqualsIfExists": {"aws:RequestTag/Team": "a", "sts:SourceIdentity": "ann"}});
    world.role("All", team, &["sts:TagSession", "sts:SetSourceIdentity"]).await;
    let made = world.assume("All", &token, &[]).await.ok();
    assert_eq!(made.text("SourceIdentity"), "ann");
    assert!(made.has("PackedPolicySize"));
    let flat = json!({
        "https://aws.amazon.com/tags/principal_tags/Team": "a",
        "https://aws.amazon.com/tags/transitive_tag_keys": ["Team"],
        "https://aws.amazon.com/source_identity": "ann",
    });
    world.assume("All", &world.token(flat), &[]).await.ok();
    let wrong = json!({"https://aws.amazon.com/tags": {"principal_tags": {"aws:x": ["a"]}}});
    assert_eq!(world.with(wrong).await.text("Code"), "InvalidIdentityToken");
    let wrong = json!({"https://aws.amazon.com/source_identity": "a b"});
    assert_eq!(world.with(wrong).await.text("Code"), "InvalidIdentityToken");
}

#[tokio::test]
async fn the_session_shows_its_provider_and_is_narrowed() {
    let world = World::new().await;
    let key = format!("{}:sub", world.name);
    let policy = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "iam:ListUsers", "Resource": "*",
         "Condition": {"StringEquals": {&key: "repo:x/y", "aws:FederatedProvider": world.arn()}}},
        {"Effect": "Allow", "Action": "iam:ListRoles", "Resource": "*"},
    ]})
    .to_string();
    let inline = [("RoleName", "Web"), ("PolicyName", "p"), ("PolicyDocument", policy.as_str())];
    world.server.root().iam("PutRolePolicy", &inline).await.ok();
    let made = world.with(json!({})).await.ok();
    let session = world.server.session(&made);
    session.iam("ListUsers", &[]).await.ok();
    session.iam("ListRoles", &[]).await.ok();
    let only = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iam:ListUsers", "Resource": "*"}]});
    let narrowed = world.assume("Web", &world.token(json!({})), &[("Policy", &only.to_string())]).await.ok();
    let session = world.server.session(&narrowed);
    session.iam("ListUsers", &[]).await.ok();
    session.iam("ListRoles", &[]).await.denied();
}

#[tokio::test]
async fn durations_are_the_roles() {
    let world = World::new().await;
    let expiration = |answer: Answer| {
        let text = answer.ok().text("Expiration");
        chrono::DateTime::parse_from_rfc3339(&text).unwrap().timestamp() - world.now()
    };
    let life = expiration(world.assume("Web", &world.token(json!({})), &[("DurationSeconds", "900")]).await);
    assert!((898..=900).contains(&life), "{life}");
    world.assume("Web", &world.token(json!({})), &[("DurationSeconds", "3601")]).await.refused(
        400,
        "ValidationError",
        "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
    );
}
