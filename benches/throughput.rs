//! The whole server under a bounded load over loopback: requests a second, and the processor time that each takes in
//! the server. It stops by itself after about two minutes.
//!
//!     cargo bench --bench throughput
//!     cargo bench --bench throughput -- --against PATH
//!
//! The second form measures another build of iamd beside this one, row by row in turn, and prints both.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "a benchmark may stop at the first thing that goes wrong"
)]

mod support;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use aws_credential_types::Credentials;
use iamd::wire::Service;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use support::{ACCOUNT, access_key, request, role_arn, root, steps};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::LocalSet;

/// How often each row is measured on each server; the median counts.
const ROUNDS: usize = 3;

/// A server in a process of its own, on a database of its own.
struct Server {
    process: Child,
    address: SocketAddr,
}

impl Server {
    /// Starts it and waits for the first answer, and says how long that took.
    async fn start(binary: &Path, database: &Path) -> (Self, Duration) {
        let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let start = Instant::now();
        let process = Command::new(binary)
            .args(["--listen", &address.to_string(), "--log-level", "warn", "--quota", "UsersPerAccount=200000"])
            .args(["--database", &format!("sqlite:{}", database.display())])
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let server = Self { process, address };
        let health = format!("GET /_iamd/health HTTP/1.1\r\nHost: {address}\r\n\r\n");
        loop {
            if let Ok(mut connection) = TcpStream::connect(address).await {
                assert!(answer(&mut connection, health.as_bytes()).await.contains("\"ok\""));
                return (server, start.elapsed());
            }
            assert!(start.elapsed() < Duration::from_secs(10), "the server does not start");
            tokio::time::sleep(Duration::from_micros(200)).await;
        }
    }

    /// The processor time that the server has taken.
    fn processor_time(&self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id())).unwrap();
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        // User and system time, in the hundredths of a second that Linux counts in.
        let ticks: u64 = fields[11..13].iter().map(|ticks| ticks.parse::<u64>().unwrap()).sum();
        Duration::from_millis(ticks * 10)
    }

    /// The memory that the process holds, in MiB.
    fn resident(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1024.0
    }

    async fn call(&self, request: &http::Request<String>) -> String {
        answer(&mut TcpStream::connect(self.address).await.unwrap(), &bytes(request)).await
    }

    /// Sends `count` requests, each of `requests` in turn, over so many connections, and says how long that took.
    async fn load(&self, requests: Vec<Vec<u8>>, connections: usize, count: usize) -> Duration {
        let (requests, next) = (Rc::new(requests), Rc::new(AtomicUsize::new(0)));
        let start = Instant::now();
        let tasks = LocalSet::new();
        for _ in 0..connections {
            let (requests, next, address) = (requests.clone(), next.clone(), self.address);
            tasks.spawn_local(async move {
                let mut connection = TcpStream::connect(address).await.unwrap();
                connection.set_nodelay(true).unwrap();
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        return;
                    }
                    answer(&mut connection, &requests[number % requests.len()]).await;
                }
            });
        }
        tasks.await;
        start.elapsed()
    }

    /// Requests a second, and microseconds of processor time for each.
    async fn measure(&self, requests: Vec<Vec<u8>>, connections: usize, count: usize) -> Figures {
        let before = self.processor_time();
        let elapsed = self.load(requests, connections, count).await;
        let each = (self.processor_time() - before).as_secs_f64() * 1e6 / count as f64;
        Figures { rate: count as f64 / elapsed.as_secs_f64(), each }
    }
}

/// What a row says of one server.
#[derive(Clone, Copy)]
struct Figures {
    rate: f64,
    each: f64,
}

/// The servers that are compared: this build's, and another's if one was given.
struct Servers(Vec<Server>);

impl Servers {
    /// Measures a row on each server in turn, and prints the medians. `requests` makes a server's requests for a round.
    async fn row(&self, name: &str, connections: usize, count: usize, requests: impl Fn(usize, usize) -> Vec<Vec<u8>>) {
        let mut figures: Vec<Vec<Figures>> = vec![Vec::new(); self.0.len()];
        for round in 0..ROUNDS {
            for (index, server) in self.0.iter().enumerate() {
                figures[index].push(server.measure(requests(index, round), connections, count).await);
            }
        }
        let medians: Vec<Figures> = figures.into_iter().map(median).collect();
        let shown = medians.iter().map(|Figures { rate, each }| format!("{rate:>9.0} /s {each:>8.1} µs"));
        print!("{name:<42}{}", shown.collect::<Vec<_>>().join("   "));
        match medians[..] {
            [this, other] => println!("   {:.2}", this.each / other.each),
            _ => println!(),
        }
    }
}

