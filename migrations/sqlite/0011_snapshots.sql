-- What accounts held, by the names of the snapshots.
create table snapshots (
    account text not null,
    key text not null,
    body text not null,
    primary key (account, key)
) without rowid;
