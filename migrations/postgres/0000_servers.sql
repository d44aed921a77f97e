-- What several servers on one database need to know of each other's work.

-- What each commit changed, so that other servers load that alone: pairs of table and key. The state of `previous`
-- with these rows is the state of `revision`. Old lines are removed.
create table changes (
    account text collate "C" not null,
    revision bigint not null,
    previous bigint not null,
    rows json not null,
    made timestamptz not null default now(),
    primary key (account, revision)
);

create index changes_made on changes (made);

-- One-time assertions that were used, until they have expired.
create table used_assertions (
    account text collate "C" not null,
    issuer text collate "C" not null,
    id text collate "C" not null,
    expires bigint not null,
    primary key (account, issuer, id)
);

-- Events of the audit trail in blocks, and the terms under which a block has events to offer.
create table blocks (
    first bigint not null, -- the sequence number of its first event
    server bigint not null, -- the server that wrote it
    last bigint not null,
    earliest bigint not null, -- the times of its events, in seconds since 1970
    latest bigint not null,
    events bytea not null,
    primary key (first, server)
);

create table terms (
    term bigint not null,
    first bigint not null,
    server bigint not null,
    primary key (term, first, server)
);
