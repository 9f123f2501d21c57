#!/usr/bin/env bash
# passwords.sh [FOLDER]: gives the roles of database.sql the passwords that prepare.sh made; as a superuser of PostgreSQL.
set -euo pipefail
secrets=${1:-/run/secrets}
for role in owner collector central; do
  printf 'ALTER ROLE linkpulse_%s PASSWORD :'"'password'"';\n' "$role" |
    psql -q -v ON_ERROR_STOP=1 -v password="$(cat "$secrets/database-$role")" -U "${POSTGRES_USER:-postgres}" -d postgres -f -
done
