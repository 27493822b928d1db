#!/bin/bash
# What is a folder on one side and a file on the other, for active.sh, which sources this file. rclone deletes last, and
# then nothing if it could not copy everything, so that where files and folders exclude each other such a sync would
# fail for ever. Deleting first would cost the other side what it still needs, should the copying then fail: so only
# what is in the way is deleted first, and only when a sync has failed.

# Makes $2 what $1 is.
carry_all() {
  local code=0
  carry "$1" "$2" || code=$?
  if ((code == 0)) || ! find_in_the_way "$1" "$2"; then
    return "$code"
  fi
  echo "NOTICE: $found files or folders are in the way of folders or files of the same name: they are deleted first"
  # A sync of nothing else, so that what the Secret says of deletions (RCLONE_BACKUP_DIR, RCLONE_MAX_DELETE) counts here, too.
  rclone_telling false sync "$1" "$2" "${SYNC[@]}" "${in_the_way[@]}" --delete-before --stats 0 || true
  carry "$1" "$2"
}

carry() {
  rclone_telling true sync "$1" "$2" "${SYNC[@]}"
}

# Leaves their number in $found, and in $in_the_way what makes rclone see them alone.
find_in_the_way() {
  local name
  found=0
  in_the_way=()
  while IFS= read -r -d '' name; do
    found=$((found + 1))
    in_the_way+=(--filter "+ $name" --filter "+ $name/**")
  done < <(
    folders_against_files "$1" "$2"
    folders_against_files "$2" "$1"
  )
  in_the_way+=(--filter '- **')
  ((found > 0))
}

# What is a folder at $1 and a file at $2, as patterns of rclone's, each ended by a zero byte.
folders_against_files() {
  local folders=$TEMPORARY/rclone-folders
  list --dirs-only "$1" >"$folders" && list --files-only "$2" | jq -nR --raw-output0 --rawfile folders "$folders" '
    def path: rtrimstr(",") | fromjson? | objects.Path;
    ($folders | split("\n") | map({ (path): true }) | add // {}) as $is_folder
    | inputs | path | select($is_folder[.]) | "/" + gsub("(?<special>[\\\\*?\\[\\]{}])"; "\\\(.special)")'
}

list() {
  rclone lsjson --recursive --no-modtime --no-mimetype --stats 0 "${EXCLUDED[@]}" --one-file-system "$@" 2>/dev/null
}
