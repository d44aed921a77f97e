use std::sync::Arc;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{Connection as _, Executor};

use super::{Accounts, Store, Turn};
use crate::account::{Account, Settings};
use crate::audit::{Usage, Use};
use crate::error::{Code, Result};
use crate::metrics::Metrics;
use crate::shapes::{AccountId, Timestamp};

fn metrics() -> Arc<Metrics> {
    Arc::new(Metrics::new(std::iter::empty(), std::iter::empty()).unwrap())
}

fn id(number: u64) -> AccountId {
    AccountId::from_number(number).unwrap()
}

/// A database file, and another program that has it open.
struct Shared {
    folder: tempfile::TempDir,
    accounts: Accounts,
    other: SqliteConnection,
}

impl Shared {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.db");
        let store = Arc::new(Store::open(&path, None).await.unwrap());
        let (accounts, _) = Accounts::new(store, Arc::default(), metrics());
        let other = SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(&path)).await.unwrap();
        Self { folder, accounts, other }
    }

    async fn run(&mut self, sql: &'static str) {
        self.other.execute(sql).await.unwrap();
    }

    async fn stored_aliases(&mut self) -> Vec<String> {
        sqlx::query_scalar("select alias from settings order by account").fetch_all(&mut self.other).await.unwrap()
    }
}

fn with_alias(turn: &Turn, alias: &str) -> Account {
    let mut account = turn.account();
    account
        .update_settings(|settings: &mut Settings| {
            settings.alias = Some(alias.to_owned());
            Ok(())
        })
        .unwrap();
    account
}

async fn set_alias(accounts: &Accounts, account: AccountId, alias: &str) -> Result<()> {
    let turn = accounts.turn(account).await?;
    let changed = with_alias(&turn, alias);
    turn.commit(changed).await
}

async fn alias(accounts: &Accounts, account: AccountId) -> Option<String> {
    accounts.get(account).await.unwrap().durable().settings().alias
}

#[tokio::test]
async fn what_is_acknowledged_after_errors_is_stored() {
    let mut shared = Shared::new().await;
    set_alias(&shared.accounts, id(1), "one").await.unwrap();
    for attempt in ["two", "three", "four"] {
        shared.run("alter table settings rename to away").await;
        let error = set_alias(&shared.accounts, id(1), attempt).await.unwrap_err();
        assert_eq!(error.code(), Code::ServiceFailure, "{error}");
        shared.run("alter table away rename to settings").await;
        assert_eq!(alias(&shared.accounts, id(1)).await.as_deref(), Some("one"), "after {attempt}");
    }
    set_alias(&shared.accounts, id(2), "five").await.unwrap();
    assert_eq!(shared.stored_aliases().await, ["one", "five"]);
    assert!(shared.folder.path().join("x.db").exists());
}

#[tokio::test]
async fn writes_built_on_one_that_failed_are_refused() {
    let mut shared = Shared::new().await;
    shared.run("alter table users rename to away").await;
    let user = |name: &str| crate::account::User {
        name: name.to_owned(),
        path: crate::shapes::Path::root(),
        id: format!("AIDA{name}"),
        created: Timestamp::default(),
        tags: crate::shapes::TagSet::default(),
        permissions: crate::account::Permissions::default(),
        groups: Vec::new(),
        credentials: crate::account::Credentials::default(),
    };
    let mut results = Vec::new();
    for name in ["ann", "bob"] {
        let turn = shared.accounts.turn(id(1)).await.unwrap();
        let mut account = turn.account();
        account.put(user(name)).unwrap();
        results.push(turn.commit(account));
    }
    for result in results {
        assert_eq!(result.await.unwrap_err().code(), Code::ServiceFailure);
    }
    shared.run("alter table away rename to users").await;
    assert_eq!(shared.accounts.get(id(1)).await.unwrap().durable().users.len(), 0);
    let turn = shared.accounts.turn(id(1)).await.unwrap();
    assert_eq!(turn.account().users.len(), 0, "nothing is built on what failed");
}

#[tokio::test]
async fn an_alias_belongs_to_one_account() {
    let mut shared = Shared::new().await;
    let results = futures(&shared.accounts, [(1, "acme"), (2, "acme"), (3, "other")]).await;
    let codes: Vec<_> = results.iter().map(|result| result.as_ref().err().map(|error| error.code())).collect();
    assert_eq!(codes, [None, Some(Code::EntityAlreadyExists), None], "one is refused, the others do not suffer");
    assert_eq!(alias(&shared.accounts, id(2)).await, None);
    set_alias(&shared.accounts, id(1), "free").await.unwrap();
    set_alias(&shared.accounts, id(2), "acme").await.unwrap();
    assert_eq!(shared.stored_aliases().await, ["free", "acme", "other"]);
    shared.accounts.reset(Some(id(2))).await.unwrap();
    set_alias(&shared.accounts, id(3), "acme").await.unwrap();
}

