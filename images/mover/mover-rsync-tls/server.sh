#!/bin/bash
# Receives into /data what a client.sh with the same /keys/psk.txt sends to port 8000, until it says that it is done.
#
# Exit codes, so that who started this knows what a retry would do:
#
#    0  all is carried
#    1  a variable of the environment is missing
#    2  the key cannot be read, or is malformed
#    4  /data is missing, or this user cannot write to it
#    5  this was a debug session, nothing was moved
#    9  the port cannot be listened to, or the tunnel's program ended
#   20  stopped by a signal
#
# Without a client it waits for ever. docs/movers/rsync-tls.md tells the rest.
# shellcheck source=/dev/null
source "$(dirname "$0")/../mover-rsync/carry.sh"
# shellcheck source=/dev/null
source "$(dirname "$0")/../mover-rsync-tls/tunnel.sh"

PORT=${LISTEN_PORT:-8000}

main() {
  begin_mover "$@"
  require_variables PRIVILEGED_MOVER
  require_key
  require_writable_data
  require_rights
  mkdir "$WORK/control"
  configure_daemon
  configure_tunnel
  echo "rsync-tls mover: waiting on port $PORT for what goes to $DATA"

  trap end_children EXIT
  show_log &
  stunnel "$WORK/stunnel.conf" &
  tunnel=$!
  wait_for_completion
  finish_symlinks
  sync -f "$DATA"
  # The client's last connection is closing.
  pause 1
  echo "rsync completed in $((SECONDS - started))s"
}

# As root the rsync daemon sets its groups before anything else, and that takes CAP_SETGID. Without it every client would
# be turned away.
require_rights() {
  local capabilities
  capabilities=$(sed -n 's/^CapEff:\s*//p' /proc/self/status)
  if ((UID == 0 && (16#$capabilities >> 6 & 1) == 0)); then
    fail 4 'this is root without its rights; set runAsUser in moverSecurityContext, or allow privileged movers'
  fi
}

# One rsync per connection, as this user. Only root can change owners; it may do neither chroot nor setuid, nor need it.
configure_daemon() {
  cat >"$WORK/rsyncd.conf" <<END
log file = $WORK/rsyncd.log
use chroot = no
munge symlinks = yes
numeric ids = yes
read only = no
list = no
reverse lookup = no
$( ((UID != 0)) || printf 'uid = 0\ngid = 0\n')
[data]
path = $DATA
[control]
path = $WORK/control
# Once the connection that brought it is served to its end: the client knows, too.
post-xfer exec = test "\$RSYNC_EXIT_STATUS" != 0 || test ! -e $WORK/control/complete || touch $WORK/complete
END
}

configure_tunnel() {
  tunnel_settings >"$WORK/stunnel.conf"
  cat >>"$WORK/stunnel.conf" <<END
foreground = yes
debug = notice
[rsync]
accept = $(address_to_accept)
exec = $(command -v rsync)
execArgs = rsync --daemon --config=$WORK/rsyncd.conf
END
}

# Both families, unless the kernel has no IPv6.
address_to_accept() {
  if read -r _ 2>/dev/null </proc/net/if_inet6; then
    echo ":::$PORT"
  else
    echo "0.0.0.0:$PORT"
  fi
}

# The daemon's standard output is the tunnel.
show_log() {
  touch "$WORK/rsyncd.log"
  exec tail -n +1 -f "$WORK/rsyncd.log"
}

wait_for_completion() {
  started=
  while [[ ! -e $WORK/complete ]]; do
    kill -0 "$tunnel" 2>/dev/null || fail 9 "stunnel ended; is port $PORT in use?"
    [[ -n $started || ! -s $WORK/rsyncd.log ]] || started=$SECONDS
    pause 1
  done
  started=${started:-$SECONDS}
}

# While it runs, the daemon keeps symlinks harmless by a mark before their target. All that bear it are ours, whatever
# list the client sent. rsync takes the mark off as it reads a link, so it copies the volume's links over themselves,
# with the directories they are in, which keep their times. The names are absolute up to /./, where the copied part
# begins: so none begins with # or ; (a comment for rsync), and the root directory, perhaps not ours, is left alone.
finish_symlinks() {
  find "$DATA" -xdev -path "$DATA/lost+found" -prune -o -type l -lname '/rsyncd-munged/*' -printf '%H/./%P\0' >"$WORK/links" ||
    data_unreadable
  [[ ! -s $WORK/links ]] ||
    rsync -lHptogA --munge-links --from0 --files-from="$WORK/links" / "$DATA/" ||
    fail $? 'symlinks could not be given their targets'
}

main "$@"
