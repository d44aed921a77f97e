//! A fixture for `cargo test`: one iamd for the whole test binary, an AWS account of its own for every test.
//!
//! Copy this file into your `tests/` and say `mod iamd;`. Your dev-dependencies are `aws-sdk-iam`, `aws-sdk-sts`,
//! `aws-credential-types` (feature `hardcoded-credentials`) and `aws-types`; the server is found on PATH, or where the
//! variable `IAMD` says.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_http_client::Builder;
use aws_types::SdkConfig;
use aws_types::region::Region;

static SERVER: OnceLock<Server> = OnceLock::new();
static NEXT_ACCOUNT: AtomicU64 = AtomicU64::new(300_000_000_001);

struct Server {
    endpoint: String,
    // Hold the shell's input and output open as long as the tests run.
    _process: Child,
    _output: BufReader<ChildStdout>,
}

impl Server {
    /// Starts a server that keeps everything in memory and ends with the tests.
    fn start() -> Self {
        let binary = std::env::var("IAMD").unwrap_or_else(|_| "iamd".to_owned());
        // The shell waits for the end of its input, which comes when the test binary is gone.
        let mut process = Command::new("sh")
            .args(["-c", r#""$0" "$@" & read -r _; kill $!"#, &binary])
            .args(["--listen", "127.0.0.1:0", "--database", "memory", "--log-level", "warn"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("iamd is on PATH, or the variable IAMD names it");
        // The first line says where the server listens, once it does.
        let mut banner = String::new();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        output.read_line(&mut banner).unwrap();
        let endpoint = banner.split_whitespace().last().expect("the server starts").to_owned();
        Self { endpoint, _process: process, _output: output }
    }
}

/// The root user of a fresh account, whose twelve digits come with it.
pub fn account() -> (String, SdkConfig) {
    let account = NEXT_ACCOUNT.fetch_add(1, Ordering::Relaxed).to_string();
    let root = Credentials::from_keys(&account, "test", None);
    (account, config(root))
}

/// The configuration of a client with these credentials.
pub fn config(credentials: Credentials) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(aws_sdk_iam::config::BehaviorVersion::latest())
        .endpoint_url(&SERVER.get_or_init(Server::start).endpoint)
        .region(Region::from_static("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(Builder::new().build_http())
        .build()
}
