create table delegation_requests (
    account text not null,
    key text not null,
    body text not null,
    requestor text generated always as (format('%012d', body ->> 'requestor')) virtual,
    owner_account text generated always as (
        case when body ->> 'owner_account' is not null then format('%012d', body ->> 'owner_account') end
    ) virtual,
    state text generated always as (body ->> '$.states[#-1][0]') virtual,
    primary key (account, key)
) without rowid;

create table organizations_access_reports (
    account text not null,
    key text not null,
    body text not null,
    created text generated always as (datetime(body ->> 'created', 'unixepoch')) virtual,
    primary key (account, key)
) without rowid;
