#!/bin/sh
# Makes an npm package that carries the command, as `npm install --save-dev iamd` would give it. For each platform it is a
# package of its own; npm takes the one whose `os` and `cpu` fit.
#   sh package.sh BINARY FOLDER    writes FOLDER/iamd-VERSION.tgz
set -eu
binary=${1:?usage: package.sh BINARY FOLDER}
folder=${2:?usage: package.sh BINARY FOLDER}
version=$("$binary" --version | cut -d ' ' -f 2)
case $(uname -m) in x86_64) cpu=x64 ;; aarch64 | arm64) cpu=arm64 ;; *) cpu=$(uname -m) ;; esac
os=$(uname -s | tr '[:upper:]' '[:lower:]')
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
mkdir -p "$made/bin" "$folder"
cp "$binary" "$made/bin/iamd"
chmod 755 "$made/bin/iamd"
cp "$(dirname "$0")/../node/iamd.mjs" "$made/iamd.mjs"
cat > "$made/package.json" <<JSON
{
  "name": "iamd",
  "version": "$version",
  "description": "A local AWS IAM and STS: the real wire protocol, verified signatures, enforced policies, durable state",
  "license": "Apache-2.0",
  "os": ["$os"],
  "cpu": ["$cpu"],
  "bin": {"iamd": "bin/iamd"},
  "exports": {".": "./iamd.mjs"}
}
JSON
npm pack --silent --pack-destination "$folder" "$made"
