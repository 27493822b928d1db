#!/bin/bash
# The operation restore of entry.sh, which sources this file. RESTORE_AS_OF (a time, or empty) and SELECT_PREVIOUS
# (how many to skip) choose the snapshot; RESTORE_OPTIONS is empty or --delete.

restore() {
  require_choice
  cd "$DATA_DIR" || data_unreadable
  [[ -w . ]] || data_unwritable
  open_repository
  choose_snapshot
  if [[ -n $snapshot ]]; then
    restore_snapshot
    sync -f .
  fi
}

# Leaves RESTORE_AS_OF in seconds in $as_of, empty if every snapshot will do.
require_choice() {
  as_of=
  [[ ${SELECT_PREVIOUS:-0} =~ ^[0-9]{1,9}$ ]] || choice_unclear SELECT_PREVIOUS 'a whole number, 0 or more'
  [[ -z ${RESTORE_AS_OF:-} ]] || as_of=$(date --date "$RESTORE_AS_OF" +%s 2>/dev/null) ||
    choice_unclear RESTORE_AS_OF 'a time such as 2026-11-22T20:12:06Z'
}

choice_unclear() {
  echo "ERROR: $1 is '${!1}', which is not $2"
  exit 1
}

data_unwritable() {
  echo "ERROR: user $(id -u) cannot write to $DATA_DIR"
  exit 4
}

# Leaves in $snapshot the id of the chosen one and in $taken its time, or says why there is none. A time is as exact as
# people see it: a snapshot belongs to its whole second, so that a time copied from a listing finds it.
choose_snapshot() {
  local line total=0 eligible=0 previous=$((10#${SELECT_PREVIOUS:-0}))
  snapshot=
  while read -r line; do
    total=$((total + 1))
    [[ -z $as_of ]] || ((${line%% *} <= as_of)) || continue
    eligible=$((eligible + 1))
    ((eligible > previous)) || continue
    read -r _ _ snapshot taken <<<"$line"
    return
  done < <(newest_first)
  echo "No eligible snapshots found: of $total in the repository ${as_of:+$eligible are as old as $RESTORE_AS_OF, and }$previous are to be skipped"
  echo 'No data will be restored: the volume stays as it is'
}

# Seconds, nanoseconds, id and time of each snapshot. Times have any zone, so they are not compared as texts.
newest_first() {
  paste -d ' ' \
    <(jq -r '.[]?.time' "$SNAPSHOTS" | date --file=- '+%s %N') \
    <(jq -r '.[]? | .id + " " + .time' "$SNAPSHOTS") | sort -k 1,1nr -k 2,2nr
}

restore_snapshot() {
  failure=14
  local summary code=0
  echo "restoring snapshot ${snapshot:0:8} of $taken"
  open_directories
  # Several options in one variable: it must be split. As in save_snapshot, only restic may act on a SIGTERM.
  # shellcheck disable=SC2086
  {
    summary=$(
      trap '' TERM
      RESTIC_PROGRESS_FPS=1 restic restore "$snapshot" --json --host "$HOST" --target . --sparse \
        --include-xattr 'user.*' --include-xattr 'system.posix_acl_*' --exclude lost+found \
        ${RESTORE_OPTIONS:-} 2>"$ERRORS" | show_and_keep_summary
    ) || code=$?
  } 3>&1
  tell_errors "$ERRORS"
  if [[ -z $summary ]] || ((code != 0)) && ! only_owners_failed "$ERRORS"; then
    exit_if_locked_or_refused "$code"
    exit_if_full
    echo "ERROR: restore failed (restic's exit code $code), the volume may hold a part of the snapshot"
    exit "$failure"
  fi
  # restic's own summary does not say of which snapshot.
  printf '{"message_type":"summary","snapshot_id":"%s","snapshot_time":"%s"}\n' "$snapshot" "$taken"
  echo "restored $(number files_restored "$summary") files and folders, $(readable "$(number bytes_restored "$summary")")"
}

exit_if_full() {
  grep -qiE 'no space left on device|disk quota exceeded' "$ERRORS" || return 0
  echo 'ERROR: the destination volume is full, it may hold a part of the snapshot'
  exit 8
}

# A directory that is closed to its own user lets in nothing of the snapshot, whose modes close it again at the end.
# Only those that the snapshot holds: nobody would close the others.
open_directories() {
  local closed=$TEMPORARY/restic-closed
  find . -xdev -mindepth 1 -type d -name lost+found -prune -o \
    -type d ! -perm -u=rwx -user "$(id -u)" -printf '/%P\0' >"$closed" || true
  [[ -s $closed ]] || return 0
  restic ls "$snapshot" --json | jq -n --raw-output0 --rawfile closed "$closed" '
    ($closed | split("\u0000") | map({ (.): true }) | add) as $is_closed
    | inputs | select(.type == "dir" and $is_closed[.path]) | "." + .path' | xargs -0r chmod u+rwx -- || true
}

# Root without the capability to give files away: their contents are all there, as they are for any other user.
OWNER_FAILED='"message":"lchown .*: operation not permitted"'

tell_errors() {
  local owners
  grep -v "$OWNER_FAILED" "$1" | head -n 100 >&2 || true
  owners=$(grep -c "$OWNER_FAILED" "$1") || return 0
  echo "User $(id -u) may not give away files: the owners of $owners are not restored"
}

only_owners_failed() {
  ! grep '"message_type":"error"' "$1" | grep -qv "$OWNER_FAILED" && grep -q "$OWNER_FAILED" "$1"
}
