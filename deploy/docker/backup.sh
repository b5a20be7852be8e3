#!/bin/sh
# Writes the database into a file, while everything runs: sh deploy/docker/backup.sh FILE
#
# It is read as it is at one moment. Media are not in it, nor NATS, which keeps nothing that is not in the database; nor
# deploy/secrets: without its credentials-key the credentials in the file are lost. The options of docker compose come
# from COMPOSE_… variables.
set -eu
file=$1
cd "$(dirname "$0")/../.."
umask 077
# Under another name until it is whole.
docker compose exec -T postgres pg_dump --username grok2api --format custom --no-owner grok2api > "$file.part"
mv "$file.part" "$file"
echo "The database is in $file."
