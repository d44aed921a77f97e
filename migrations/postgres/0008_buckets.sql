-- What S3's own names and answers do not say of buckets: who made them, and which settings somebody has removed that
-- every new bucket has.
create table buckets (
    name text collate "C" primary key,
    account text collate "C" not null,
    without_block boolean not null default false,
    without_ownership boolean not null default false
);
