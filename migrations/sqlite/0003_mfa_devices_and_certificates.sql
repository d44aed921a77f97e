create table mfa_devices (
    account text not null,
    key text not null,
    body text not null,
    name text generated always as (body ->> 'name') virtual,
    path text generated always as (body ->> 'path') virtual,
    created text generated always as (datetime(body ->> 'created', 'unixepoch')) virtual,
    primary key (account, key)
) without rowid;

create table server_certificates (
    account text not null,
    key text not null,
    body text not null,
    name text generated always as (body ->> 'name') virtual,
    path text generated always as (body ->> 'path') virtual,
    id text generated always as (body ->> 'id') virtual,
    uploaded text generated always as (datetime(body ->> 'uploaded', 'unixepoch')) virtual,
    expires text generated always as (datetime(body ->> 'expires', 'unixepoch')) virtual,
    primary key (account, key)
) without rowid;
