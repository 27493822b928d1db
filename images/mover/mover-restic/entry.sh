#!/bin/bash
# Carries the volume at DATA_DIR into a restic repository, or back. The arguments are operations, done in order:
#
#   unlock   removes stale locks
#   backup   saves a snapshot of DATA_DIR (host "volsync"), then forgets old ones by FORGET_OPTIONS
#   forget   only the second half of backup, for a retry after exit code 20
#   prune    frees the space of forgotten snapshots
#   restore  makes DATA_DIR what a snapshot holds (restore.sh)
#
# Exit codes, so that who started this knows what is done and what a retry would repeat:
#
#    0  all done; also: some files unreadable (a line starting ERROR says so), or nothing to save or no snapshot
#       to restore (a line says so)
#    1  a variable of the environment is missing, or not what it should be
#    2  unknown operation
#    3  the repository does not answer, or cannot be opened, created or unlocked
#    4  DATA_DIR cannot be read, or for a restore written
#    5  this was a debug session, nothing was moved
#    8  a restore has filled DATA_DIR
#   11  the repository is locked         (restic's own code)
#   12  the repository's password is wrong (restic's own code)
#   13  backup failed, no snapshot was saved
#   14  restore failed, DATA_DIR may hold a part of the snapshot
#   20  the snapshot is saved, forget failed; prune was not tried
#   21  prune failed; what stood before it is done
#
# docs/movers/restic.md tells the rest.
set -euo pipefail
set -o noglob

HOST=volsync
# With the value of CONSISTENCY, where the Job gives one: how the copy was made. The VolumeSnapshot has the same label.
CONSISTENCY_TAG=stillpoint.dev/consistency
TEMPORARY=${TMPDIR:-/tmp}
SNAPSHOTS=$TEMPORARY/restic-snapshots
ERRORS=$TEMPORARY/restic-errors
NO_REPOSITORY='Is there a repository at the following location?'
# What restic, and the ssh that it starts, say when nobody is there to say whether there is a repository.
UNANSWERED='dial tcp|connection (refused|reset|timed out)|no (such host|route to host)|network is unreachable'
UNANSWERED+='|(i/o|handshake|client)[. ]timeout|server misbehaving|could not resolve'
# VolSync's time for finding out whether there is a repository.
PATIENCE=60s
# The exit code for a failure, or a SIGTERM, in the step at hand.
failure=3

# shellcheck source=images/mover/mover-restic/restore.sh
source "${BASH_SOURCE[0]%/*}/restore.sh"

main() {
  # One stream, or its last lines, of which one tells the cause, would stand in the log in any order.
  exec 2>&1
  [[ ${DEBUG_MOVER:-0} != 1 ]] || debug_session
  require_variables PRIVILEGED_MOVER RESTIC_CACHE_DIR RESTIC_PASSWORD RESTIC_REPOSITORY DATA_DIR
  require_operations "$@"
  prepare
  echo "restic mover: $*"
  restic version

  local operation
  for operation in "$@"; do
    "$operation"
  done
  echo "Restic completed in ${SECONDS}s"
}

# Sleeps until a person, in a shell in this container, removes the file.
debug_session() {
  trap 'exit 5' TERM
  cp "${BASH_SOURCE[0]%/*}/"{entry,restore}.sh "$TEMPORARY/"
  touch "$TEMPORARY/exit-debug-if-removed"
  echo "Debug session: the mover's script is in $TEMPORARY; remove $TEMPORARY/exit-debug-if-removed to end"
  while [[ -e $TEMPORARY/exit-debug-if-removed ]]; do
    sleep 1
  done
  exit 5
}

