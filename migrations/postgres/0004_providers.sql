-- Identity providers, whose word roles may trust, and the keys with which an account signs web identity tokens.
create table oidc_providers (
    account text collate "C" not null,
    key text collate "C" not null,
    body json not null,
    primary key (account, key)
);

create table saml_providers (
    account text collate "C" not null,
    key text collate "C" not null,
    body json not null,
    primary key (account, key)
);

create table token_issuers (
    account text collate "C" not null,
    key text collate "C" not null,
    body json not null,
    primary key (account, key)
);
