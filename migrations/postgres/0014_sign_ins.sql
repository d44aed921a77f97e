-- Who is signed in: sessions of the console and command lines, by the hash of their secret.
create table sign_ins (
    account text collate "C" not null,
    key text collate "C" not null,
    body json not null,
    primary key (account, key)
);
