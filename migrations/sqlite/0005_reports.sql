create table access_reports (
    account text not null,
    key text not null,
    body text not null,
    created text generated always as (datetime(body ->> 'created', 'unixepoch')) virtual,
    primary key (account, key)
) without rowid;

create table credential_reports (
    account text not null,
    key text not null,
    body text not null,
    primary key (account, key)
) without rowid;
