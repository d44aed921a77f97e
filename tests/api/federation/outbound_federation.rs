//! `GetWebIdentityToken`, and what verifies its tokens.

use iamd::config::Settings;
use iamd::keys::{KeySet, Token};
use serde_json::{Value, json};

use crate::client::{Client, Server};
use crate::principals::{allow, user};

async fn enabled(settings: Settings) -> Server {
    let server = Server::with(settings).await;
    server.root().iam("EnableOutboundWebIdentityFederation", &[]).await.ok();
    server
}

/// What a GET answers.
async fn get(server: &Server, path: &str) -> Option<Value> {
    let answer = server.admin("GET", path, "", &[]).await;
    (answer.status == 200).then(|| serde_json::from_str(&answer.body).unwrap())
}

async fn token(client: &Client, more: &[(&str, &str)]) -> crate::client::Answer {
    let own = [("Audience.member.1", "app"), ("SigningAlgorithm", "ES384")];
    client.sts("GetWebIdentityToken", &[&own, more].concat()).await
}

#[tokio::test]
async fn federation_is_off_until_it_is_enabled() {
    let root = Server::start().await.root();
    let off = "Outbound web identity federation is not enabled for this account.";
    root.iam("GetOutboundWebIdentityFederationInfo", &[]).await.refused(404, "FeatureDisabled", off);
    root.iam("DisableOutboundWebIdentityFederation", &[]).await.refused(404, "FeatureDisabled", off);
    token(&root, &[]).await.refused(403, "OutboundWebIdentityFederationDisabledException", off);
    let made = root.iam("EnableOutboundWebIdentityFederation", &[]).await.ok();
    let issuer = "http://127.0.0.1:4593/web-identity/000000000000";
    assert_eq!(made.text("IssuerIdentifier"), issuer);
    let on = "Outbound web identity federation is already enabled for this account.";
    root.iam("EnableOutboundWebIdentityFederation", &[]).await.refused(409, "FeatureEnabled", on);
    let info = root.iam("GetOutboundWebIdentityFederationInfo", &[]).await.ok();
    assert_eq!((info.text("IssuerIdentifier").as_str(), info.text("JwtVendingEnabled").as_str()), (issuer, "true"));
    root.iam("DisableOutboundWebIdentityFederation", &[]).await.ok();
    token(&root, &[]).await.refused(403, "OutboundWebIdentityFederationDisabledException", off);
}

#[tokio::test]
async fn tokens_are_verified_by_the_published_keys() {
    let server = enabled(Settings::default()).await;
    let issuer = "/web-identity/000000000000/.well-known";
    let discovery = get(&server, &format!("{issuer}/openid-configuration")).await.unwrap();
    assert_eq!(discovery["issuer"], "http://127.0.0.1:4593/web-identity/000000000000");
    assert_eq!(discovery["jwks_uri"], format!("http://127.0.0.1:4593{issuer}/jwks.json"));
    let keys = get(&server, &format!("{issuer}/jwks.json")).await.unwrap();
    assert!(!keys.to_string().contains("\"d\""), "no private halves");
    let set = KeySet::read(keys.to_string().as_bytes()).unwrap();
    for algorithm in ["RS256", "ES384"] {
        let made = server
            .root()
            .sts("GetWebIdentityToken", &[("Audience.member.1", "app"), ("SigningAlgorithm", algorithm)])
            .await
            .ok();
        let text = made.text("WebIdentityToken");
        let token = Token::read(&text).unwrap();
        assert!(token.is_signed_by(&set), "{algorithm}");
        assert_eq!(token.claims["sub"], "arn:aws:iam::000000000000:root");
    }
    assert!(get(&server, "/web-identity/111111111111/.well-known/jwks.json").await.is_none());
    assert!(get(&server, "/web-identity/nobody/.well-known/openid-configuration").await.is_none());
}

#[tokio::test]
async fn a_token_shows_who_the_caller_is() {
    let server = enabled(Settings { token_issuer: Some("https://iam.test/".into()), ..Settings::default() }).await;
    let ann = user(&server, "000000000000", "ann", Some(allow("sts:*", "*"))).await;
    let tag = [("UserName", "ann"), ("Tags.member.1.Key", "Team"), ("Tags.member.1.Value", "a")];
    server.root().iam("TagUser", &tag).await.ok();
    let more = [
        ("Audience.member.2", "other"),
        ("DurationSeconds", "60"),
        ("Tags.member.1.Key", "run"),
        ("Tags.member.1.Value", "7"),
    ];
    let made = token(&ann, &more).await.ok();
    let text = made.text("WebIdentityToken");
    let claims = Token::read(&text).unwrap().claims;
    assert_eq!(claims["iss"], "https://iam.test/web-identity/000000000000");
    assert_eq!(claims["aud"], json!(["app", "other"]));
    assert_eq!(claims["sub"], "arn:aws:iam::000000000000:user/ann");
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 60);
    let about = &claims["https://sts.amazonaws.com/"];
    assert_eq!(about["aws_account"], "000000000000");
    assert_eq!(about["source_region"], "us-east-1");
    assert_eq!((&about["principal_tags"]["Team"], &about["request_tags"]["run"]), (&json!("a"), &json!("7")));
    assert!(about.get("org_id").is_none());
}

#[tokio::test]
async fn permissions_and_limits_hold() {
    let server = enabled(Settings::default()).await;
    let none = user(&server, "000000000000", "none", None).await;
    token(&none, &[]).await.denied();
    let only = user(&server, "000000000000", "only", Some(allow("sts:GetWebIdentityToken", "*"))).await;
    token(&only, &[]).await.ok();
    token(&only, &[("Tags.member.1.Key", "k"), ("Tags.member.1.Value", "v")]).await.denied();
    let root = server.root();
    let wrong = root.sts("GetWebIdentityToken", &[("Audience.member.1", "a"), ("SigningAlgorithm", "HS256")]);
    wrong.await.refused(
        400,
        "ValidationError",
        "1 validation error detected: Value 'HS256' at 'signingAlgorithm' failed to satisfy constraint: Member must \
         satisfy enum value set: [RS256, ES384]",
    );
    let many: Vec<(String, String)> = (0..50)
        .flat_map(|n| {
            [
                (format!("Tags.member.{}.Key", n + 1), format!("key{n}")),
                (format!("Tags.member.{}.Value", n + 1), "v".repeat(200)),
            ]
        })
        .collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    assert_eq!(token(&server.root(), &many).await.text("Code"), "JWTPayloadSizeExceededException");
}
