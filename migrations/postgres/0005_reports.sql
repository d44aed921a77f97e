create table access_reports (
    account text collate "C" not null,
    key text collate "C" not null,
    body json not null,
    primary key (account, key)
);

create table credential_reports (
    account text collate "C" not null,
    key text collate "C" not null,
    body json not null,
    primary key (account, key)
);
