#!/bin/sh
# Puts the database back as backup.sh wrote it: sh deploy/docker/restore.sh FILE
#
# Everything but Postgres is stopped meanwhile. What the database has is lost. NATS begins anew with an empty store, and
# is filled from the database. The migrations bring a file of an earlier version up to date.
set -eu
file=$1
cd "$(dirname "$0")/../.."
[ -s "$file" ] || { echo "$file is missing or empty." >&2; exit 1; }

# How many of each there were.
scales=$(docker compose ps --format '{{.Service}}' | sort | uniq -c | while read -r count service; do
  printf ' --scale %s=%s' "$service" "$count"
done)
docker compose ps --services | grep -vx postgres | xargs docker compose stop
docker compose rm --force --stop nats
docker compose config --format json | sed -n 's/.*"name": "\(.*_nats\)".*/\1/p' | xargs docker volume rm --force

docker compose up --detach --wait --no-deps postgres
psql() { docker compose exec -T postgres psql --username grok2api --dbname postgres --set ON_ERROR_STOP=1 --quiet "$@"; }
psql --command 'DROP DATABASE grok2api WITH (FORCE)'
psql --command 'CREATE DATABASE grok2api'
docker compose exec -T postgres pg_restore --username grok2api --dbname grok2api --no-owner --exit-on-error --single-transaction < "$file"

# shellcheck disable=SC2086 # several arguments
docker compose up --detach --wait $scales
echo "The database is as in $file."
