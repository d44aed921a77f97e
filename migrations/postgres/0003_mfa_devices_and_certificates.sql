create table mfa_devices (
    account text collate "C" not null,
    key text collate "C" not null,
    body json not null,
    primary key (account, key)
);

create table server_certificates (
    account text collate "C" not null,
    key text collate "C" not null,
    body json not null,
    primary key (account, key)
);
