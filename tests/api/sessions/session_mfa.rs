//! MFA where sessions are issued: true exactly when a code of the caller's own device was given.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use data_encoding::BASE32_NOPAD;
use iamd::config::Settings;
use iamd::store::Store;
use serde_json::{Value, json};
use totp_rs::{Builder, Totp};

use crate::client::{Client, Server};
use crate::principals::{ACCOUNT, allow, assume, not_authorized, role, trust, user};
use crate::sessions::condition_keys;

const BOB: &str = "arn:aws:iam::000000000000:user/Bob";
const UNKNOWN: &str = "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial \
                       number is valid and associated with this user.";

/// A virtual device that a user has enabled.
struct Device {
    server: Server,
    serial_number: String,
    totp: Totp,
}

impl Device {
    /// A new device of a user of the account whose root user calls. Some time passes, so that the codes that enabled it
    /// are old.
    async fn of(server: &Server, root: &Client, user: &str) -> Self {
        let made = root.iam("CreateVirtualMFADevice", &[("VirtualMFADeviceName", user)]).await.ok();
        let seed = BASE32_NOPAD.decode(&STANDARD.decode(made.text("Base32StringSeed")).unwrap()).unwrap();
        let totp = Builder::new().with_secret(seed).build().unwrap();
        let device = Self { server: server.clone(), serial_number: made.text("SerialNumber"), totp };
        let first = device.code();
        server.advance(30);
        let second = device.code();
        let parameters = [
            ("UserName", user),
            ("SerialNumber", &device.serial_number),
            ("AuthenticationCode1", &first),
            ("AuthenticationCode2", &second),
        ];
        root.iam("EnableMFADevice", &parameters).await.ok();
        server.advance(30);
        device
    }

    /// What the device shows now.
    fn code(&self) -> String {
        let now = self.server.state.app.environment.clock.now().timestamp();
        self.totp.generate(u64::try_from(now).unwrap()).to_string()
    }

    /// Whether the device shows a code within some minutes of now.
    fn shows_around_now(&self, code: &str) -> bool {
        let now = self.server.state.app.environment.clock.now().timestamp();
        let mut moments = (-10..=10).map(|step| u64::try_from(now + 30 * step).unwrap());
        moments.any(|moment| self.totp.generate(moment).to_string() == code)
    }

    fn given<'a>(&'a self, code: &'a str) -> [(&'a str, &'a str); 2] {
        [("SerialNumber", &self.serial_number), ("TokenCode", code)]
    }
}

/// A trust policy for Bob with MFA that is not older than an hour.
fn guarded() -> Value {
    let condition = json!({
        "Bool": {"aws:MultiFactorAuthPresent": "true"},
        "NumericLessThan": {"aws:MultiFactorAuthAge": "3600"},
    });
    trust(BOB, &["sts:AssumeRole"], condition)
}

#[tokio::test]
async fn a_session_with_mfa_opens_iam_and_shows_its_age() {
    let server = Server::start().await;
    let bob = user(&server, ACCOUNT, "Bob", Some(allow("iam:ListUsers", "*"))).await;
    let device = Device::of(&server, &server.root(), "Bob").await;
    let answer = bob.sts("GetSessionToken", &device.given(&device.code())).await.ok();
    server.session(&answer).iam("ListUsers", &[]).await.ok();
    server.advance(100);
    let keys = condition_keys(&server, &answer).await;
    assert_eq!(keys.get("aws:MultiFactorAuthPresent").map(String::as_str), Some("true"));
    let age: u32 = keys.get("aws:MultiFactorAuthAge").unwrap().parse().unwrap();
    assert!((100..160).contains(&age), "{age}");
    let without = bob.sts("GetSessionToken", &[]).await.ok();
    let keys = condition_keys(&server, &without).await;
    assert_eq!(keys.get("aws:MultiFactorAuthPresent").map(String::as_str), Some("false"));
    assert_eq!(keys.get("aws:MultiFactorAuthAge"), None);
}

#[tokio::test]
async fn a_code_is_good_for_one_session() {
    let server = Server::start().await;
    let bob = user(&server, ACCOUNT, "Bob", None).await;
    let guarded = role(&server, ACCOUNT, "Guarded", guarded(), None).await;
    let device = Device::of(&server, &server.root(), "Bob").await;
    let code = device.code();
    assume(&bob, &guarded, &device.given(&code)).await.ok();
    let used = "MultiFactorAuthentication failed with invalid MFA one time pass code. ";
    assume(&bob, &guarded, &device.given(&code)).await.refused(403, "AccessDenied", used);
    bob.sts("GetSessionToken", &device.given(&code)).await.refused(403, "AccessDenied", used);
    server.advance(30);
    bob.sts("GetSessionToken", &device.given(&device.code())).await.ok();
}

