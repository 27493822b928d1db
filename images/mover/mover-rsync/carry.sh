#!/bin/bash
# What the four scripts of the movers rsync-tls and rsync share. They source it and call one another's functions
# only here; each begins with begin_mover.
#
# A script that runs rsync leaves its exit code in $code; the lines that name a cause stand in $COMPLAINTS.
# shellcheck disable=SC2034 # The scripts use the variables.
set -euo pipefail
set -o noglob

DATA=${DATA_DIR:-/data}
KEYS=${KEYS_DIR:-/keys}
TEMPORARY=${TMPDIR:-/tmp}
# VolSync's flags, but: ids as numbers (the other image has other names), no devices (movers may not make any), and
# plain numbers in the output. --force: a file may take the place of a whole directory.
FLAGS=(-aAHSxz -r --numeric-ids --no-devices --force --no-human-readable --exclude=/lost+found)
# What rsync says where it finds no room, and what ssh says where it does not get through. No file's name can pass for it.
FULL='^rsync: .*: (No space left on device|Disk quota exceeded) \([0-9]+\)$'
STRANGER='^Host key verification failed|^No .* host key is known'
REFUSED='^[^ ]+: Permission denied \([a-z,-]+\)|^Received disconnect .*Too many authentication failures'
UNREACHED='^ssh: (connect to host|Could not resolve)'
code=0

begin_mover() {
  # As process 1 bash would neither get a SIGTERM through to its children nor reap what they leave behind.
  (($$ != 1)) || exec tini -g -- "$0" "$@"
  exec 2>&1
  [[ ${DEBUG_MOVER:-0} != 1 ]] || debug_session
  WORK=$(mktemp -d "$TEMPORARY/mover.XXXXXX")
  COMPLAINTS=$WORK/complaints
  trap 'echo "ERROR: stopped by a signal"; exit 20' TERM
}

# Sleeps until a person, in a shell in this container, removes the file.
debug_session() {
  trap 'exit 5' TERM
  cp "$0" "$TEMPORARY/"
  touch "$TEMPORARY/exit-debug-if-removed"
  echo "Debug session: the mover's script is in $TEMPORARY; remove $TEMPORARY/exit-debug-if-removed to end"
  while [[ -e $TEMPORARY/exit-debug-if-removed ]]; do
    pause 1
  done
  exit 5
}

require_variables() {
  local name missing=()
  for name in "$@"; do
    [[ -n ${!name:-} ]] || missing+=("$name")
  done
  ((${#missing[@]} == 0)) || fail 1 "missing or empty in the mover's environment: ${missing[*]}"
}

# Both go into the settings of other programs. Leaves them in $HOST and $PORT; IPv6 may come in brackets or without.
require_address() {
  HOST=${DESTINATION_ADDRESS#[}
  HOST=${HOST%]}
  PORT=${DESTINATION_PORT:-$1}
  [[ $HOST =~ ^[A-Za-z0-9.:_-]+$ && $PORT =~ ^[0-9]+$ ]] ||
    fail 1 "malformed in the mover's environment: DESTINATION_ADDRESS or DESTINATION_PORT"
}

fail() {
  echo "ERROR: $2"
  exit "$1"
}

require_data() {
  [[ -d $DATA ]] || fail 4 "there is no directory $DATA; volumes of mode Block cannot be carried"
  [[ -r $DATA && -x $DATA ]] || data_unreadable
}

require_writable_data() {
  require_data
  [[ -w $DATA ]] || fail 4 "user $(id -u) cannot write to $DATA"
}

data_unreadable() {
  fail 4 "user $(id -u) cannot read $DATA"
}

# Lists what lies directly in DATA, each name ended by a zero byte, and says so if that is nothing. Each begins with ./,
# or rsync would take a name that begins with # or ; for a comment and leave the file out.
# A directory that cannot be listed must not pass for an empty one.
list_data() {
  cd "$DATA" || data_unreadable
  find . -mindepth 1 -maxdepth 1 ! -name lost+found -print0 >"$WORK/entries" || data_unreadable
  [[ -s $WORK/entries ]] ||
    echo "Directory is empty: $DATA holds no files, so everything is deleted at the destination"
}

# Sleeps so that a SIGTERM is heard at once, also when it comes to this process alone.
pause() {
  sleep "$1" &
  wait $!
}

# For a destination's EXIT: nothing that it has started, nor its directory, outlives it.
end_children() {
  trap '' TERM
  # shellcheck disable=SC2046
  kill $(jobs -p) 2>/dev/null || true
  wait
  rm -rf "$WORK"
}

# Calls its first argument, up to five times, until it leaves 0 in $code. Its second says in $sentence what a failure
# means, may choose another code, and ends the script for what a retry cannot mend.
with_retries() {
  local delay
  for delay in ${RETRY_DELAYS-2 4 8 16} none; do
    "$1" || true
    ((code != 0)) || return 0
    name_failure
    "$2"
    [[ $delay != none ]] || fail "$code" "$sentence"
    echo "Attempt failed: $sentence (exit code $code); the next one starts in ${delay}s"
    pause "$delay"
  done
}

# Every rsync runs here: what it prints goes on as lines, in English, and its exit code is not lost in the pipes.
run_rsync() {
  code=0
  { LC_ALL=C rsync "$@" 2>&3 | stdbuf -oL tr '\r' '\n'; } 3>&1 | show_output || code=$?
}

# rsync parts its progress by carriage returns, several hundred a second: one line a second is enough, and the last.
show_output() {
  local line words held='' shown=-1
  while IFS= read -r line || [[ -n $line ]]; do
    if [[ $line =~ ^\ *[0-9]+\ +[0-9]+%\  ]]; then
      read -ra words <<<"$line"
      held=${words[*]}
      ((SECONDS != shown)) || continue
      line=$held
      shown=$SECONDS
    elif [[ -z $line ]]; then
      continue
    else
      [[ -z $held ]] || printf '%s\n' "$held"
      [[ ! $line =~ $FULL|$STRANGER|$REFUSED|$UNREACHED ]] || printf '%s\n' "$line" >>"$COMPLAINTS"
    fi
    held=
    printf '%s\n' "$line"
  done
}

complained() {
  [[ -e $COMPLAINTS ]] && grep -qE "$1" "$COMPLAINTS"
}

# rsync's codes below 10 would be taken for those of the scripts.
name_failure() {
  ((code >= 10)) || code=$((code + 100))
  ! complained "$FULL" || fail 8 'the destination volume is full'
  case $code in
    23) sentence='some files could not be carried, see above' ;;
    24) sentence='some files vanished while they were carried' ;;
    10 | 12 | 30 | 35) sentence='the connection to the destination was lost' ;;
    *) sentence='rsync failed, see above' ;;
  esac
}
