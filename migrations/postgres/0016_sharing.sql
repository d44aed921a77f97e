-- What else servers on one database share.

-- Denials that can be looked up by their authorization id.
create table denials (
    id bytea primary key,
    place bigint not null generated always as identity, -- about the order in which they came
    account text collate "C" not null, -- the caller's
    owner text collate "C" not null, -- that of the resource
    caller text collate "C" not null,
    made bigint not null, -- in seconds since 1970
    size bigint not null,
    details bytea not null
);

create index denials_by_caller on denials (account, caller, place);
create index denials_by_place on denials (place);
create index denials_by_time on denials (made);

-- Failed attempts of the last minute, by who tries what.
create table attempts (
    subject text collate "C" primary key,
    times timestamptz[] not null,
    last timestamptz not null
);

create index attempts_by_last on attempts (last);

-- Who follows the trail reads the newest blocks.
create index blocks_by_last on blocks (last);
