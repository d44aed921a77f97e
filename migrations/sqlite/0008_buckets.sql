-- What S3's own names and answers do not say of buckets: who made them, and which settings somebody has removed that
-- every new bucket has.
create table buckets (
    name text not null primary key,
    account text not null,
    without_block integer not null default 0,
    without_ownership integer not null default 0
) strict, without rowid;
