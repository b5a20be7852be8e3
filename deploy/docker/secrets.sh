#!/bin/sh
# Makes the secrets of docker-compose.yml, one file each, in deploy/secrets: npm run secrets, or this alone.
#
# Run again it makes only what is missing. A variable of the same name in the environment is taken instead of a random
# value, and replaces what is there:
#   API_KEYS, ADMIN_KEY, CONSOLE_SECRET, CALLBACK_SECRET, CREDENTIALS_KEY, POSTGRES_PASSWORD, GRAFANA_PASSWORD
#   XAI_API_KEYS (or XAI_API_KEY), XAI_BASE_URL: without a key the simulator is the upstream
# Which it is stands in COMPOSE_PROFILES of the file .env, beside docker-compose.yml.
set -eu
cd "$(dirname "$0")/../.."
directory=${SECRETS_DIR:-deploy/secrets}
env_file=${SECRETS_ENV_FILE:-.env}
services="api-gateway chat image video-worker token-pool callback-dispatcher"

umask 077
mkdir -p "$directory"
chmod 700 "$directory"

# write NAME VALUE: the whole file or nothing, and without a line's end, which not everybody leaves out.
write() {
  printf '%s' "$2" > "$directory/.$1"
  mv "$directory/.$1" "$directory/$1"
}
# keep NAME GIVEN MADE: GIVEN where it is not empty, else what is there, else MADE.
keep() {
  if [ -n "$2" ]; then write "$1" "$2"; elif [ ! -e "$directory/$1" ]; then write "$1" "$3"; fi
}
random_hex() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }
random_base64() { head -c 32 /dev/urandom | base64 | tr -d '\n'; }

keep api-keys "${API_KEYS:-}" ""
keep admin-key "${ADMIN_KEY:-}" "$(random_hex)"
keep console-secret "${CONSOLE_SECRET:-}" "$(random_hex)"
keep callback-secret "${CALLBACK_SECRET:-}" "whsec_$(random_base64)"
keep credentials-key "${CREDENTIALS_KEY:-}" "$(random_base64)"
keep grafana-password "${GRAFANA_PASSWORD:-}" "$(random_hex)"
keep postgres-password "${POSTGRES_PASSWORD:-}" "$(random_hex)"
write database-url "postgresql://grok2api:$(cat "$directory/postgres-password")@postgres:5432/grok2api"

# nats.conf includes the passwords of its users.
passwords=""
for service in $services; do
  keep "nats-password-$service" "" "$(random_hex)"
  password=$(cat "$directory/nats-password-$service")
  write "nats-url-$service" "nats://$service:$password@nats:4222"
  variable=$(printf '%s' "$service" | tr 'a-z-' 'A-Z_')_PASSWORD
  passwords="$passwords$variable: \"$password\"
"
done
write nats-passwords.conf "$passwords"

keys=${XAI_API_KEYS:-${XAI_API_KEY:-}}
if [ -n "$keys" ]; then
  write xai-api-keys "$keys"
  write xai-base-url "${XAI_BASE_URL:-}"
elif [ ! -e "$directory/xai-api-keys" ]; then
  write xai-api-keys simulator-key
  write xai-base-url http://simulator:8080/v1
fi

# The simulator's profile is on exactly while it is the upstream; others stay as they are.
profiles=""
if [ -e "$env_file" ]; then
  profiles=$(sed -n 's/^COMPOSE_PROFILES=//p' "$env_file" | tr ',' '\n' | grep -vx simulator | paste -sd, -)
fi
if [ "$(cat "$directory/xai-api-keys")" = simulator-key ]; then profiles=simulator${profiles:+,$profiles}; fi
{
  if [ -e "$env_file" ]; then grep -v '^COMPOSE_PROFILES=' "$env_file" || true; fi
  echo "COMPOSE_PROFILES=$profiles"
} > "$env_file.new"
mv "$env_file.new" "$env_file"

# The services run as user 1000 in their containers, and compose mounts these files as they are.
case $(id -u) in
  0) chown 1000:1000 "$directory"/* ;;
  1000) ;;
  *)
    chmod 644 "$directory"/*
    echo "You are not user 1000, as who the containers read these files: only their directory keeps others out."
    ;;
esac
echo "The secrets are in $directory; upstream: $(cat "$directory/xai-base-url" | sed 's/^$/xAI/')."
