-- Policies of other services' resources, by kind and ARN.
create table resource_documents (
    account text collate "C" not null,
    key text collate "C" not null,
    body json not null,
    primary key (account, key)
);
