#!/bin/bash
# Receives into /data what a source.sh sends by rsync over ssh to port 8022, until it says "shutdown <code>". The keys
# are /keys/destination (private, the host key) and /keys/source.pub (the source's).
#
# Exit codes, so that who started this knows what a retry would do:
#
#    0  all is carried; any other code that the source names with "shutdown" is passed on
#    2  a key cannot be read, or is malformed
#    4  /data is missing, or cannot be written to
#    5  this was a debug session, nothing was moved
#   20  stopped by a signal
#  255  sshd ended without a "shutdown", or could not listen to the port
#
# Without a source it waits for ever. docs/movers/rsync.md tells the rest.
# shellcheck source=/dev/null
source "$(dirname "$0")/../mover-rsync/carry.sh"
# shellcheck source=/dev/null
source "$(dirname "$0")/../mover-rsync/keys.sh"

PORT=${LISTEN_PORT:-8022}

main() {
  begin_mover "$@"
  require_private_key destination
  require_public_key source.pub
  require_writable_data
  configure_sshd
  echo "rsync mover: waiting on port $PORT for what goes to $DATA"

  touch "$WORK/log"
  trap end_children EXIT
  tail -n +1 -f "$WORK/log" &
  /usr/sbin/sshd -D -e -f "$WORK/sshd_config" &
  sshd=$!
  wait_for_shutdown
  sync -f "$DATA"
  ((shutdown != 0)) || echo "rsync completed in $((SECONDS - started))s"
  return "$shutdown"
}

# The source's key may start one program, which decides what is done. Root has to have it, for the owners of files.
# StrictModes would look at the modes of Kubernetes' own directories, and a penalty for somebody who knocks without a
# key would shut out the source, which may well come from the same address.
configure_sshd() {
  echo "restrict,command=\"$(command_path) $DATA $WORK\" $(<"$SSH_DIR/source.pub")" >"$WORK/authorized_keys"
  cat >"$WORK/sshd_config" <<END
Port $PORT
HostKey $SSH_DIR/destination
AuthorizedKeysFile $WORK/authorized_keys
StrictModes no
AllowUsers root
PermitRootLogin forced-commands-only
AuthenticationMethods publickey
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
DisableForwarding yes
PermitTTY no
PermitUserRC no
PermitUserEnvironment no
PidFile none
PrintMotd no
UseDNS no
LoginGraceTime 30
PerSourcePenalties no
ClientAliveInterval 30
ClientAliveCountMax 4
END
}

command_path() {
  realpath "$(dirname "$0")/../mover-rsync/destination-command.sh"
}

wait_for_shutdown() {
  started=
  while [[ ! -e $WORK/shutdown ]]; do
    kill -0 "$sshd" 2>/dev/null || fail 255 "sshd ended; is port $PORT in use?"
    [[ -n $started || ! -s $WORK/log ]] || started=$SECONDS
    pause 1
  done
  started=${started:-$SECONDS}
  # So that the source hears that it is heard: its connection may end by itself first.
  local connection
  read -r shutdown connection <"$WORK/shutdown"
  for _ in {1..10}; do
    [[ -e /proc/$connection ]] || break
    pause 0.5
  done
}

main "$@"
