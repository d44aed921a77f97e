//! MFA devices: virtual ones and hardware tokens, their codes, and who may use them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use data_encoding::BASE32_NOPAD;
use sha2::{Digest, Sha256};
use totp_rs::{Builder, Totp};

use crate::client::{Answer, Client, Server};

const WRONG: &str = "Authentication code for device is not valid.";

/// An authenticator: it makes codes of a seed at the server's time.
struct Authenticator {
    server: Server,
    totp: Totp,
}

impl Authenticator {
    fn new(server: &Server, seed: &[u8]) -> Self {
        let totp = Builder::new().with_secret(seed.to_vec()).build().unwrap();
        Self { server: server.clone(), totp }
    }

    /// The authenticator of a device that `CreateVirtualMFADevice` answered with.
    fn of(server: &Server, made: &Answer) -> Self {
        let base32 = STANDARD.decode(made.text("Base32StringSeed")).unwrap();
        assert_eq!(base32.len(), 64);
        Self::new(server, &BASE32_NOPAD.decode(&base32).unwrap())
    }

    /// Two codes that the authenticator shows some steps from now.
    fn codes(&self, first: i64, second: i64) -> (String, String) {
        let now = self.server.state.app.environment.clock.now().timestamp();
        let code = |step: i64| self.totp.generate(u64::try_from(now + 30 * step).unwrap()).to_string();
        (code(first), code(second))
    }
}

async fn create(client: &Client, name: &str) -> Answer {
    client.iam("CreateVirtualMFADevice", &[("VirtualMFADeviceName", name)]).await.ok()
}

async fn pair(client: &Client, action: &str, user: &str, serial: &str, (first, second): &(String, String)) -> Answer {
    let parameters =
        [("UserName", user), ("SerialNumber", serial), ("AuthenticationCode1", first), ("AuthenticationCode2", second)];
    client.iam(action, &parameters).await
}

async fn enable(client: &Client, user: &str, serial: &str, device: &Authenticator) -> Answer {
    pair(client, "EnableMFADevice", user, serial, &device.codes(-1, 0)).await
}

#[tokio::test]
async fn a_virtual_device_is_made_enabled_deactivated_and_deleted() {
    let server = Server::start().await;
    let root = server.root();
    root.iam("CreateUser", &[("UserName", "Bob")]).await.ok();
    let made = create(&root, "Phone").await;
    let serial = made.text("SerialNumber");
    assert_eq!(serial, "arn:aws:iam::000000000000:mfa/Phone");
    let device = Authenticator::of(&server, &made);

    enable(&root, "bob", &serial, &device).await.ok();
    let listed = root.iam("ListMFADevices", &[("UserName", "Bob")]).await.ok();
    assert_eq!((listed.text("UserName"), listed.text("SerialNumber")), ("Bob".into(), serial.clone()));
    let read = root.iam("GetMFADevice", &[("SerialNumber", &serial)]).await.ok();
    assert_eq!((read.text("UserName"), read.text("EnableDate")), ("Bob".into(), listed.text("EnableDate")));
    enable(&root, "Bob", &serial, &device).await.refused(409, "EntityAlreadyExists", "MFA Device is already in use.");
    let delete = [("SerialNumber", serial.as_str())];
    root.iam("DeleteVirtualMFADevice", &delete).await.refused(
        409,
        "DeleteConflict",
        "MFA VirtualDevice in use. Must deactivate first",
    );
    root.iam("DeleteUser", &[("UserName", "Bob")]).await.refused(
        409,
        "DeleteConflict",
        "Cannot delete entity, must delete MFA device first.",
    );

    let deactivate = [("UserName", "Bob"), ("SerialNumber", serial.as_str())];
    root.iam("DeactivateMFADevice", &deactivate).await.ok();
    root.iam("DeactivateMFADevice", &deactivate).await.refused(404, "NoSuchEntity", "MFA Device invalid for user.");
    let read = root.iam("GetMFADevice", &[("SerialNumber", &serial)]).await.ok();
    assert!(!read.has("UserName") && !read.has("EnableDate"));
    root.iam("DeleteVirtualMFADevice", &delete).await.ok();
    let unknown = format!("MFA Device with serial number {serial} does not exist.");
    root.iam("DeleteVirtualMFADevice", &delete).await.refused(404, "NoSuchEntity", &unknown);
    root.iam("DeactivateMFADevice", &deactivate).await.refused(404, "NoSuchEntity", &unknown);
    let resync = [&deactivate[..], &[("AuthenticationCode1", "123456"), ("AuthenticationCode2", "123457")]].concat();
    root.iam("ResyncMFADevice", &resync).await.refused(404, "NoSuchEntity", &unknown);
    let missing = format!("VirtualMFADevice with serial number {serial} doesn't exist.");
    enable(&root, "Bob", &serial, &device).await.refused(404, "NoSuchEntity", &missing);
    root.iam("GetMFADevice", &delete).await.refused(404, "NoSuchEntity", &missing);
    root.iam("DeleteUser", &[("UserName", "Bob")]).await.ok();
}

