create table organization_handshakes (
    account text not null,
    key text not null,
    body text not null,
    primary key (account, key)
) without rowid;
