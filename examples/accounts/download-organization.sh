#!/bin/sh
# Downloads an organization with aws-cli, as its management account or a delegated administrator, into a folder that
# `iamd import` takes: sh download-organization.sh FOLDER && iamd import FOLDER
set -eu
folder=${1:?usage: download-organization.sh FOLDER}
mkdir -p "$folder"

organizations() {
    aws organizations --output json "$@"
}

# Units and accounts are in what their files are named after.
walk() {
    organizations list-accounts-for-parent --parent-id "$1" > "$folder/accounts-$1.json"
    organizations list-organizational-units-for-parent --parent-id "$1" > "$folder/units-$1.json"
    for unit in $(organizations list-organizational-units-for-parent --parent-id "$1" --query 'OrganizationalUnits[].Id' --output text); do
        walk "$unit"
    done
}

organizations describe-organization > "$folder/organization.json"
organizations list-roots > "$folder/roots.json"
for root in $(organizations list-roots --query 'Roots[].Id' --output text); do
    walk "$root"
done
organizations list-aws-service-access-for-organization > "$folder/services.json"
for account in $(organizations list-delegated-administrators --query 'DelegatedAdministrators[].Id' --output text); do
    organizations list-delegated-services-for-account --account-id "$account" > "$folder/administers-$account.json"
done
# Most organizations have none.
if organizations describe-resource-policy > "$folder/delegation.json" 2> "$folder/error"; then
    rm "$folder/error"
elif grep -q ResourcePolicyNotFoundException "$folder/error"; then
    rm "$folder/error" "$folder/delegation.json"
else
    cat "$folder/error" >&2
    exit 1
fi
for kind in $(organizations list-roots --query 'Roots[].PolicyTypes[].Type' --output text); do
    for policy in $(organizations list-policies --filter "$kind" --query 'Policies[].Id' --output text); do
        organizations describe-policy --policy-id "$policy" > "$folder/policy-$policy.json"
        organizations list-targets-for-policy --policy-id "$policy" > "$folder/targets-$policy.json"
    done
done
