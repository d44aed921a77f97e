-- An alias belongs to one account.
create unique index settings_alias on settings ((body ->> 'alias')) where body ->> 'alias' is not null;

-- The codes of MFA devices that were used, by serial number.
create table used_codes (
    account text collate "C" not null,
    key text collate "C" not null,
    body json not null,
    primary key (account, key)
);
