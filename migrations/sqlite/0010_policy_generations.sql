-- Policies that Access Analyzer generated, by job id.
create table policy_generations (
    account text not null,
    key text not null,
    body text not null,
    principal text generated always as (body ->> 'principal') virtual,
    started text generated always as (datetime(body ->> 'started', 'unixepoch')) virtual,
    primary key (account, key)
) without rowid;
