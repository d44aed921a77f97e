-- What opaque tokens in the answers of upstreams stand for, by their hashes, so that a call may go on with another server.
-- They are good for minutes: what a crash of the database forgets is asked for again.
create unlogged table tokens (
    key bytea primary key,
    account text collate "C" not null,
    resource text not null,
    made timestamptz not null default now()
);

create index tokens_made on tokens (made);
