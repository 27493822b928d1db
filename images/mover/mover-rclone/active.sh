#!/bin/bash
# Carries the volume at MOUNT_PATH to RCLONE_DEST_PATH of the remote RCLONE_CONFIG_SECTION (DIRECTION=source),
# or makes the volume what stands there (DIRECTION=destination). Beside the files, at its root, the remote holds
# permissions.facl: modes, owners and access lists of all of them.
#
# Exit codes, so that who started this knows whether a retry can help:
#
#    0  all done; lines that start with ERROR or NOTICE say what was left out
#  1-9  rclone's own: 1 the remote cannot be opened, 2 some files failed, 3 there is nothing at RCLONE_DEST_PATH,
#       4 a file is gone, 5 temporary, 6 less serious, 7 fatal, 8 a limit of transfers, 9 nothing was transferred
#   20  stopped by a signal; what has been carried so far stays
#   21  a variable of the environment is missing
#   22  unknown DIRECTION
#   23  MOUNT_PATH cannot be read, or as a destination written
#   24  this was a debug session, nothing was moved
#   25  rclone.conf cannot be read, or has no section RCLONE_CONFIG_SECTION
#   26  the volume has a permissions.facl of its own
#   27  there is no room for the list of permissions
#   28  the destination volume is full
#
# docs/movers/rclone.md tells the rest.
set -euo pipefail
set -o noglob
# Names in errors and in permissions.facl are bytes.
export LC_ALL=C

TEMPORARY=${TMPDIR:-/tmp}
# The list of permissions on its way; what rclone said, and what was told of it; a line for each file of the volume.
PERMISSIONS=$TEMPORARY/permissions.facl
SAID=$TEMPORARY/rclone-said
TOLD=$TEMPORARY/rclone-told
KINDS=$TEMPORARY/rclone-kinds
# For finding out whether the remote answers at all; rclone's own patience is counted in hours.
PATIENCE=60s
# rclone asks for the room that a file takes before it writes.
FULL='no space left on device|disk quota exceeded|too big for remaining disk space'
EXCLUDED=(--exclude 'lost+found/**' --exclude '/permissions.facl')
SYNC=("${EXCLUDED[@]}" --one-file-system --create-empty-src-dirs)

# shellcheck source=images/mover/mover-rclone/permissions.sh
source "${BASH_SOURCE[0]%/*}/permissions.sh"
# shellcheck source=images/mover/mover-rclone/in-the-way.sh
source "${BASH_SOURCE[0]%/*}/in-the-way.sh"

main() {
  # One stream, or its last lines, of which one tells the cause, would stand in the log in any order.
  exec 2>&1
  [[ ${DEBUG_MOVER:-0} != 1 ]] || debug_session
  require_variables RCLONE_CONFIG RCLONE_CONFIG_SECTION RCLONE_DEST_PATH DIRECTION MOUNT_PATH PRIVILEGED_MOVER
  prepare
  echo "rclone mover: $DIRECTION"
  rclone version 2>/dev/null | sed -n 1p || true
  case $DIRECTION in
    source) carry_away ;;
    destination) bring_back ;;
    *) end 22 "unknown DIRECTION '$DIRECTION'; the directions are source and destination" ;;
  esac
  echo "Rclone completed in ${SECONDS}s"
}

# Sleeps until a person, in a shell in this container, removes the file.
debug_session() {
  trap 'exit 24' TERM
  cp "${0%/*}/"{active.sh,permissions.sh,in-the-way.sh,log.jq} "$TEMPORARY/"
  touch "$TEMPORARY/exit-debug-if-removed"
  echo "Debug session: the mover's script is in $TEMPORARY; remove $TEMPORARY/exit-debug-if-removed to end"
  while [[ -e $TEMPORARY/exit-debug-if-removed ]]; do
    sleep 1
  done
  exit 24
}

