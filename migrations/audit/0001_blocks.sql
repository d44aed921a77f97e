-- Events in blocks, and the terms under which a block has events to offer.
create table blocks (
    first integer primary key, -- the sequence number of its first event
    last integer not null,
    earliest integer not null, -- the times of its events, in seconds since 1970
    latest integer not null,
    events blob not null
) strict;

create table terms (
    term integer not null,
    block integer not null,
    primary key (term, block)
) strict, without rowid;
