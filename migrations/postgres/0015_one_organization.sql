-- An account belongs to one organization at most. What precedes the twelve digits of its manager is the partition.
create unique index organization_accounts_once on organization_accounts (key, (left(account, -12)));
