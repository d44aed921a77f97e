-- Denials that can be looked up by their authorization id.
create table denials (
    place integer primary key, -- the order in which they came
    id blob not null unique,
    account text not null, -- the caller's
    owner text not null, -- that of the resource
    caller text not null,
    made integer not null, -- in seconds since 1970
    size integer not null,
    details blob not null
) strict;

create index denials_by_caller on denials (account, caller);
create index denials_by_size on denials (account, size);
create index denials_by_time on denials (made);
