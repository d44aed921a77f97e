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
for kind in $(organizations list-roots --query 'Roots[].PolicyTypes[].Type' --output text); do
    for policy in $(organizations list-policies --filter "$kind" --query 'Policies[].Id' --output text); do
        organizations describe-policy --policy-id "$policy" > "$folder/policy-$policy.json"
        organizations list-targets-for-policy --policy-id "$policy" > "$folder/targets-$policy.json"
    done
done