#[tokio::test]
async fn the_qr_code_holds_the_seed() {
    let root = Server::start().await.root();
    root.iam("CreateAccountAlias", &[("AccountAlias", "acme")]).await.ok();
    let made = create(&root, "Phone").await;
    let seed = String::from_utf8(STANDARD.decode(made.text("Base32StringSeed")).unwrap()).unwrap();
    let image = STANDARD.decode(made.text("QRCodePNG")).unwrap();
    let mut decoder = png::Decoder::new(std::io::Cursor::new(image));
    decoder.set_transformations(png::Transformations::EXPAND);
    let mut reader = decoder.read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let frame = reader.next_frame(&mut pixels).unwrap();
    let (width, height) = (frame.width as usize, frame.height as usize);
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| pixels[y * width + x]);
    let (_, text) = image.detect_grids()[0].decode().unwrap();
    assert_eq!(text, format!("otpauth://totp/Phone@acme?secret={seed}"));
}

#[tokio::test]
async fn two_consecutive_codes_are_asked_for_and_each_is_used_once() {
    let server = Server::start().await;
    let root = server.root();
    root.iam("CreateUser", &[("UserName", "Bob")]).await.ok();
    let made = create(&root, "Phone").await;
    let (serial, device) = (made.text("SerialNumber"), Authenticator::of(&server, &made));
    let refused = [(0, 0), (0, -1), (-1, 1), (-9, -8), (8, 9)];
    for (first, second) in refused {
        let answer = pair(&root, "EnableMFADevice", "Bob", &serial, &device.codes(first, second)).await;
        answer.refused(403, "InvalidAuthenticationCode", WRONG);
    }
    let codes = device.codes(0, 1);
    pair(&root, "EnableMFADevice", "Bob", &serial, &codes).await.ok();
    let again = pair(&root, "ResyncMFADevice", "Bob", &serial, &codes).await;
    again.refused(403, "InvalidAuthenticationCode", WRONG);
    root.iam("DeactivateMFADevice", &[("UserName", "Bob"), ("SerialNumber", &serial)]).await.ok();
    let again = pair(&root, "EnableMFADevice", "Bob", &serial, &codes).await;
    again.refused(403, "InvalidAuthenticationCode", WRONG);
    server.advance(90);
    enable(&root, "Bob", &serial, &device).await.ok();
}

#[tokio::test]
async fn a_device_out_of_step_is_brought_back() {
    let server = Server::start().await;
    let root = server.root();
    for user in ["Bob", "Eve"] {
        root.iam("CreateUser", &[("UserName", user)]).await.ok();
    }
    let made = create(&root, "Phone").await;
    let (serial, device) = (made.text("SerialNumber"), Authenticator::of(&server, &made));
    enable(&root, "Bob", &serial, &device).await.ok();
    let codes = device.codes(39, 40);
    pair(&root, "ResyncMFADevice", "Bob", &serial, &codes).await.ok();
    let codes = device.codes(200, 201);
    let far = pair(&root, "ResyncMFADevice", "Bob", &serial, &codes).await;
    far.refused(403, "InvalidAuthenticationCode", WRONG);
    let of_other = pair(&root, "ResyncMFADevice", "Eve", &serial, &codes).await;
    of_other.refused(404, "NoSuchEntity", "MFA Device invalid for user.");
}

#[tokio::test]
async fn hardware_tokens_are_known_by_their_serial_number() {
    let server = Server::start().await;
    let root = server.root();
    root.iam("CreateUser", &[("UserName", "Bob")]).await.ok();
    let serial = "GAHT12345678";
    let device = Authenticator::new(&server, &Sha256::digest(serial));
    enable(&root, "Bob", serial, &device).await.ok();
    assert_eq!(root.iam("ListMFADevices", &[("UserName", "Bob")]).await.ok().texts("SerialNumber"), [serial]);
    assert!(root.iam("ListVirtualMFADevices", &[]).await.ok().texts("SerialNumber").is_empty());
    root.iam("DeactivateMFADevice", &[("UserName", "Bob"), ("SerialNumber", serial)]).await.ok();
    let missing = format!("VirtualMFADevice with serial number {serial} doesn't exist.");
    root.iam("GetMFADevice", &[("SerialNumber", serial)]).await.refused(404, "NoSuchEntity", &missing);
    let missing = "VirtualMFADevice with serial number arn:aws:iam::000000000000:u2f/user/Bob/key-X doesn't exist.";
    let key = enable(&root, "Bob", "arn:aws:iam::000000000000:u2f/user/Bob/key-X", &device).await;
    key.refused(404, "NoSuchEntity", missing);
}