/// Writes that wait together, and so share a transaction.
async fn futures<const N: usize>(accounts: &Accounts, wanted: [(u64, &str); N]) -> Vec<Result<()>> {
    let mut commits = Vec::new();
    for (account, alias) in wanted {
        let turn = accounts.turn(id(account)).await.unwrap();
        let changed = with_alias(&turn, alias);
        commits.push(turn.commit(changed));
    }
    let mut results = Vec::new();
    for commit in commits {
        results.push(commit.await);
    }
    results
}

#[tokio::test]
async fn last_uses_of_other_accounts_outlive_a_reset() {
    let store = Arc::new(Store::in_memory().await.unwrap());
    let usage = Arc::new(Usage::default());
    let (accounts, committer) = Accounts::new(store.clone(), usage.clone(), metrics());
    for (account, key) in [(1, "AKIA1"), (2, "AKIA2")] {
        let used = Timestamp::from_seconds(7);
        usage.note(key, Use { account: id(account), used, service: "iam", region: "us-east-1" });
    }
    accounts.reset(Some(id(2))).await.unwrap();
    drop(accounts);
    committer.await.unwrap();
    let kept: Vec<_> = store.load_usage().await.unwrap().into_iter().map(|last| last.subject).collect();
    assert_eq!(kept, ["AKIA1"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_survives_a_reset_by_loading() {
    const ACCOUNTS: u64 = 64;
    let store = Arc::new(Store::in_memory().await.unwrap());
    let (writing, _) = Accounts::new(store.clone(), Arc::default(), metrics());
    for number in 1..=ACCOUNTS {
        set_alias(&writing, id(number), &format!("alias-{number}")).await.unwrap();
    }
    let (accounts, _) = Accounts::new(store, Arc::default(), metrics());
    let accounts = Arc::new(accounts);
    let readers: Vec<_> = (0..8)
        .map(|reader| {
            let accounts = accounts.clone();
            tokio::spawn(async move {
                for number in 0..ACCOUNTS {
                    alias(&accounts, id(1 + (number + reader * 8) % ACCOUNTS)).await;
                }
            })
        })
        .collect();
    tokio::task::yield_now().await;
    accounts.reset(None).await.unwrap();
    for number in 1..=ACCOUNTS {
        assert_eq!(alias(&accounts, id(number)).await, None, "account {number}");
    }
    for reader in readers {
        reader.await.unwrap();
    }
    for number in 1..=ACCOUNTS {
        assert_eq!(alias(&accounts, id(number)).await, None, "account {number}");
    }
}

#[tokio::test]
async fn databases_of_others_are_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("foreign.db");
    let options = SqliteConnectOptions::new().filename(&path).create_if_missing(true);
    let mut foreign = SqliteConnection::connect_with(&options).await.unwrap();
    foreign.execute("create table t (x)").await.unwrap();
    foreign.close().await.unwrap();
    let before = std::fs::read(&path).unwrap();
    let error = Store::open(&path, None).await.err().unwrap().to_string();
    assert!(error.contains("foreign.db is a database of another program, not of iamd"), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), before);

    let path = folder.path().join("migrated.db");
    let mut foreign = SqliteConnection::connect_with(&options.filename(&path)).await.unwrap();
    let sql = "create table _sqlx_migrations (version bigint primary key, description text, checksum blob); \
               insert into _sqlx_migrations values (1, 'accounts', x'00')";
    foreign.execute(sql).await.unwrap();
    foreign.close().await.unwrap();
    let error = Store::open(&path, None).await.err().unwrap().to_string();
    assert!(error.contains("another program"), "another user of SQLx: {error}");
}

#[tokio::test]
async fn a_database_from_before_the_mark_is_opened_and_marked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("old.db");
    let marked = async || {
        let store = Store::open(&path, None).await.unwrap();
        store.close().await;
        drop(store);
        let mut other = SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(&path)).await.unwrap();
        let id: i64 = sqlx::query_scalar("pragma application_id").fetch_one(&mut other).await.unwrap();
        other.execute("pragma application_id = 0").await.unwrap();
        other.close().await.unwrap();
        id
    };
    assert_eq!(marked().await, 0x6961_6d64);
    assert_eq!(marked().await, 0x6961_6d64);
}
