-- One table per kind of entity: account, key, body. `body ->> 'name'` shows members to people with `psql`.
create table server (
    key text collate "C" primary key,
    value bytea not null
);

-- An account that was reset stays as a line without a time of creation, so that its revisions never come again.
-- `previous` is the revision before the last commit.
create table accounts (
    id text collate "C" primary key,
    created bigint,
    revision bigint not null,
    previous bigint not null
);

create table users (
    account text collate "C" not null,
    key text collate "C" not null,
    body json not null,
    primary key (account, key)
);

create table groups (
    account text collate "C" not null,
    key text collate "C" not null,
    body json not null,
    primary key (account, key)
);

create table roles (
    account text collate "C" not null,
    key text collate "C" not null,
    body json not null,
    primary key (account, key)
);

create table policies (
    account text collate "C" not null,
    key text collate "C" not null,
    body json not null,
    primary key (account, key)
);

create table instance_profiles (
    account text collate "C" not null,
    key text collate "C" not null,
    body json not null,
    primary key (account, key)
);

create table root_users (
    account text collate "C" not null,
    key text collate "C" not null,
    body json not null,
    primary key (account, key)
);

create table settings (
    account text collate "C" not null,
    key text collate "C" not null,
    body json not null,
    primary key (account, key)
);

-- When and where access keys, users and roles were last used; for users and roles also each action. `written` is when a
-- server wrote the line, by which others find it.
create table usage (
    account text collate "C" not null,
    subject text collate "C" not null,
    action text collate "C" not null,
    used bigint not null,
    service text not null,
    region text not null,
    written timestamptz not null default now(),
    primary key (account, subject, action)
);

create index usage_written on usage (written);
