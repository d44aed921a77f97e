-- The deletions of service-linked roles, by task id.
create table deletion_tasks (
    account text not null,
    key text not null,
    body text not null,
    status text generated always as (body ->> 'status') virtual,
    created text generated always as (datetime(body ->> 'created', 'unixepoch')) virtual,
    primary key (account, key)
) without rowid;