#[tokio::test]
async fn a_user_has_at_most_eight_devices() {
    let server = Server::start().await;
    let root = server.root();
    root.iam("CreateUser", &[("UserName", "Bob")]).await.ok();
    for number in 1..=9 {
        let made = create(&root, &format!("d{number}")).await;
        let device = Authenticator::of(&server, &made);
        let answer = enable(&root, "Bob", &made.text("SerialNumber"), &device).await;
        match number {
            9 => answer.refused(409, "LimitExceeded", "Cannot exceed quota for MFADevicesPerUser: 8"),
            _ => drop(answer.ok()),
        }
    }
    let first = root.iam("ListMFADevices", &[("UserName", "Bob"), ("MaxItems", "5")]).await.ok();
    let rest = [("UserName", "Bob"), ("Marker", &*first.text("Marker"))];
    let rest = root.iam("ListMFADevices", &rest).await.ok();
    assert_eq!((first.texts("SerialNumber").len(), rest.texts("SerialNumber").len()), (5, 3));
}

#[tokio::test]
async fn virtual_devices_are_listed_with_their_users() {
    let server = Server::start().await;
    let root = server.root();
    root.iam("CreateUser", &[("UserName", "Bob"), ("Path", "/a/")]).await.ok();
    for name in ["one", "two", "three"] {
        let made = create(&root, name).await;
        let user = match name {
            "one" => "root",
            "two" => "Bob",
            _ => continue,
        };
        let device = Authenticator::of(&server, &made);
        enable(&root, user, &made.text("SerialNumber"), &device).await.ok();
    }
    let arn = |name: &str| format!("arn:aws:iam::000000000000:mfa/{name}");
    for (status, expected) in [
        ("Any", vec![arn("one"), arn("three"), arn("two")]),
        ("Assigned", vec![arn("one"), arn("two")]),
        ("Unassigned", vec![arn("three")]),
    ] {
        let listed = root.iam("ListVirtualMFADevices", &[("AssignmentStatus", status)]).await.ok();
        assert_eq!(listed.texts("SerialNumber"), expected, "{status}");
        assert!(!listed.has("Base32StringSeed") && !listed.has("QRCodePNG"));
    }
    let listed = root.iam("ListVirtualMFADevices", &[("MaxItems", "1")]).await.ok();
    assert_eq!(listed.texts("Arn"), ["arn:aws:iam::000000000000:root"]);
    let second = [("MaxItems", "2"), ("Marker", &*listed.text("Marker"))];
    let second = root.iam("ListVirtualMFADevices", &second).await.ok();
    assert_eq!(second.texts("Arn"), ["arn:aws:iam::000000000000:user/a/Bob"]);
    // The root user's own, without a name.
    assert_eq!(root.iam("ListMFADevices", &[]).await.ok().texts("SerialNumber"), [arn("one")]);
    root.iam("DeactivateMFADevice", &[("SerialNumber", &arn("one"))]).await.ok();
    assert!(root.iam("ListMFADevices", &[]).await.ok().texts("SerialNumber").is_empty());
    // A renamed user keeps its device.
    root.iam("UpdateUser", &[("UserName", "Bob"), ("NewUserName", "Rob")]).await.ok();
    assert_eq!(root.iam("GetMFADevice", &[("SerialNumber", &arn("two"))]).await.ok().text("UserName"), "Rob");
    root.iam("GetMFADevice", &[("SerialNumber", &arn("three")), ("UserName", "Rob")]).await.refused(
        404,
        "NoSuchEntity",
        &format!("VirtualMFADevice with serial number {} doesn't exist.", arn("three")),
    );
}

#[tokio::test]
async fn path_and_name_are_unique_and_tags_are_kept() {
    let root = Server::start().await.root();
    let tagged =
        [("VirtualMFADeviceName", "Phone"), ("Path", "/a/"), ("Tags.member.1.Key", "k"), ("Tags.member.1.Value", "v")];
    let made = root.iam("CreateVirtualMFADevice", &tagged).await.ok();
    assert_eq!((made.text("Key"), made.text("Value")), ("k".into(), "v".into()));
    create(&root, "phone").await;
    root.iam("CreateVirtualMFADevice", &[("VirtualMFADeviceName", "PHONE")]).await.refused(
        409,
        "EntityAlreadyExists",
        "MFA device already exists.",
    );
    let long = "x".repeat(240);
    let answer = root.iam("CreateVirtualMFADevice", &[("VirtualMFADeviceName", &long)]).await;
    assert_eq!((answer.status, answer.text("Code").as_str()), (400, "InvalidInput"));

    let serial = made.text("SerialNumber");
    let more = [("SerialNumber", &*serial), ("Tags.member.1.Key", "l"), ("Tags.member.1.Value", "w")];
    root.iam("TagMFADevice", &more).await.ok();
    root.iam("UntagMFADevice", &[("SerialNumber", &serial), ("TagKeys.member.1", "k")]).await.ok();
    assert_eq!(root.iam("ListMFADeviceTags", &[("SerialNumber", &serial)]).await.ok().texts("Key"), ["l"]);
    let hardware = [("SerialNumber", "GAHT12345678")];
    let missing = "VirtualMFADevice with serial number GAHT12345678 doesn't exist.";
    root.iam("ListMFADeviceTags", &hardware).await.refused(404, "NoSuchEntity", missing);
}

