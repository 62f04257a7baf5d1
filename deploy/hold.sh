#!/bin/sh
# Runs the bot where the supervisor restarts whatever ends and cannot be told of exit codes: Docker's
# `restart: unless-stopped`, and Kubernetes. After 75 (the session is in use or was taken over), 77 (logged out)
# and 78 (bad settings, unusable folder) a restart helps nobody, and after 75 it would fight the other copy.
# So then this stays, does nothing, and says so, until the container is stopped or started anew by a person.
# Any other end is passed on.

held="${HELD_FILE:-/tmp/perennial-held}"
rm -f "$held"

node dist/main.js &
bot=$!
trap 'asked=1; kill -TERM "$bot" 2>/dev/null' TERM INT HUP

wait "$bot"
code=$?
# A signal ends the wait, not the bot: it has its second and a half.
while kill -0 "$bot" 2>/dev/null; do
  wait "$bot"
  code=$?
done

case "$code" in
  75 | 77 | 78) ;;
  *) exit "$code" ;;
esac
# Before the question, so that no signal falls between the two.
trap 'kill "${nap:-}" 2>/dev/null; exit 0' TERM INT HUP
[ -n "${asked:-}" ] && exit "$code"

: >"$held"
echo "The bot has ended with exit code $code, for the reason above. A restart would not help, so none is made: put the cause right, then restart the container." >&2
while :; do
  sleep 3600 &
  nap=$!
  wait "$nap"
done
