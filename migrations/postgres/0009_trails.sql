-- CloudTrail's trails, by home region and name.
create table trails (
    account text collate "C" not null,
    key text collate "C" not null,
    body json not null,
    primary key (account, key)
);