require_variables() {
  local name missing=()
  for name in "$@"; do
    [[ -n ${!name:-} ]] || missing+=("$name")
  done
  if ((${#missing[@]} > 0)); then
    echo "ERROR: missing or empty in the mover's environment: ${missing[*]}"
    exit 1
  fi
}

# All of them, before the first one has done anything.
require_operations() {
  local operation
  for operation in "$@"; do
    case $operation in
      unlock | backup | forget | prune | restore) ;;
      *)
        echo "ERROR: unknown operation '$operation'; the operations are unlock, backup, forget, prune and restore"
        exit 2
        ;;
    esac
  done
}

prepare() {
  # While a command runs, bash waits for its end before it does this: restic removes its lock first.
  trap 'echo "ERROR: stopped by a signal"; exit "$failure"' TERM
  # A container without a home of its own: rclone and ssh want one.
  [[ -w ${HOME:-} ]] || export HOME=$TEMPORARY
  export RESTIC_PROGRESS_FPS=0.1
  if [[ -n ${CUSTOM_CA:-} ]]; then
    export RESTIC_CACERT=$CUSTOM_CA
    export RCLONE_CA_CERT=${RCLONE_CA_CERT:-$CUSTOM_CA}
  fi
}

unlock() {
  failure=3
  if with_repository restic unlock || [[ $repository == absent ]]; then
    return
  fi
  repository_failed 'could not be unlocked'
}

backup() {
  # The snapshots' path is DATA_DIR itself, and names in them are relative to it.
  cd "$DATA_DIR" || data_unreadable
  if data_is_empty; then
    echo "Directory is empty: $DATA_DIR holds no files, so no snapshot is saved and none is forgotten"
    return
  fi
  open_repository --latest 1
  parent=
  [[ ! $(<"$SNAPSHOTS") =~ \"id\":\"([0-9a-f]{64})\" ]] || parent=${BASH_REMATCH[1]}
  save_snapshot
  cd /
  forget
}

# A directory that cannot be listed must not pass for an empty one.
data_is_empty() {
  local first
  first=$(find . -mindepth 1 -maxdepth 1 ! -name lost+found -print -quit) || data_unreadable
  [[ -z $first ]]
}

data_unreadable() {
  echo "ERROR: user $(id -u) cannot read $DATA_DIR"
  exit 4
}

# Creates the repository if there is none. Leaves in $SNAPSHOTS what it holds of DATA_DIR, by the given options.
open_repository() {
  failure=3
  # --no-lock: a probe that is killed by its timeout must not leave a lock behind. --foreground: timeout's own process
  # group would not hear of a SIGTERM, and the pod would outlive it by its grace period.
  if with_repository timeout --foreground "$PATIENCE" restic snapshots --json --no-lock "$@" --host "$HOST" --path "$PWD" >"$SNAPSHOTS"; then
    return
  fi
  [[ $repository == absent ]] || repository_failed 'cannot be opened'
  with_repository restic init || repository_failed 'cannot be created'
  echo '[]' >"$SNAPSHOTS"
}

# Runs a command and leaves in $status its exit code, in $repository "absent" if it found none.
with_repository() {
  status=0
  repository=present
  "$@" 2>"$ERRORS" || status=$?
  # Some backends answer 1, or are still trying when the time is over, instead of restic's 10.
  case $status in
    10) repository=absent ;;
    1 | 124) ! store_said_no || repository=absent ;;
  esac
  [[ $repository == absent ]] || cat "$ERRORS" >&2
  return "$status"
}

# restic asks the same question where nobody has answered it. A store that is silent has not even been tried again.
store_said_no() {
  grep -qF "$NO_REPOSITORY" "$ERRORS" && store_answered && { ((status != 124)) || grep -q 'retrying after' "$ERRORS"; }
}

store_answered() {
  ! grep -qiE "$UNANSWERED" "$ERRORS"
}

repository_failed() {
  exit_if_locked_or_refused "$status"
  if ((status == 124)) || ! store_answered; then
    echo "ERROR: no answer from the repository, which $1 (restic's exit code $status); its address, and the network to it, decide"
  else
    echo "ERROR: the repository $1 (restic's exit code $status)"
  fi
  exit "$failure"
}

exit_if_locked_or_refused() {
  case $1 in
    11)
      echo 'ERROR: the repository is locked; if no other restic is at work, unlock it (spec.restic.unlock)'
      exit 11
      ;;
    12)
      echo 'ERROR: the password is wrong: RESTIC_PASSWORD opens no key of this repository'
      exit 12
      ;;
  esac
}

