create table organizations (
    account text not null,
    key text not null,
    body text not null,
    primary key (account, key)
) without rowid;

create table organization_units (
    account text not null,
    key text not null,
    body text not null,
    primary key (account, key)
) without rowid;

create table organization_accounts (
    account text not null,
    key text not null,
    body text not null,
    primary key (account, key)
) without rowid;

create table organization_policies (
    account text not null,
    key text not null,
    body text not null,
    primary key (account, key)
) without rowid;

create table account_creations (
    account text not null,
    key text not null,
    body text not null,
    primary key (account, key)
) without rowid;
