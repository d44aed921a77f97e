-- CloudTrail's trails, by home region and name.
create table trails (
    account text not null,
    key text not null,
    body text not null,
    bucket text generated always as (body ->> 'bucket') virtual,
    logging text generated always as (body ->> 'logging') virtual,
    primary key (account, key)
) without rowid;
