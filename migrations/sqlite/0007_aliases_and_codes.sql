-- An alias belongs to one account; the first keeps it.
update settings set body = json_remove(body, '$.alias')
where alias is not null
    and exists (select 1 from settings as other where other.alias = settings.alias and other.account < settings.account);

create unique index settings_alias on settings (alias) where alias is not null;

-- The codes of MFA devices that were used, by serial number.
create table used_codes (
    account text not null,
    key text not null,
    body text not null,
    primary key (account, key)
) without rowid;