#[tokio::test]
async fn permissions_are_on_the_device_or_on_the_user() {
    let server = Server::start().await;
    let root = server.root();
    root.iam("CreateUser", &[("UserName", "Bob")]).await.ok();
    let bob = server.user("Bob").await;
    let policy = r#"{"Version":"2012-10-17","Statement":[
        {"Effect":"Allow","Action":"iam:CreateVirtualMFADevice","Resource":"arn:aws:iam::*:mfa/${aws:username}"},
        {"Effect":"Allow","Action":["iam:EnableMFADevice","iam:ListMFADevices","iam:GetMFADevice"],
         "Resource":"arn:aws:iam::*:user/${aws:username}"},
        {"Effect":"Allow","Action":"iam:DeleteVirtualMFADevice","Resource":"*",
         "Condition":{"StringEquals":{"aws:ResourceTag/owner":"Bob"}}}]}"#;
    let grant = [("UserName", "Bob"), ("PolicyName", "own"), ("PolicyDocument", policy)];
    root.iam("PutUserPolicy", &grant).await.ok();
    let made = create(&bob, "Bob").await;
    let serial = made.text("SerialNumber");
    let answer = bob.iam("CreateVirtualMFADevice", &[("VirtualMFADeviceName", "Eve")]).await;
    answer.refused(
        403,
        "AccessDenied",
        "User: arn:aws:iam::000000000000:user/Bob is not authorized to perform: iam:CreateVirtualMFADevice on \
         resource: arn:aws:iam::000000000000:mfa/Eve because no identity-based policy allows the \
         iam:CreateVirtualMFADevice action",
    );
    let device = Authenticator::of(&server, &made);
    enable(&bob, "Bob", &serial, &device).await.ok();
    bob.iam("GetMFADevice", &[("SerialNumber", &serial)]).await.ok();
    bob.iam("ListMFADevices", &[]).await.ok();
    bob.iam("DeactivateMFADevice", &[("SerialNumber", &serial)]).await.denied();
    bob.iam("ListVirtualMFADevices", &[]).await.refused(
        403,
        "AccessDenied",
        "User: arn:aws:iam::000000000000:user/Bob is not authorized to perform: iam:ListVirtualMFADevices on \
         resource: arn:aws:iam::000000000000:mfa/ because no identity-based policy allows the \
         iam:ListVirtualMFADevices action",
    );
    root.iam("DeactivateMFADevice", &[("UserName", "Bob"), ("SerialNumber", &serial)]).await.ok();
    bob.iam("DeleteVirtualMFADevice", &[("SerialNumber", &serial)]).await.denied();
    let owner = [("SerialNumber", &*serial), ("Tags.member.1.Key", "owner"), ("Tags.member.1.Value", "Bob")];
    root.iam("TagMFADevice", &owner).await.ok();
    bob.iam("DeleteVirtualMFADevice", &[("SerialNumber", &serial)]).await.ok();
}

#[tokio::test]
async fn sessions_take_codes_that_are_in_step_and_were_not_used_to_enable() {
    let server = Server::start().await;
    let root = server.root();
    root.iam("CreateUser", &[("UserName", "Bob")]).await.ok();
    let bob = server.user("Bob").await;
    let made = create(&root, "Phone").await;
    let (serial, device) = (made.text("SerialNumber"), Authenticator::of(&server, &made));
    let session =
        async |code: &str| bob.sts("GetSessionToken", &[("SerialNumber", &serial), ("TokenCode", code)]).await;
    let wrong = "MultiFactorAuthentication failed with invalid MFA one time pass code. ";
    let (first, second) = device.codes(-1, 0);
    pair(&root, "EnableMFADevice", "Bob", &serial, &(first.clone(), second.clone())).await.ok();
    let (late, right) = device.codes(9, 1);
    for code in [first, second, late] {
        session(&code).await.refused(403, "AccessDenied", wrong);
    }
    session(&right).await.ok();

    pair(&root, "ResyncMFADevice", "Bob", &serial, &device.codes(39, 40)).await.ok();
    let (in_step, behind) = device.codes(41, 2);
    session(&in_step).await.ok();
    session(&behind).await.refused(403, "AccessDenied", wrong);
}
