#!/bin/bash
# Carries the volume at /data to the destination.sh at DESTINATION_ADDRESS: rsync over ssh, as root, with the keys
# /keys/source (private, its own) and /keys/destination.pub (the host key to expect).
#
# Exit codes, so that who started this knows what a retry would do:
#
#    0  all is carried, and the destination knows
#    1  a variable of the environment is missing or malformed
#    2  a key cannot be read, or is malformed
#    4  /data is missing or cannot be read
#    5  this was a debug session, nothing was moved
#    6  the destination's host key is not the one in destination.pub
#    7  the destination refuses the key
#    8  the destination volume is full
#   10  the destination cannot be reached
#   20  stopped by a signal
#       else rsync's own code (23, 24: some files are missing; 12, 30, 35: network); 101 to 106 are rsync's 1 to 6
#
# docs/movers/rsync.md tells the rest.
# shellcheck source=/dev/null
source "$(dirname "$0")/../mover-rsync/carry.sh"
# shellcheck source=/dev/null
source "$(dirname "$0")/../mover-rsync/keys.sh"

main() {
  begin_mover "$@"
  require_variables DESTINATION_ADDRESS
  require_address 22
  address=$HOST
  require_private_key source
  require_public_key destination.pub
  require_data
  configure_ssh
  echo "rsync mover: $DATA to $address port $PORT"

  with_retries carry look_at_ssh
  echo "rsync completed in ${SECONDS}s"
}

# Under a name of its own, so that IPv6 addresses need no brackets and the host key belongs to no address.
configure_ssh() {
  echo "destination $(<"$SSH_DIR/destination.pub")" >"$SSH_DIR/known_hosts"
  cat >"$SSH_DIR/config" <<END
Host destination
  HostName $address
  Port $PORT
  User root
  HostKeyAlias destination
  UserKnownHostsFile $SSH_DIR/known_hosts
  GlobalKnownHostsFile /dev/null
  StrictHostKeyChecking yes
  UpdateHostKeys no
  IdentityFile $SSH_DIR/source
  IdentitiesOnly yes
  IdentityAgent none
  PreferredAuthentications publickey
  BatchMode yes
  ConnectTimeout 30
  ServerAliveInterval 30
  ServerAliveCountMax 4
  ClearAllForwardings yes
  RequestTTY no
  LogLevel ERROR
END
}

carry() {
  rm -f "$COMPLAINTS"
  list_data
  # What the other side has to say comes with the protocol: beside it, in ssh's standard error, the last lines get lost.
  run_rsync "${FLAGS[@]}" --delete --info=progress2,stats2 --stderr=client --rsh="ssh -F $SSH_DIR/config" "$DATA/" destination:.
  ((code == 0)) || return 0
  # Only now does the destination end; until then it waits for another attempt.
  ssh -F "$SSH_DIR/config" destination shutdown 0 2>"$COMPLAINTS" || code=255
  cat "$COMPLAINTS"
}

# shellcheck disable=SC2034 # carry.sh prints the sentence.
look_at_ssh() {
  if complained "$STRANGER"; then
    fail 6 "the host key of the destination at $address is not the one in $KEYS/destination.pub"
  fi
  if complained "$REFUSED"; then
    fail 7 "the destination at $address refuses the key in $KEYS/source"
  fi
  if ((code == 255)) || complained "$UNREACHED"; then
    code=10
    sentence="the destination at $address port $PORT cannot be reached, or has closed the connection"
  fi
}

main "$@"
