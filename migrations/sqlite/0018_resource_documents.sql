-- Policies of other services' resources, by kind and ARN.
create table resource_documents (
    account text not null,
    key text not null,
    body text not null,
    primary key (account, key)
) without rowid;
