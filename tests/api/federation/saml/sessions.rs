//! Whom a response is good for, and what his session may do.

use super::*;

#[tokio::test]
async fn the_response_must_be_for_aws_and_from_the_provider() {
    let world = World::new().await;
    let audience = "Response does not contain the required audience";
    let recipient = "Recipient=\"https://signin.aws.amazon.com/saml\"";
    for wrong in [
        "https://evil.example.com/saml",
        "https://signin.aws.amazon.com.evil.com/saml",
        "http://signin.aws.amazon.com/saml",
    ] {
        world.refused(&world.changed(recipient, &format!("Recipient=\"{wrong}\"")), audience).await;
    }
    world.refused(&world.changed(recipient, ""), audience).await;
    world.refused(&world.changed("urn:amazon:webservices", "urn:other"), audience).await;
    let restriction =
        "<saml:AudienceRestriction><saml:Audience>urn:amazon:webservices</saml:Audience></saml:AudienceRestriction>";
    world.refused(&world.changed(restriction, ""), audience).await;
    world.refused(&world.changed(":cm:bearer", ":cm:sender-vouches"), audience).await;
    let regional = world.changed(recipient, "Recipient=\"https://eu-west-1.signin.aws.amazon.com/saml\"");
    // A good recipient, but not the one that the trust policy wants.
    world.send("Saml", &regional, &[]).await.refused(403, "AccessDenied", DENIED);
    let other = "Issuer not present in specified provider";
    world
        .refused(&world.changed(&format!("<saml:Issuer>{ENTITY}"), "<saml:Issuer>https://other.example.com"), other)
        .await;
    let arn = arn("Saml");
    let missing = "arn:aws:iam::000000000000:saml-provider/Other";
    let response = BASE64.encode(world.response().as_bytes());
    let call = [("RoleArn", arn.as_str()), ("PrincipalArn", missing), ("SAMLAssertion", response.as_str())];
    let none = "Specified provider doesn't exist";
    world.server.unsigned("AssumeRoleWithSAML", &call).await.refused(400, "InvalidIdentityToken", none);
}

#[tokio::test]
async fn a_response_is_good_for_five_minutes() {
    let world = World::new().await;
    let good = world.response();
    world.server.advance(290);
    world.send("Saml", &good, &[]).await.ok();
    world.server.advance(11);
    let late = "Token must be redeemed within 5 minutes of issuance";
    world.send("Saml", &good, &[]).await.refused(400, "ExpiredTokenException", late);
    let end = world.assertion().issued.plus(300);
    let past = world.assertion().issued.plus(-1);
    let expired = world.changed(&format!("NotOnOrAfter=\"{end}\">\n"), &format!("NotOnOrAfter=\"{past}\">\n"));
    world.send("Saml", &expired, &[]).await.refused(400, "ExpiredTokenException", "Assertion is expired");
    let early = Assertion { issued: world.assertion().issued.plus(400), ..world.assertion() };
    let early = world.idp.respond(&early).unwrap();
    world.refused(&early, "Assertion is not yet valid").await;
}

#[tokio::test]
async fn a_one_time_assertion_is_used_once() {
    let world = World::new().await;
    let once = world.changed("</saml:AudienceRestriction>", "</saml:AudienceRestriction><saml:OneTimeUse/>");
    world.send("Saml", &once, &[]).await.ok();
    world.refused(&once, "Assertion has already been used").await;
}

#[tokio::test]
async fn the_role_must_be_one_that_the_provider_names() {
    let world = World::new().await;
    world.role("Other", json!({}), &[]).await;
    world.send("Other", &world.response(), &[]).await.refused(403, "AccessDenied", DENIED);
    let mut swapped = world.assertion();
    swapped.roles = vec![(PROVIDER.to_owned(), arn("Other")), (arn("Missing"), PROVIDER.to_owned())];
    let response = world.idp.respond(&swapped).unwrap();
    world.send("Other", &response, &[]).await.ok();
    world.send("Missing", &response, &[]).await.refused(403, "AccessDenied", DENIED);
}

