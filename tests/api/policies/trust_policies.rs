//! Trust policies: what IAM accepts, whom they name, how they are shown.

use percent_encoding::percent_decode_str;

use crate::client::{Answer, Client, Server};

fn trust(principal: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{principal},"Action":"sts:AssumeRole"}}]}}"#
    )
}

async fn create(root: &Client, name: &str, document: &str) -> Answer {
    root.iam("CreateRole", &[("RoleName", name), ("AssumeRolePolicyDocument", document)]).await
}

/// The document as `GetRole` and `ListRoles` show it.
async fn shown(root: &Client, name: &str) -> String {
    let document = root.iam("GetRole", &[("RoleName", name)]).await.ok().document("AssumeRolePolicyDocument");
    let listed = root.iam("ListRoles", &[]).await.ok().texts("AssumeRolePolicyDocument");
    assert!(listed.iter().any(|text| percent_decode_str(text).decode_utf8().unwrap() == document));
    document
}

#[tokio::test]
async fn the_document_is_kept_as_given() {
    let root = Server::start().await.root();
    let given = "{ \"Statement\": {\"Action\": [\"sts:AssumeRole\"], \"Effect\": \"Allow\",\n \"Principal\": \
                 {\"Service\": [\"ec2.amazonaws.com\"]}}, \"Version\": \"2012-10-17\" }";
    let made = create(&root, "R", given).await.ok();
    assert_eq!(made.document("AssumeRolePolicyDocument"), given);
    assert!(made.body.contains("%7B%20%22Statement%22%3A%20"), "percent-encoded, blanks as %20");
    assert_eq!(shown(&root, "R").await, given);
}

