-- Who is signed in: sessions of the console and command lines, by the hash of their secret.
create table sign_ins (
    account text not null,
    key text not null,
    body text not null,
    primary key (account, key)
) without rowid;