#[tokio::test]
async fn the_trust_policy_decides() {
    let world = World::new().await;
    let roles = |name: &str| vec![(arn(name), PROVIDER.to_owned())];
    let as_role = |name: &str| world.idp.respond(&Assertion { roles: roles(name), ..world.assertion() }).unwrap();
    let keys = [
        ("saml:iss", ENTITY),
        ("saml:sub", "ann@example.com"),
        ("saml:sub_type", "persistent"),
        ("saml:doc", "000000000000/Corp"),
        ("sts:RoleSessionName", "ann"),
    ];
    for (n, (key, value)) in keys.into_iter().enumerate() {
        for (m, (value, allowed)) in [(value, true), ("wrong", false)].into_iter().enumerate() {
            let name = format!("R{n}{m}");
            world.role(&name, json!({"StringEquals": {key: value}}), &[]).await;
            let answer = world.send(&name, &as_role(&name), &[]).await;
            assert_eq!(answer.status == 200, allowed, "{key} {value}: {}", answer.body);
        }
    }
    world.role("Edu", json!({"ForAnyValue:StringEquals": {"saml:edupersonaffiliation": "staff"}}), &[]).await;
    let text = world.idp.unsigned(&Assertion { roles: roles("Edu"), ..world.assertion() });
    let attribute = "<saml:Attribute Name=\"urn:oid:1.3.6.1.4.1.5923.1.1.1.1\"><saml:AttributeValue>member</saml:AttributeValue><saml:AttributeValue>staff</saml:AttributeValue></saml:Attribute></saml:AttributeStatement>";
    let staff = world.idp.sign(&text.replace("</saml:AttributeStatement>", attribute)).unwrap();
    world.send("Edu", &staff, &[]).await.ok();
    world.send("Edu", &as_role("Edu"), &[]).await.refused(403, "AccessDenied", DENIED);
}

#[tokio::test]
async fn attributes_make_the_session() {
    let world = World::new().await;
    let full = Assertion {
        duration: Some(1200),
        tags: vec![("Team".to_owned(), "a".to_owned())],
        transitive_tag_keys: vec!["Team".to_owned()],
        source_identity: Some("ann".to_owned()),
        ..world.assertion()
    };
    let response = world.idp.respond(&full).unwrap();
    let tag = "Not authorized to perform sts:TagSession";
    world.send("Saml", &response, &[]).await.refused(403, "AccessDenied", tag);
    world.role("Full", json!({}), &["sts:TagSession", "sts:SetSourceIdentity"]).await;
    let response = world.idp.respond(&Assertion { roles: vec![(arn("Full"), PROVIDER.to_owned())], ..full }).unwrap();
    let made = world.send("Full", &response, &[]).await.ok();
    assert_eq!(made.text("SourceIdentity"), "ann");
    let end = chrono::DateTime::parse_from_rfc3339(&made.text("Expiration")).unwrap().timestamp();
    let life = end - world.server.state.app.environment.clock.now().timestamp();
    assert!((1198..=1200).contains(&life), "{life}");
    let name = "RoleSessionName in AuthnResponse must match [a-zA-Z_0-9+=,.@-]{2,64}";
    for wrong in ["a b", "x", ""] {
        let assertion = Assertion { session_name: wrong.to_owned(), ..world.assertion() };
        world.refused(&world.idp.respond(&assertion).unwrap(), name).await;
    }
    let required = "RoleSessionName is required in AuthnResponse";
    world.refused(&world.changed("Attributes/RoleSessionName", "Attributes/Other"), required).await;
    let identity = Assertion { source_identity: Some("aws:ann".to_owned()), ..world.assertion() };
    world
        .refused(
            &world.idp.respond(&identity).unwrap(),
            "Source Identity must match [a-zA-Z_0-9+=,.@-]{2,256} and not begin with \"aws:\"",
        )
        .await;
}

