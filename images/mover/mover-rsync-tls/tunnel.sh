#!/bin/bash
# The key and the TLS settings, alike on both sides of rsync-tls, for client.sh and server.sh, which source this.

# Lines of <identity>:<hexadecimal key>. stunnel wants at least 16 bytes.
require_key() {
  [[ -r $KEYS/psk.txt ]] || fail 2 "user $(id -u) cannot read $KEYS/psk.txt"
  sed -E 's/\r$//; /^\s*$/d' "$KEYS/psk.txt" >"$WORK/psk.txt"
  if [[ ! -s $WORK/psk.txt ]] || grep -qvE '^[^:]+:([0-9A-Fa-f]{2}){16,}$' "$WORK/psk.txt"; then
    fail 2 "malformed: $KEYS/psk.txt must hold <name>:<at least 32 hexadecimal digits>"
  fi
  chmod 600 "$WORK/psk.txt"
}

tunnel_settings() {
  cat <<END
pid =
syslog = no
socket = l:SO_KEEPALIVE=1
socket = l:TCP_KEEPIDLE=180
socket = r:SO_KEEPALIVE=1
socket = r:TCP_KEEPIDLE=180
PSKsecrets = $WORK/psk.txt
ciphers = kPSK
sslVersionMin = ${SSL_VERSION_MIN:-TLSv1.3}
END
}
