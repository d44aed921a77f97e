-- One table per kind of entity: account, key, body (JSON), and readable generated columns for people with `sqlite3`.
create table server (
    key text primary key,
    value blob not null
) without rowid;

create table accounts (
    id text primary key,
    created integer not null,
    revision integer not null
) without rowid;

create table users (
    account text not null,
    key text not null,
    body text not null,
    name text generated always as (body ->> 'name') virtual,
    path text generated always as (body ->> 'path') virtual,
    id text generated always as (body ->> 'id') virtual,
    created text generated always as (datetime(body ->> 'created', 'unixepoch')) virtual,
    primary key (account, key)
) without rowid;

create table groups (
    account text not null,
    key text not null,
    body text not null,
    name text generated always as (body ->> 'name') virtual,
    path text generated always as (body ->> 'path') virtual,
    id text generated always as (body ->> 'id') virtual,
    created text generated always as (datetime(body ->> 'created', 'unixepoch')) virtual,
    primary key (account, key)
) without rowid;

create table roles (
    account text not null,
    key text not null,
    body text not null,
    name text generated always as (body ->> 'name') virtual,
    path text generated always as (body ->> 'path') virtual,
    id text generated always as (body ->> 'id') virtual,
    created text generated always as (datetime(body ->> 'created', 'unixepoch')) virtual,
    primary key (account, key)
) without rowid;

create table policies (
    account text not null,
    key text not null,
    body text not null,
    name text generated always as (body ->> 'name') virtual,
    path text generated always as (body ->> 'path') virtual,
    id text generated always as (body ->> 'id') virtual,
    created text generated always as (datetime(body ->> 'created', 'unixepoch')) virtual,
    primary key (account, key)
) without rowid;

create table instance_profiles (
    account text not null,
    key text not null,
    body text not null,
    name text generated always as (body ->> 'name') virtual,
    path text generated always as (body ->> 'path') virtual,
    id text generated always as (body ->> 'id') virtual,
    created text generated always as (datetime(body ->> 'created', 'unixepoch')) virtual,
    primary key (account, key)
) without rowid;

create table root_users (
    account text not null,
    key text not null,
    body text not null,
    primary key (account, key)
) without rowid;

create table settings (
    account text not null,
    key text not null,
    body text not null,
    alias text generated always as (body ->> 'alias') virtual,
    primary key (account, key)
) without rowid;

-- When and where access keys, users and roles were last used; for users and roles also each action.
create table usage (
    account text not null,
    subject text not null,
    action text not null,
    used integer not null,
    service text not null,
    region text not null,
    primary key (account, subject, action)
) without rowid;