save_snapshot() {
  failure=13
  local summary code=0
  # Only restic may act on a SIGTERM here (it is Go, which handles a signal that it inherits as ignored).
  {
    summary=$(
      trap '' TERM
      RESTIC_PROGRESS_FPS=1 restic backup --json --host "$HOST" ${parent:+--parent "$parent"} \
        ${CONSISTENCY:+--tag "$CONSISTENCY_TAG=$CONSISTENCY"} --exclude=lost+found . | show_and_keep_summary
    ) || code=$?
  } 3>&1

  if [[ ! $summary =~ \"snapshot_id\":\"([0-9a-f]{64})\" ]]; then
    exit_if_locked_or_refused "$code"
    echo "ERROR: backup failed, no snapshot was saved (restic's exit code $code)"
    exit "$failure"
  fi
  failure=20
  tell_people "$summary" "${BASH_REMATCH[1]}"
  if ((code == 3)); then
    echo 'ERROR: some files could not be read (see above); the snapshot is saved without them'
  elif ((code != 0)); then
    echo "ERROR: restic ended with exit code $code after the snapshot was saved"
  fi
}

# restic's JSON lines go to descriptor 3 as they come; the summary is the result.
show_and_keep_summary() {
  local line
  while IFS= read -r line; do
    printf '%s\n' "$line" >&3
    [[ $line != *'"message_type":"summary"'* ]] || printf '%s\n' "$line"
  done
}

# The lines that restic prints for people, and latestMoverStatus keeps, when it does not print JSON.
tell_people() {
  local seconds
  if [[ -n $parent ]]; then
    echo "using parent snapshot ${parent:0:8}"
  else
    echo 'no parent snapshot found, will read all files'
  fi
  seconds=$(number total_duration "$1")
  echo "Added to the repository: $(readable "$(number data_added "$1")") ($(readable "$(number data_added_packed "$1")") stored)"
  printf 'processed %s files, %s in %d:%02d\n' "$(number total_files_processed "$1")" \
    "$(readable "$(number total_bytes_processed "$1")")" $((seconds / 60)) $((seconds % 60))
  echo "snapshot ${2:0:8} saved"
}

# The whole part of a number in one line of flat JSON.
number() {
  [[ $2 =~ \"$1\":([0-9]+) ]] || return 0
  echo "${BASH_REMATCH[1]}"
}

# 5242880 becomes "5.000 MiB".
readable() {
  numfmt --to=iec-i --round=nearest --format=%.3f "${1:-0}" | sed -E 's/([KMGTPE]i)$/ \1B/; t; s/\..*|$/ B/'
}

forget() {
  failure=20
  local code=0
  [[ -n ${FORGET_OPTIONS:-} ]] || return 0
  # Several options in one variable: it must be split.
  # shellcheck disable=SC2086
  restic forget --host "$HOST" $FORGET_OPTIONS || code=$?
  if ((code != 0)); then
    echo "ERROR: forget failed (restic's exit code $code); the snapshots are as they were, a new one included"
    exit "$failure"
  fi
}

prune() {
  failure=21
  with_repository restic prune && return
  if [[ $repository == absent ]]; then
    echo 'There is no repository yet, so there is nothing to prune'
    return
  fi
  echo "ERROR: prune failed (restic's exit code $status); snapshots are not harmed"
  exit "$failure"
}

# As process 1 bash would neither get a SIGTERM through to restic nor reap what restic leaves behind.
if (($$ == 1)); then
  exec tini -g -- "$0" "$@"
fi
main "$@"
