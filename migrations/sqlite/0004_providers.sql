-- Identity providers, whose word roles may trust.
create table oidc_providers (
    account text not null,
    key text not null,
    body text not null,
    url text generated always as (body ->> 'url') virtual,
    created text generated always as (datetime(body ->> 'created', 'unixepoch')) virtual,
    primary key (account, key)
) without rowid;

create table saml_providers (
    account text not null,
    key text not null,
    body text not null,
    name text generated always as (body ->> 'name') virtual,
    uuid text generated always as (body ->> 'uuid') virtual,
    created text generated always as (datetime(body ->> 'created', 'unixepoch')) virtual,
    primary key (account, key)
) without rowid;

-- The keys with which an account signs web identity tokens: one row at most.
create table token_issuers (
    account text not null,
    key text not null,
    body text not null,
    primary key (account, key)
) without rowid;
