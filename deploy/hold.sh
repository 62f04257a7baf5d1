#!/bin/sh
# Runs the bot for supervisors that restart after every exit code: Docker's
# `restart: unless-stopped`, and Kubernetes. After 75 (the session is in use or was taken over), 77 (logged out)
# and 78 (bad settings, unusable folder) a restart does not help, and after 75 it would take the session from the
# other copy.
# After these codes this script says so and waits until a person stops or restarts the container.
# It passes every other exit code on.

held="${HELD_FILE:-/tmp/perennial-held}"
rm -f "$held"

node dist/main.js &
bot=$!
trap 'asked=1; kill -TERM "$bot" 2>/dev/null' TERM INT HUP

wait "$bot"
code=$?
# A signal ends the wait and not the bot, which takes up to 1.5 seconds to stop.
while kill -0 "$bot" 2>/dev/null; do
  wait "$bot"
  code=$?
done

case "$code" in
  75 | 77 | 78) ;;
  *) exit "$code" ;;
esac
# This must come before the next line, so that no signal is lost between the two.
trap 'kill "${nap:-}" 2>/dev/null; exit 0' TERM INT HUP
[ -n "${asked:-}" ] && exit "$code"

: >"$held"
echo "The bot has ended with exit code $code, for the reason above. A restart would not help. Correct the cause, then restart the container." >&2
while :; do
  sleep 3600 &
  nap=$!
  wait "$nap"
done