fn median(mut figures: Vec<Figures>) -> Figures {
    figures.sort_by(|a, b| a.each.total_cmp(&b.each));
    figures[figures.len() / 2]
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn bytes(request: &http::Request<String>) -> Vec<u8> {
    let mut bytes = b"POST / HTTP/1.1\r\n".to_vec();
    for (name, value) in request.headers() {
        bytes.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
    }
    bytes.extend(format!("content-length: {}\r\n\r\n{}", request.body().len(), request.body()).as_bytes());
    bytes
}

/// Sends a request and reads the answer, which must be a success.
async fn answer(connection: &mut TcpStream, request: &[u8]) -> String {
    connection.write_all(request).await.unwrap();
    let mut read = Vec::with_capacity(4096);
    loop {
        assert!(connection.read_buf(&mut read).await.unwrap() > 0, "the server closed the connection");
        let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let head = std::str::from_utf8(&read[..end]).unwrap();
        let length = head.split("content-length: ").nth(1).unwrap().lines().next().unwrap().parse::<usize>().unwrap();
        if read.len() >= end + 4 + length {
            assert!(head.starts_with("HTTP/1.1 200"), "{}", String::from_utf8_lossy(&read));
            return String::from_utf8(read.split_off(end + 4)).unwrap();
        }
    }
}

/// Rows a second that SQLite alone commits durably, so many in a transaction.
async fn raw_commits(path: &Path, each: usize) -> f64 {
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
    let options = options.journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Full);
    let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await.unwrap();
    let table = "create table users (account text, key text, body text, primary key (account, key)) without rowid";
    sqlx::query(table).execute(&pool).await.unwrap();
    let body = r#"{"name":"user-00000","path":"/","id":"AIDAAAAAAAAAAAAAAAAAA","created":1790000000}"#;
    let start = Instant::now();
    let mut rows = 0;
    while start.elapsed() < Duration::from_secs(2) {
        let mut transaction = pool.begin().await.unwrap();
        for _ in 0..each {
            let insert = sqlx::query("insert into users values ('123456789012', ?, ?)");
            insert.bind(format!("user-{rows}")).bind(body).execute(&mut *transaction).await.unwrap();
            rows += 1;
        }
        transaction.commit().await.unwrap();
    }
    f64::from(rows) / start.elapsed().as_secs_f64()
}

fn create_users(account: &str, from: usize, count: usize) -> Vec<Vec<u8>> {
    let create = |number| {
        let name = format!("user-{number:06}");
        bytes(&request(&root(account), Service::IAM, "CreateUser", &[("UserName", &name)]))
    };
    (from..from + count).map(create).collect()
}

/// Time from exec to the first answer, and memory, of each build.
async fn start_and_idle(binaries: &[PathBuf], folder: &Path) {
    let (mut started, mut resident) = (Vec::new(), Vec::new());
    for (build, binary) in binaries.iter().enumerate() {
        let mut starts = Vec::new();
        for number in 0..20 {
            let (server, elapsed) = Server::start(binary, &folder.join(format!("start-{build}-{number}.db"))).await;
            starts.push(elapsed);
            if number == 19 {
                tokio::time::sleep(Duration::from_secs(1)).await;
                resident.push(format!("{:>9.1} MiB", server.resident()));
            }
        }
        starts.sort();
        started.push(format!("{:>9.1} ms ", starts[10].as_secs_f64() * 1e3));
    }
    println!("{:<42}{}", "resident when idle", resident.join("   "));
    println!("{:<42}{}", "from exec to the first answer (median)", started.join("   "));
}

/// A call as a user with this many attached policies, directly and through groups, of which one allows it.
async fn user_with_policies(server: &Server, count: usize) -> Credentials {
    let call = async |action: &str, parameters: &[(&str, &str)]| {
        server.call(&request(&root(ACCOUNT), Service::IAM, action, parameters)).await
    };
    let user = format!("user-with-{count}");
    call("CreateUser", &[("UserName", &user)]).await;
    let mut group = String::new();
    for number in 0..count {
        let (name, action) = (format!("policy-{count}-{number}"), if number == 0 { "iam:Get*" } else { "sqs:*" });
        let document = format!(
            r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":"{action}","Resource":"*"}}}}"#
        );
        call("CreatePolicy", &[("PolicyName", &name), ("PolicyDocument", &document)]).await;
        let arn = format!("arn:aws:iam::{ACCOUNT}:policy/{name}");
        if number == 0 {
            call("AttachUserPolicy", &[("UserName", &user), ("PolicyArn", &arn)]).await;
            continue;
        }
        if number % 10 == 1 {
            group = format!("group-{count}-{number}");
            call("CreateGroup", &[("GroupName", &group)]).await;
            call("AddUserToGroup", &[("GroupName", &group), ("UserName", &user)]).await;
        }
        call("AttachGroupPolicy", &[("GroupName", &group), ("PolicyArn", &arn)]).await;
    }
    access_key(&call("CreateAccessKey", &[("UserName", &user)]).await)
}

