#!/usr/bin/env bash
# Checks the contracts: lint, format, compatibility with the main branch, and that the generated code
# is current. Needs no network.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

buf=node_modules/.bin/buf
temporary="$(mktemp -d)"
trap 'rm -rf "$temporary"' EXIT

fail() {
  echo "check-proto: $1" >&2
  exit 1
}

main_branch() {
  local ref
  for ref in origin/main main; do
    if git rev-parse --quiet --verify "$ref^{commit}" >/dev/null 2>&1; then
      echo "$ref"
      return
    fi
  done
}

commit_of() {
  git rev-parse --quiet --verify "$1^{commit}" || true
}

# The contracts must be compatible with the main branch, and on that branch, where they would be
# compared with themselves, with the commit before.
baseline() {
  local ref
  ref="$(main_branch)"
  if [[ -n "$ref" && "$(commit_of "$ref")" == "$(commit_of HEAD)" ]] &&
    git cat-file -e "$ref~1:proto" 2>/dev/null; then
    ref="$ref~1"
  fi
  echo "$ref"
}

check_compatibility() {
  local ref
  ref="$(baseline)"
  if [[ -z "$ref" ]]; then
    echo 'check-proto: no main branch here, compatibility not checked'
  elif ! git cat-file -e "$ref:proto" 2>/dev/null; then
    echo "check-proto: $ref has no contracts yet, compatibility not checked"
  else
    echo "check-proto: comparing with the contracts on $ref ($(git rev-parse --short "$ref"))"
    mkdir "$temporary/main"
    git archive "$ref" proto | tar -x -C "$temporary/main"
    "$buf" breaking proto --against "$temporary/main/proto" ||
      fail "proto/ breaks clients of the contracts on $ref"
  fi
}

check_generated() {
  local gen=packages/contracts/src/gen
  mkdir "$temporary/new"
  bash .ci/generate.sh "$temporary/new"
  diff -r "$gen" "$temporary/new/$gen" >"$temporary/difference" && return
  head -n 20 "$temporary/difference" >&2
  fail "$gen is not what proto/ generates: run 'npm run generate' and commit the result"
}

"$buf" lint proto || fail 'proto/ breaks a lint rule'
"$buf" format proto --exclude-path proto/google --diff --exit-code ||
  fail "proto/ is not formatted: run 'npx buf format -w proto --exclude-path proto/google'"
check_compatibility
check_generated