#[tokio::test]
async fn only_the_callers_own_device_counts() {
    let server = Server::start().await;
    let bob = user(&server, ACCOUNT, "Bob", None).await;
    let eve = user(&server, ACCOUNT, "Eve", None).await;
    let open = role(&server, ACCOUNT, "Open", trust("*", &["sts:AssumeRole"], json!({})), None).await;
    let device = Device::of(&server, &server.root(), "Bob").await;
    for caller in [&eve, &server.root()] {
        let answer = caller.sts("GetSessionToken", &device.given(&device.code())).await;
        answer.refused(403, "AccessDenied", UNKNOWN);
    }
    let session = server.session(&assume(&bob, &open, &[]).await.ok());
    let chained = assume(&session, &open, &device.given(&device.code())).await;
    chained.refused(403, "AccessDenied", UNKNOWN);
    // The code was not used up.
    bob.sts("GetSessionToken", &device.given(&device.code())).await.ok();
}

#[tokio::test]
async fn trust_policies_see_mfa_of_the_call_and_of_the_callers_session() {
    let server = Server::start().await;
    let bob = user(&server, ACCOUNT, "Bob", None).await;
    let guarded = role(&server, ACCOUNT, "Guarded", guarded(), None).await;
    let device = Device::of(&server, &server.root(), "Bob").await;
    let message = not_authorized(BOB, "sts:AssumeRole", &guarded);
    assume(&bob, &guarded, &[]).await.refused(403, "AccessDenied", &message);
    let plain = server.session(&bob.sts("GetSessionToken", &[]).await.ok());
    assume(&plain, &guarded, &[]).await.refused(403, "AccessDenied", &message);
    let answer = bob.sts("GetSessionToken", &device.given(&device.code())).await.ok();
    let session = server.session(&answer);
    assume(&session, &guarded, &[]).await.ok();
    server.advance(3600);
    assume(&session, &guarded, &[]).await.refused(403, "AccessDenied", &message);
    let assumed = assume(&session, &guarded, &device.given(&device.code())).await.ok();
    let keys = condition_keys(&server, &assumed).await;
    assert_eq!(keys.get("aws:MultiFactorAuthPresent").map(String::as_str), Some("true"));
}

#[tokio::test]
async fn a_device_of_the_callers_account_counts_in_another() {
    let server = Server::start().await;
    let stranger = "111122223333";
    let ann = user(&server, stranger, "Ann", Some(allow("sts:AssumeRole", "*"))).await;
    let condition = json!({"Bool": {"aws:MultiFactorAuthPresent": "true"}});
    let trust = trust("arn:aws:iam::111122223333:root", &["sts:AssumeRole"], condition);
    let guarded = role(&server, ACCOUNT, "Guarded", trust, None).await;
    let device = Device::of(&server, &server.root_of(stranger), "Ann").await;
    let code = device.code();
    assume(&ann, &guarded, &[]).await.denied();
    assume(&ann, &guarded, &device.given(&code)).await.ok();
    assume(&ann, &guarded, &device.given(&code)).await.denied();
}

#[tokio::test]
async fn after_ten_wrong_codes_the_right_one_waits_for_the_next_step() {
    let server = Server::start().await;
    let bob = user(&server, ACCOUNT, "Bob", None).await;
    let device = Device::of(&server, &server.root(), "Bob").await;
    let invalid = "MultiFactorAuthentication failed with invalid MFA one time pass code. ";
    // The clock is at the beginning of a step.
    let now = server.state.app.environment.clock.now().timestamp();
    server.advance(30 - now % 30);
    let right = device.code();
    let wrong = (0..).map(|code| format!("{code:06}")).find(|code| !device.shows_around_now(code)).unwrap();
    for _ in 0..10 {
        bob.sts("GetSessionToken", &device.given(&wrong)).await.refused(403, "AccessDenied", invalid);
    }
    bob.sts("GetSessionToken", &device.given(&right)).await.refused(403, "AccessDenied", invalid);
    server.advance(30);
    bob.sts("GetSessionToken", &device.given(&right)).await.ok();
}

#[tokio::test]
async fn a_used_code_stays_used_when_the_server_is_started_again() {
    let store = Arc::new(Store::in_memory().await.unwrap());
    let before = Server::on(store.clone(), Settings::default()).await;
    let bob = user(&before, ACCOUNT, "Bob", None).await;
    let device = Device::of(&before, &before.root(), "Bob").await;
    let code = device.code();
    bob.sts("GetSessionToken", &device.given(&code)).await.ok();
    let after = Server::on(store, Settings::default()).await;
    // The clock was moved by a minute while the device was enabled.
    after.advance(60);
    let bob = bob.on(&after);
    let invalid = "MultiFactorAuthentication failed with invalid MFA one time pass code. ";
    bob.sts("GetSessionToken", &device.given(&code)).await.refused(403, "AccessDenied", invalid);
    after.advance(30);
    before.advance(30);
    bob.sts("GetSessionToken", &device.given(&device.code())).await.ok();
}

#[tokio::test]
async fn a_device_that_is_made_again_takes_its_first_codes() {
    let server = Server::start().await;
    let root = server.root();
    let bob = user(&server, ACCOUNT, "Bob", None).await;
    for _ in 0..2 {
        let device = Device::of(&server, &root, "Bob").await;
        bob.sts("GetSessionToken", &device.given(&device.code())).await.ok();
        let serial_number = [("SerialNumber", &*device.serial_number)];
        root.iam("DeactivateMFADevice", &[("UserName", "Bob"), serial_number[0]]).await.ok();
        root.iam("DeleteVirtualMFADevice", &serial_number).await.ok();
        server.advance(-60);
    }
}