#[tokio::test]
async fn a_principal_that_is_created_again_is_not_the_one_that_is_trusted() {
    let root = Server::start().await.root();
    let bob = root.iam("CreateUser", &[("UserName", "Bob")]).await.ok();
    let document = trust(&format!(r#"{{"AWS":"{}"}}"#, bob.text("Arn")));
    create(&root, "R", &document).await.ok();
    assert_eq!(shown(&root, "R").await, document);

    root.iam("UpdateUser", &[("UserName", "Bob"), ("NewUserName", "Rob"), ("NewPath", "/x/")]).await.ok();
    let renamed = trust(r#"{"AWS":"arn:aws:iam::000000000000:user/x/Rob"}"#);
    assert_eq!(shown(&root, "R").await, renamed, "the role follows the user");

    root.iam("DeleteUser", &[("UserName", "Rob")]).await.ok();
    let by_id = trust(&format!(r#"{{"AWS":"{}"}}"#, bob.text("UserId")));
    assert_eq!(shown(&root, "R").await, by_id);
    let again = root.iam("CreateUser", &[("UserName", "Bob")]).await.ok();
    assert_ne!(again.text("UserId"), bob.text("UserId"));
    assert_eq!(shown(&root, "R").await, by_id, "the new Bob is another user");

    let update = [("RoleName", "R"), ("PolicyDocument", by_id.as_str())];
    let message = format!("Invalid principal in policy: \"AWS\":\"{}\"", bob.text("UserId"));
    root.iam("UpdateAssumeRolePolicy", &update).await.refused(400, "MalformedPolicyDocument", &message);
    root.iam("UpdateAssumeRolePolicy", &[("RoleName", "R"), ("PolicyDocument", &document)]).await.ok();
    assert_eq!(shown(&root, "R").await, document);
}

#[tokio::test]
async fn a_role_that_is_gone_is_shown_by_its_id() {
    let root = Server::start().await.root();
    let service = trust(r#"{"Service":"ec2.amazonaws.com"}"#);
    let first = create(&root, "First", &service).await.ok();
    let arn = first.text("Arn");
    let session = "arn:aws:sts::000000000000:assumed-role/First/someone";
    let document = trust(&format!(r#"{{"AWS":["{arn}","{session}","111122223333"]}}"#));
    let made = create(&root, "Second", &document).await.ok();
    assert_eq!(made.document("AssumeRolePolicyDocument"), document);
    let document = document.replace("111122223333", "arn:aws:iam::111122223333:root");
    assert_eq!(shown(&root, "Second").await, document, "an account is its root user");
    root.iam("DeleteRole", &[("RoleName", "First")]).await.ok();
    assert_eq!(shown(&root, "Second").await, document.replace(&arn, &first.text("RoleId")));
}

#[tokio::test]
async fn an_id_that_is_written_must_be_someones() {
    let root = Server::start().await.root();
    let bob = root.iam("CreateUser", &[("UserName", "Bob")]).await.ok();
    let document = trust(&format!(r#"{{"AWS":"{}"}}"#, bob.text("UserId")));
    create(&root, "R", &document).await.ok();
    assert_eq!(shown(&root, "R").await, trust(r#"{"AWS":"arn:aws:iam::000000000000:user/Bob"}"#));
}

#[tokio::test]
async fn principals_of_other_accounts_must_exist_there() {
    let server = Server::start().await;
    let (root, other) = (server.root(), server.root_of("111122223333"));
    other.iam("CreateGroup", &[("GroupName", "Staff")]).await.ok();
    let document = trust(r#"{"AWS":"arn:aws:iam::111122223333:user/Eve"}"#);
    let message = r#"Invalid principal in policy: "AWS":"arn:aws:iam::111122223333:user/Eve""#;
    create(&root, "R", &document).await.refused(400, "MalformedPolicyDocument", message);
    let eve = other.iam("CreateUser", &[("UserName", "Eve")]).await.ok();
    create(&root, "R", &document).await.ok();
    root.iam("CreateInstanceProfile", &[("InstanceProfileName", "P")]).await.ok();
    root.iam("AddRoleToInstanceProfile", &[("InstanceProfileName", "P"), ("RoleName", "R")]).await.ok();
    other.iam("DeleteUser", &[("UserName", "Eve")]).await.ok();
    let by_id = trust(&format!(r#"{{"AWS":"{}"}}"#, eve.text("UserId")));
    assert_eq!(shown(&root, "R").await, by_id);
    let answers = [
        root.iam("GetInstanceProfile", &[("InstanceProfileName", "P")]).await,
        root.iam("ListInstanceProfiles", &[]).await,
        root.iam("ListInstanceProfilesForRole", &[("RoleName", "R")]).await,
        root.iam("UpdateRoleDescription", &[("RoleName", "R"), ("Description", "d")]).await,
    ];
    for answer in answers {
        assert_eq!(answer.ok().document("AssumeRolePolicyDocument"), by_id);
    }
    root.iam("UpdateAssumeRolePolicy", &[("RoleName", "R"), ("PolicyDocument", &document)]).await.refused(
        400,
        "MalformedPolicyDocument",
        message,
    );
}

#[tokio::test]
async fn principals_of_accounts_that_hold_nothing_are_taken_on_trust() {
    let server = Server::start().await;
    let (root, vendor) = (server.root(), server.root_of("414351767826"));
    let document =
        trust(r#"{"AWS":["arn:aws:iam::414351767826:role/unity","arn:aws:sts::414351767826:assumed-role/x/y"]}"#);
    create(&root, "R", &document).await.ok();
    assert_eq!(shown(&root, "R").await, document);
    // Once the vendor is here, what the ARN names is trusted.
    let open = trust(r#"{"AWS":"*"}"#);
    create(&vendor, "unity", &open).await.ok();
    assert_eq!(shown(&root, "R").await, document);
    let missing = trust(r#"{"AWS":"arn:aws:iam::414351767826:role/other"}"#);
    let message = "Invalid principal in policy: \"AWS\":\"arn:aws:iam::414351767826:role/other\"";
    create(&root, "S", &missing).await.refused(400, "MalformedPolicyDocument", message);
}

#[tokio::test]
async fn only_principals_that_exist_are_accepted() {
    let root = Server::start().await.root();
    root.iam("CreateUser", &[("UserName", "Bob"), ("Path", "/x/")]).await.ok();
    let accepted = [
        r#"{"AWS":"*"}"#,
        r#"{"AWS":"222222222222"}"#,
        r#"{"AWS":"arn:aws:iam::222222222222:root"}"#,
        r#"{"AWS":"arn:aws:iam::000000000000:user/x/Bob"}"#,
        r#"{"AWS":"arn:aws:sts::000000000000:federated-user/anyone"}"#,
        r#"{"Service":"lambda.amazonaws.com"}"#,
        r#"{"Federated":"arn:aws:iam::000000000000:saml-provider/none-yet"}"#,
    ];
    for (index, principal) in accepted.into_iter().enumerate() {
        create(&root, &format!("r{index}"), &trust(principal)).await.ok();
    }
    let refused = [
        ("AWS", "AWS", "arn:aws:iam::000000000000:user/Bob"),
        ("AWS", "AWS", "arn:aws:iam::000000000000:user/x/bob"),
        ("AWS", "AWS", "arn:aws:iam::000000000000:role/Ghost"),
        ("AWS", "AWS", "arn:aws:iam::000000000000:group/g"),
        ("AWS", "AWS", "arn:aws:sts::000000000000:assumed-role/Ghost/s"),
        ("AWS", "AWS", "arn:aws-cn:iam::000000000000:root"),
        ("AWS", "AWS", "AIDAAAAAAAAAAAAAAAAAA"),
        ("AWS", "AWS", "Bob"),
        ("Service", "SERVICE", "not a service"),
        ("Federated", "FEDERATED", "example.com"),
    ];
    for (kind, shown, name) in refused {
        let message = format!("Invalid principal in policy: \"{shown}\":\"{name}\"");
        let answer = create(&root, "refused", &trust(&format!(r#"{{"{kind}":"{name}"}}"#))).await;
        answer.refused(400, "MalformedPolicyDocument", &message);
    }
}

#[tokio::test]
async fn malformed_documents_are_refused_in_iams_words() {
    let root = Server::start().await.root();
    let cases = [
        ("{", "This policy contains invalid Json"),
        (r#" {"Version":"2012-10-17"}"#, "JSON strings must not have leading spaces"),
        (r#"{"Version":"2012-10-17","statement":[]}"#, "Unknown field statement"),
        (
            r#"{"Statement":[{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}]}"#,
            "AssumeRolepolicy contained an invalid principal: \"STAR\":\"*\".",
        ),
        (r#"{"Version":"2012-10-17","Statement":[]}"#, "Could not parse the policy: Statement is empty!"),
        (
            r#"{"Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"s3:GetObject"}]}"#,
            "AssumeRole policy may only specify STS AssumeRole actions.",
        ),
        (
            r#"{"Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole","Resource":"*"}]}"#,
            "Has prohibited field Resource",
        ),
    ];
    create(&root, "R", &trust(r#"{"AWS":"*"}"#)).await.ok();
    for (document, message) in cases {
        create(&root, "S", document).await.refused(400, "MalformedPolicyDocument", message);
        let update = [("RoleName", "R"), ("PolicyDocument", document)];
        root.iam("UpdateAssumeRolePolicy", &update).await.refused(400, "MalformedPolicyDocument", message);
    }
    let twice =
        r#"{"Statement":[{"Effect":"Allow","Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}]}"#;
    let answer = create(&root, "S", twice).await;
    assert_eq!(answer.text("Code"), "MalformedPolicyDocument", "{}", answer.body);
    assert_eq!(shown(&root, "R").await, trust(r#"{"AWS":"*"}"#), "nothing was changed");
}

#[tokio::test]
async fn white_space_does_not_count_for_the_quota_of_size() {
    let root = Server::start().await.root();
    let of_size = |size: usize| {
        let document =
            |sid: &str| trust(r#"{"AWS":"*"}"#).replace(r#"{"Effect""#, &format!(r#"{{"Sid":"{sid}","Effect""#));
        document(&"x".repeat(size - document("").len()))
    };
    create(&root, "R", &format!("{}{}", of_size(2048), " ".repeat(100))).await.ok();
    let message = "Cannot exceed quota for ACLSizePerRole: 2048";
    create(&root, "S", &of_size(2049)).await.refused(409, "LimitExceeded", message);
    let update = [("RoleName", "R"), ("PolicyDocument", &of_size(2049))];
    root.iam("UpdateAssumeRolePolicy", &update).await.refused(409, "LimitExceeded", message);
}

#[tokio::test]
async fn every_page_shows_principals_of_other_accounts_as_they_are_now() {
    let server = Server::start().await;
    let (root, other) = (server.root(), server.root_of("222222222222"));
    for n in 0..3 {
        let name = format!("u{n}");
        let arn = other.iam("CreateUser", &[("UserName", &name)]).await.ok().text("Arn");
        create(&root, &format!("r{n}"), &trust(&format!(r#"{{"AWS":"{arn}"}}"#))).await.ok();
        let renamed = [("UserName", name.as_str()), ("NewUserName", &format!("n{n}"))];
        other.iam("UpdateUser", &renamed).await.ok();
    }
    for (operation, documents) in [("ListRoles", 3), ("GetAccountAuthorizationDetails", 3)] {
        let mut marker = None;
        let mut shown = Vec::new();
        for _ in 0..documents {
            let mut parameters = vec![("MaxItems".to_owned(), "1".to_owned())];
            parameters.extend(marker.take().map(|marker| ("Marker".to_owned(), marker)));
            let parameters: Vec<_> = parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            let page = root.iam(operation, &parameters).await.ok();
            shown.push(page.document("AssumeRolePolicyDocument"));
            marker = page.has("Marker").then(|| page.text("Marker"));
        }
        for (n, document) in shown.iter().enumerate() {
            let arn = format!("arn:aws:iam::222222222222:user/n{n}");
            assert_eq!(*document, trust(&format!(r#"{{"AWS":"{arn}"}}"#)), "{operation}");
        }
    }
    root.iam("ListRoles", &[("Marker", "AAAA")]).await.refused(400, "ValidationError", "Invalid Marker.");
}
