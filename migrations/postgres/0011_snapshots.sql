-- What accounts held, by the names of the snapshots.
create table snapshots (
    account text collate "C" not null,
    key text collate "C" not null,
    body json not null,
    primary key (account, key)
);