async fn reads(servers: &Servers) {
    let mut keys = Vec::new();
    for server in &servers.0 {
        let mut last = String::new();
        for (action, parameters) in steps() {
            let parameters: Vec<_> = parameters.iter().map(|(name, value)| (*name, value.as_str())).collect();
            last = server.call(&request(&root(ACCOUNT), Service::IAM, action, &parameters)).await;
        }
        let mut of_server = vec![access_key(&last)];
        for count in [1, 21, 91] {
            of_server.push(user_with_policies(server, count).await);
        }
        keys.push(of_server);
    }
    let one = |index: usize, user: usize, service, action: &str, parameters: &[(&str, &str)]| {
        vec![bytes(&request(&keys[index][user], service, action, parameters))]
    };
    let arn = role_arn();
    let session = [("RoleArn", arn.as_str()), ("RoleSessionName", "bench")];
    let identity = |index, _| one(index, 0, Service::STS, "GetCallerIdentity", &[]);
    servers.row("GetCallerIdentity", 16, 100_000, identity).await;
    let user = |index, _| one(index, 0, Service::IAM, "GetUser", &[]);
    servers.row("GetUser, five policies in three groups", 16, 100_000, user).await;
    for (user, count) in [(1, 1), (2, 21), (3, 91)] {
        let name = format!("GetUser, {count} attached policies");
        servers.row(&name, 16, 50_000, |index, _| one(index, user, Service::IAM, "GetUser", &[])).await;
    }
    let assume = |index, _| one(index, 0, Service::STS, "AssumeRole", &session);
    servers.row("AssumeRole", 16, 50_000, assume).await;
    let policy = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:Get*","Resource":"*"}}"#;
    let simulated = [("PolicyInputList.member.1", policy), ("ActionNames.member.1", "s3:GetObject")];
    let simulate = bytes(&request(&root(ACCOUNT), Service::IAM, "SimulateCustomPolicy", &simulated));
    servers.row("SimulateCustomPolicy, one action", 16, 30_000, |_, _| vec![simulate.clone()]).await;
}

async fn listings(servers: &Servers) {
    for (account, count) in [("100000000100", 100), ("100000050000", 50_000)] {
        for server in &servers.0 {
            server.load(create_users(account, 0, count), 64, count).await;
        }
        let page = bytes(&request(&root(account), Service::IAM, "ListUsers", &[("MaxItems", "100")]));
        let name = format!("ListUsers, a page of 100 of {count}");
        servers.row(&name, 16, 20_000, |_, _| vec![page.clone()]).await;
    }
}

async fn writes(servers: &Servers, folder: &Path) {
    servers
        .row("CreateUser, one client", 1, 3_000, |_, round| create_users("100000000001", round * 3_000, 3_000))
        .await;
    servers
        .row("CreateUser, 64 clients", 64, 20_000, |_, round| create_users("100000000064", round * 20_000, 20_000))
        .await;
    for rows in [1, 64] {
        let rate = raw_commits(&folder.join(format!("raw-{rows}.db")), rows).await;
        println!("{:<42}{rate:>9.0} /s", format!("SQLite alone, rows a commit: {rows}"));
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let other =
        arguments.iter().position(|argument| argument == "--against").map(|at| PathBuf::from(&arguments[at + 1]));
    let binaries: Vec<PathBuf> = std::iter::once(PathBuf::from(env!("CARGO_BIN_EXE_iamd"))).chain(other).collect();
    let folder = std::env::temp_dir().join(format!("iamd-throughput-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let heads = ["this build: throughput, CPU", "the other: throughput, CPU   ratio of CPU"];
    println!("{:<42}{}", "", heads[..binaries.len()].join("   "));
    start_and_idle(&binaries, &folder).await;
    let mut servers = Servers(Vec::new());
    for (build, binary) in binaries.iter().enumerate() {
        servers.0.push(Server::start(binary, &folder.join(format!("iamd-{build}.db"))).await.0);
    }
    reads(&servers).await;
    listings(&servers).await;
    writes(&servers, &folder).await;
    drop(servers);
    std::fs::remove_dir_all(&folder).unwrap();
}