require_variables() {
  local name missing=()
  for name in "$@"; do
    [[ -n ${!name:-} ]] || missing+=("$name")
  done
  ((${#missing[@]} == 0)) || end 21 "missing or empty in the mover's environment: ${missing[*]}"
}

end() {
  echo "ERROR: $2"
  exit "$1"
}

# Everything here is what the Secret may set too, unless the form of the log depends on it.
prepare() {
  # While a command runs, bash waits for its end before it does this.
  trap 'end 20 "stopped by a signal; the next run goes on from what has been carried"' TERM
  [[ -w ${HOME:-} ]] || export HOME=$TEMPORARY
  [[ -z ${CUSTOM_CA:-} ]] || export RCLONE_CA_CERT=${RCLONE_CA_CERT:-$CUSTOM_CA}
  # The Secret is mounted read-only, and some remotes have rclone store a renewed token.
  if [[ -r $RCLONE_CONFIG ]]; then
    install -m 600 "$RCLONE_CONFIG" "$TEMPORARY/rclone-configuration"
    export RCLONE_CONFIG=$TEMPORARY/rclone-configuration
  fi
  export RCLONE_TRANSFERS=${RCLONE_TRANSFERS:-10} RCLONE_STATS=${RCLONE_STATS:-1s} RCLONE_ASK_PASSWORD=false
  # A remote that has gone away fails within minutes.
  export RCLONE_CONTIMEOUT=${RCLONE_CONTIMEOUT:-15s} RCLONE_LOW_LEVEL_RETRIES=${RCLONE_LOW_LEVEL_RETRIES:-5}
  export RCLONE_USE_JSON_LOG=true RCLONE_STATS_LOG_LEVEL=NOTICE
  # NOTICE names no file that went well: a million of them would go through the API server.
  [[ ${RCLONE_LOG_LEVEL:-} =~ ^(INFO|DEBUG)$ ]] || export RCLONE_LOG_LEVEL=NOTICE
  unset RCLONE_LOG_FILE RCLONE_PROGRESS RCLONE_QUIET RCLONE_VERBOSE RCLONE_STATS_ONE_LINE RCLONE_STATS_ONE_LINE_DATE
  links_are_carried || export RCLONE_SKIP_LINKS=true # Instead of a line for each of them.
}

links_are_carried() {
  local name
  for name in RCLONE_LINKS RCLONE_LOCAL_LINKS RCLONE_COPY_LINKS RCLONE_LOCAL_COPY_LINKS; do
    [[ ${!name:-false} == false ]] || return 0
  done
  return 1
}

carry_away() {
  local first code=0
  cd "$MOUNT_PATH" || mount_unreadable
  # A volume that cannot be listed must not pass for an empty one: the remote would be emptied.
  first=$(find . -mindepth 1 -maxdepth 1 ! -name lost+found -print -quit) || mount_unreadable
  [[ ! -e permissions.facl && ! -L permissions.facl ]] ||
    end 26 "the volume has a permissions.facl of its own in $MOUNT_PATH, where the mover keeps permissions beside the data: rename it or move it into a folder"
  [[ -n $first ]] || echo "Directory is empty: $MOUNT_PATH holds no files, so the remote will hold none"
  open_remote
  choose_comparison
  record_permissions
  tell_left_links
  carry_all . "$remote" || code=$?
  ((code == 0)) || failed "$code" 'the remote may hold a part of the changes'
  # After the data: a stop between the two leaves permissions that fit what stood there before.
  rclone_telling false copyto "$PERMISSIONS" "$remote_permissions" --ignore-times --stats 0 || code=$?
  ((code == 0)) || failed "$code" 'the data is carried, its permissions are not'
  tell_volume
}

mount_unreadable() {
  end 23 "user $(id -u) cannot read $MOUNT_PATH"
}

# Leaves in $remote and $remote_permissions the two addresses, in $permissions_found whether the second one is there.
open_remote() {
  local code=0
  remote=$RCLONE_CONFIG_SECTION:$RCLONE_DEST_PATH
  remote_permissions=${remote%/}/permissions.facl
  require_section
  permissions_found=$(probe lsf "$remote_permissions" 2>"$SAID") || code=$?
  case $code in
    0 | 3 | 4) ;;
    *) remote_closed "$code" ;;
  esac
}

require_section() {
  local sections code=0
  sections=$(rclone listremotes 2>"$SAID") || code=$?
  if ((code != 0)); then
    tell false <"$SAID"
    end 25 "rclone.conf cannot be read (rclone's exit code $code)"
  fi
  grep -qixF -e "$RCLONE_CONFIG_SECTION:" <<<"$sections" ||
    end 25 "rclone.conf has no section [$RCLONE_CONFIG_SECTION]; it has: $(tr -d ':' <<<"$sections" | paste -sd ' ')"
}

# --foreground: timeout's own process group would not hear of a SIGTERM.
probe() {
  timeout --foreground "$PATIENCE" rclone "$@" \
    --retries 1 --low-level-retries 2 --contimeout 15s --timeout 30s --stats 0
}

remote_closed() {
  tell false <"$SAID" | tee "$TOLD"
  (($1 != 124)) || end 5 "the remote cannot be opened: no answer within $PATIENCE"
  end "$1" "the remote cannot be opened (rclone's exit code $1): $(tail -n 1 "$TOLD"); address, credentials and network decide"
}

# VolSync compares checksums. Where the remote has none, rclone would then look at sizes alone and leave out a file
# that has changed without growing.
choose_comparison() {
  local features code=0
  [[ -z ${RCLONE_CHECKSUM:-}${RCLONE_SIZE_ONLY:-}${RCLONE_IGNORE_TIMES:-} ]] || return 0
  features=$(probe backend features "$remote" 2>"$SAID") || code=$?
  ((code == 0)) || remote_closed "$code"
  if jq -e '(.Hashes // []) - ["none"] != []' <<<"$features" >/dev/null; then
    export RCLONE_CHECKSUM=1
  elif jq -e '.Precision < 3153600000000000000' <<<"$features" >/dev/null; then
    echo 'The remote keeps no checksums: files are compared by size and time of modification'
  else
    export RCLONE_IGNORE_TIMES=1
    echo 'The remote keeps neither checksums nor times of modification: every file is carried each time'
  fi
}

tell_left_links() {
  local links
  links=$(grep -c '^l ' "$KINDS") || return 0
  links_are_carried ||
    echo "NOTICE: symbolic links are left out, $links of them; RCLONE_LINKS: \"true\" in the Secret carries them"
}

# rclone's own summary knows what it carried, not how much the volume holds.
tell_volume() {
  awk '$1 == "f" { files++; bytes += $2 } END {
    printf "{\"message_type\":\"summary\",\"total_files_processed\":%d,\"total_bytes_processed\":%.0f}\n", files, bytes
  }' "$KINDS"
}

