//! The whole server under a bounded load over loopback: requests a second, and the processor time that each takes in
//! the server. It stops by itself after about a minute.
//!
//!     cargo bench --bench throughput

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
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use iamd::wire::Service;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use support::{ACCOUNT, access_key, request, role_arn, root, steps};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::LocalSet;

/// A server in a process of its own, on a database of its own.
struct Server {
    process: Child,
    address: SocketAddr,
}

impl Server {
    /// Starts it and waits for the first answer; tells how long that took.
    async fn start(database: &Path) -> (Self, Duration) {
        let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let start = Instant::now();
        let process = Command::new(env!("CARGO_BIN_EXE_iamd"))
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

    /// Sends `count` requests, each of `requests` in turn, over so many connections. Tells how long it took.
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

    /// Measures a load and prints a line about it.
    async fn measure(&self, name: &str, requests: Vec<Vec<u8>>, connections: usize, count: usize) {
        let before = self.processor_time();
        let elapsed = self.load(requests, connections, count).await;
        let each = (self.processor_time() - before).as_secs_f64() * 1e6 / count as f64;
        println!("{name:<42} {:>8.0} /s {each:>8.1} µs", count as f64 / elapsed.as_secs_f64());
    }
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

/// Rows a second that SQLite alone commits durably, 64 in a transaction.
async fn raw_commits(path: &Path) -> f64 {
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
        for _ in 0..64 {
            let insert = sqlx::query("insert into users values ('123456789012', ?, ?)");
            insert.bind(format!("user-{rows}")).bind(body).execute(&mut *transaction).await.unwrap();
            rows += 1;
        }
        transaction.commit().await.unwrap();
    }
    f64::from(rows) / start.elapsed().as_secs_f64()
}

fn users(account: &str, count: usize) -> Vec<Vec<u8>> {
    let create = |number| {
        let name = format!("user-{number:06}");
        bytes(&request(&root(account), Service::IAM, "CreateUser", &[("UserName", &name)]))
    };
    (0..count).map(create).collect()
}

async fn start_and_idle(folder: &Path) {
    let mut starts = Vec::new();
    for number in 0..20 {
        let (server, elapsed) = Server::start(&folder.join(format!("start-{number}.db"))).await;
        starts.push(elapsed);
        if number == 19 {
            tokio::time::sleep(Duration::from_secs(1)).await;
            println!("{:<42} {:>8.1} MiB", "resident when idle", server.resident());
        }
    }
    starts.sort();
    println!("{:<42} {:>8.1} ms", "from exec to the first answer (median)", starts[10].as_secs_f64() * 1e3);
}

async fn reads(server: &Server) {
    let mut last = String::new();
    for (action, parameters) in steps() {
        let parameters: Vec<_> = parameters.iter().map(|(name, value)| (*name, value.as_str())).collect();
        last = server.call(&request(&root(ACCOUNT), Service::IAM, action, &parameters)).await;
    }
    let bob = access_key(&last);
    let one = |service, action, parameters: &[(&str, &str)]| vec![bytes(&request(&bob, service, action, parameters))];
    let arn = role_arn();
    let session = [("RoleArn", arn.as_str()), ("RoleSessionName", "bench")];
    server.measure("GetCallerIdentity", one(Service::STS, "GetCallerIdentity", &[]), 16, 100_000).await;
    server.measure("GetUser, five policies in three groups", one(Service::IAM, "GetUser", &[]), 16, 100_000).await;
    server.measure("AssumeRole", one(Service::STS, "AssumeRole", &session), 16, 50_000).await;
}

async fn listings(server: &Server) {
    for (account, count) in [("100000000100", 100), ("100000050000", 50_000)] {
        server.load(users(account, count), 64, count).await;
        let page = bytes(&request(&root(account), Service::IAM, "ListUsers", &[("MaxItems", "100")]));
        server.measure(&format!("ListUsers, a page of 100 of {count}"), vec![page], 16, 20_000).await;
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let folder = std::env::temp_dir().join(format!("iamd-throughput-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    println!("{:<42} {:>11} {:>11}", "", "throughput", "server CPU");
    start_and_idle(&folder).await;
    let (server, _) = Server::start(&folder.join("iamd.db")).await;
    reads(&server).await;
    listings(&server).await;
    let creates = users("100000000064", 50_000);
    server.measure("CreateUser, durable, 64 at a time", creates, 64, 50_000).await;
    println!("{:<42} {:>8.0} /s", "SQLite alone, 64 rows a commit", raw_commits(&folder.join("raw.db")).await);
    drop(server);
    std::fs::remove_dir_all(&folder).unwrap();
}
