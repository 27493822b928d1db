#!/bin/bash
# Carries the volume at /data to the server.sh at DESTINATION_ADDRESS: rsync in a TLS tunnel that both sides open with the
# key in /keys/psk.txt.
#
# Exit codes, so that who started this knows what a retry would do:
#
#    0  all is carried, and the destination knows
#    1  a variable of the environment is missing or malformed
#    2  the key cannot be read, or is malformed
#    4  /data is missing or cannot be read
#    5  this was a debug session, nothing was moved
#    7  the destination refuses the key
#    8  the destination volume is full
#   10  the destination cannot be reached
#   20  stopped by a signal
#       else rsync's own code of what failed first (23, 24: some files are missing; 12, 30, 35: network); 101 to 106 are
#       rsync's 1 to 6
#
# docs/movers/rsync-tls.md tells the rest.
# shellcheck source=/dev/null
source "$(dirname "$0")/../mover-rsync/carry.sh"
# shellcheck source=/dev/null
source "$(dirname "$0")/../mover-rsync-tls/tunnel.sh"

MODULE=rsync://destination/data/
CONTROL=rsync://destination/control

main() {
  begin_mover "$@"
  require_variables DESTINATION_ADDRESS PRIVILEGED_MOVER
  require_address 8000
  address=$HOST:$PORT
  require_key
  require_data
  configure_tunnel
  echo "rsync-tls mover: $DATA to $address"

  with_retries carry look_at_tunnel
  echo "rsync completed in ${SECONDS}s"
}

# rsync starts a stunnel of its own for each connection, and speaks through its standard input and output: there is no
# port that anything else could reach, and the tunnel ends with rsync.
configure_tunnel() {
  tunnel_settings >"$WORK/stunnel.conf"
  cat >>"$WORK/stunnel.conf" <<END
foreground = quiet
output = $WORK/stunnel.log
debug = warning
client = yes
connect = $address
END
  export RSYNC_CONNECT_PROG="exec stunnel $WORK/stunnel.conf"
}

# One phase after the other; the first that fails leaves its code.
carry() {
  rm -f "$COMPLAINTS" "$WORK/stunnel.log"
  if send_files || make_room; then
    delete_surplus && send_symlinks && send_completion
  fi
}

# By name, so that the root directory itself, with its owner, mode and times, stays as the destination has it.
send_files() {
  list_data
  [[ ! -s $WORK/entries ]] ||
    through_tunnel "${FLAGS[@]}" --info=progress2,stats2 --no-implied-dirs --from0 --files-from="$WORK/entries" "$DATA/" "$MODULE"
}

# What is gone at the source may fill a destination that is no larger.
make_room() {
  complained "$FULL" || return
  rm -f "$COMPLAINTS"
  delete_surplus && send_files
}

# Nothing but deletions, of what lies directly in the root directory too.
delete_surplus() {
  through_tunnel -rlDx --no-devices --exclude=/lost+found --delete --ignore-existing --ignore-non-existing "$DATA/" "$MODULE"
}

# The rsync daemon has written "/rsyncd-munged/" before the target of every symlink; the destination takes it off again.
# VolSync's does so for the links that this file names (one a line is our reading of it); ours needs no names. All are
# named, not only those sent just now: a link from an attempt that was cut off may still wait for it.
send_symlinks() {
  find . -xdev -path ./lost+found -prune -o -type l ! -path $'*\n*' -printf '%P\n' >"$WORK/symlinks" || data_unreadable
  [[ ! -s $WORK/symlinks ]] || through_tunnel "$WORK/symlinks" "$CONTROL/symlink-munging-file"
}

send_completion() {
  echo complete >"$WORK/complete"
  through_tunnel "$WORK/complete" "$CONTROL/complete"
}

through_tunnel() {
  run_rsync "$@"
  return "$code"
}

# shellcheck disable=SC2034 # carry.sh prints the sentence.
look_at_tunnel() {
  [[ -e $WORK/stunnel.log ]] || return 0
  sed 's/^/stunnel: /' "$WORK/stunnel.log"
  if grep -qE 'SSL_connect:.*alert number (40|51|115)$' "$WORK/stunnel.log"; then
    fail 7 "the destination at $address refuses the key in $KEYS/psk.txt; both sides need the same one"
  fi
  case $code in
    11 | 23 | 24) return 0 ;;
  esac
  if grep -qE 'No more addresses|Error resolving|connect_remote|TIMEOUTconnect' "$WORK/stunnel.log"; then
    code=10
    sentence="the destination at $address cannot be reached"
  elif grep -q 'SSL_connect:' "$WORK/stunnel.log"; then
    sentence="what answers at $address is no destination of rsync-tls"
  fi
}

main "$@"
