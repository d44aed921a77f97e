-- The deletions of service-linked roles, by task id.
create table deletion_tasks (
    account text collate "C" not null,
    key text collate "C" not null,
    body json not null,
    primary key (account, key)
);
