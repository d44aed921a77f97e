create table delegation_requests (
    account text collate "C" not null,
    key text collate "C" not null,
    body json not null,
    primary key (account, key)
);

create table organizations_access_reports (
    account text collate "C" not null,
    key text collate "C" not null,
    body json not null,
    primary key (account, key)
);
