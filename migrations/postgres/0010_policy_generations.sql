-- Policies that Access Analyzer generated, by job id.
create table policy_generations (
    account text collate "C" not null,
    key text collate "C" not null,
    body json not null,
    primary key (account, key)
);
