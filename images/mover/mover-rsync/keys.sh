#!/bin/bash
# Takes over the ssh keys of the movers rsync, for source.sh and destination.sh, which source this. ssh wants private
# keys that only their owner can read and that end with a line feed: Secrets promise neither, so it gets copies.

SSH_DIR=${SSH_DIR:-$HOME/.ssh}

# RSA or Ed25519, in OpenSSH's format or in PEM, without a passphrase.
require_private_key() {
  require_key "$1"
  (umask 077 && printf '%s\n' "$(<"$KEYS/$1")" >"$SSH_DIR/$1")
  ssh-keygen -y -P '' -f "$SSH_DIR/$1" >/dev/null 2>&1 ||
    fail 2 "malformed: $KEYS/$1 must be a private key of ssh without a passphrase"
}

require_public_key() {
  require_key "$1"
  head -n 1 "$KEYS/$1" | tr -d '\r' >"$SSH_DIR/$1"
  ssh-keygen -l -f "$SSH_DIR/$1" >/dev/null 2>&1 || fail 2 "malformed: $KEYS/$1 must be a public key of ssh"
}

require_key() {
  [[ -r $KEYS/$1 ]] || fail 2 "user $(id -u) cannot read $KEYS/$1"
}