# Runs rclone, tells its log, answers with its exit code. Only rclone may end of a SIGTERM, not who reads its last words.
rclone_telling() {
  local statistics=$1
  shift
  rclone "$@" 2>&1 >/dev/null | (
    trap '' TERM
    tell "$statistics" | tee "$TOLD"
  ) || return "${PIPESTATUS[0]}"
}

# Reads rclone's log; the argument is $statistics of log.jq.
tell() {
  jq -nRr --unbuffered --argjson statistics "$1" -f "${BASH_SOURCE[0]%/*}/log.jq"
}

failed() {
  local reason
  reason=$(jq -nRr '[inputs | fromjson? | .last_error? | strings] | last // "see above" | gsub("\\s*\n\\s*"; " ")' "$TOLD")
  end "$1" "rclone ended with exit code $1 ($reason); $2"
}

bring_back() {
  local code=0
  cd "$MOUNT_PATH" || mount_unreadable
  open_remote
  [[ -n $permissions_found ]] || require_data
  choose_comparison
  # What an earlier run has closed; setfacl closes it again. One at a time: find goes on into it.
  in_volume -type d ! -perm -u=rwx -user "$(id -u)" -exec chmod u+rwx {} \; || true
  [[ -w . ]] || end 23 "user $(id -u) cannot write to $MOUNT_PATH"
  carry_all "$remote" . || code=$?
  ((code == 0)) || ! grep -qiE "$FULL" "$TOLD" || end 28 'the destination volume is full, it may hold a part of the data'
  ((code == 0)) || failed "$code" 'the volume may hold a part of the data'
  if [[ -n $permissions_found ]]; then
    rclone_telling false copyto "$remote_permissions" "$PERMISSIONS" --ignore-times --stats 0 || code=$?
    ((code == 0)) || failed "$code" 'the data is here, its permissions are not'
    restore_permissions
  else
    echo 'NOTICE: the remote holds no permissions.facl: modes and owners are as the mover makes them'
  fi
  in_volume ! -type d -fprintf "$KINDS" '%y %s\n' || true
  tell_volume
  sync -f .
}

# A bucket has no directories, so for rclone a wrong path is an empty one, and the volume would be emptied.
require_data() {
  local first code=0
  first=$(
    probe lsf "$remote" 2>"$SAID" | head -n 1
    exit "${PIPESTATUS[0]}"
  ) || code=$?
  [[ -z $first ]] || return 0
  case $code in
    0 | 3 | 4) end 3 "there is nothing at RCLONE_DEST_PATH $RCLONE_DEST_PATH; the volume is left as it is" ;;
    *) remote_closed "$code" ;;
  esac
}

# As process 1 bash would neither get a SIGTERM through to rclone nor reap what rclone leaves behind.
if (($$ == 1)); then
  exec tini -g -- "$0" "$@"
fi
main "$@"