#[tokio::test]
async fn an_attribute_says_one_thing() {
    let world = World::new().await;
    let end = "</saml:AttributeStatement>";
    let attribute = |name: &str, value: &str| {
        let value = format!("<saml:AttributeValue>{value}</saml:AttributeValue>");
        format!("<saml:Attribute Name=\"{name}\">{value}</saml:Attribute>")
    };
    let own = |name: &str| format!("https://aws.amazon.com/SAML/Attributes/{name}");
    let with = |attributes: &str| world.changed(end, &format!("{attributes}{end}"));
    for (name, first, second) in [
        ("SourceIdentity", "ann", "bob"),
        ("SessionDuration", "900", "43200"),
        ("TransitiveTagKeys", "Team", "Team"),
        ("PrincipalTag:Team", "a", "a"),
    ] {
        let twice = with(&format!("{}{}", attribute(&own(name), first), attribute(&own(name), second)));
        world.refused(&twice, &format!("The attribute {name} is given more than once")).await;
    }
    let message = "The attribute RoleSessionName is given more than once";
    world.refused(&with(&attribute(&own("RoleSessionName"), "root")), message).await;
    let spellings =
        format!("{}{}", attribute(&own("PrincipalTag:Team"), "a"), attribute(&own("PrincipalTag:TEAM"), "b"));
    world.refused(&with(&spellings), "The session tag TEAM is not valid").await;
    let transitive = "The transitive tag key Team is not among the session tags";
    world.refused(&with(&attribute(&own("TransitiveTagKeys"), "Team")), transitive).await;
    // Roles may come one by one.
    world.role("Other", json!({}), &[]).await;
    let roles = with(&attribute(&own("Role"), &format!("{},{PROVIDER}", arn("Other"))));
    world.send("Other", &roles, &[]).await.ok();
    // Two attributes of one condition key.
    let mail = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress";
    let other = "urn:oid:0.9.2342.19200300.100.1.3";
    world.send("Saml", &with(&format!("{}{}", attribute(mail, "a@b"), attribute(other, "a@b"))), &[]).await.ok();
    for names in [(mail, mail), (mail, other)] {
        let different = with(&format!("{}{}", attribute(names.0, "a@b"), attribute(names.1, "root@b")));
        world.refused(&different, "The attributes give saml:mail different values").await;
    }
}

#[tokio::test]
async fn a_response_must_report_success_and_be_for_the_sign_in_endpoint() {
    let world = World::new().await;
    let success = "urn:oasis:names:tc:SAML:2.0:status:Success";
    let status = "Response status is not Success";
    // Of the assertion alone the signature is still good.
    let code = format!("<samlp:StatusCode Value=\"{success}\"/>");
    for wrong in [
        code.replace("Success", "Responder"),
        code.replace("Success", "success"),
        format!("{code}{code}"),
        code.replace("/>", "><samlp:StatusCode Value=\"x\"/></samlp:StatusCode>").replace(success, "x"),
        String::new(),
    ] {
        world.refused(&world.response().replace(&code, &wrong), status).await;
    }
    let nested = format!("<samlp:StatusCode Value=\"{success}\"><samlp:StatusCode Value=\"x\"/></samlp:StatusCode>");
    world.send("Saml", &world.response().replace(&code, &nested), &[]).await.ok();
    let destination = "Destination=\"https://signin.aws.amazon.com/saml\"";
    for (to, good) in [
        ("", true),
        ("Destination=\"\"", true),
        ("Destination=\"https://eu-west-1.signin.aws.amazon.com/saml\"", true),
        ("Destination=\"https://other.example.com/saml\"", false),
        ("Destination=\"https://evilsignin.aws.amazon.com/saml\"", false),
    ] {
        let answer = world.send("Saml", &world.response().replace(destination, to), &[]).await;
        assert_eq!(answer.status == 200, good, "{to}: {}", answer.body);
    }
}

#[tokio::test]
async fn nothing_but_a_region_precedes_the_sign_in_host() {
    let world = World::new().await;
    world.role("Any", json!({}), &[]).await;
    let roles = vec![(arn("Any"), PROVIDER.to_owned())];
    let text = world.idp.unsigned(&Assertion { roles, ..world.assertion() });
    for (host, good) in [
        ("signin.aws.amazon.com", true),
        ("us-gov-1.signin.aws.amazon.com", true),
        ("evilsignin.aws.amazon.com", false),
        ("evil-signin.aws.amazon.com", false),
        (".signin.aws.amazon.com", false),
        ("a.b.signin.aws.amazon.com", false),
        ("signin.aws.amazon.com.", false),
        ("signin.aws.amazon.com:8443", false),
        ("x@signin.aws.amazon.com", false),
    ] {
        let recipient = text
            .replace("Recipient=\"https://signin.aws", &format!("Recipient=\"https://{host}\" x=\"https://signin.aws"));
        let recipient = recipient.replace(&format!("https://{host}\""), &format!("https://{host}/saml\""));
        let answer = world.send("Any", &world.idp.sign(&recipient).unwrap(), &[]).await;
        assert_eq!(answer.status == 200, good, "{host}: {}", answer.body);
        let audience = text.replace("urn:amazon:webservices", &format!("https://{host}/saml"));
        let answer = world.send("Any", &world.idp.sign(&audience).unwrap(), &[]).await;
        assert_eq!(answer.status == 200, good, "{host}: {}", answer.body);
    }
}
