#!/bin/bash
# permissions.facl of active.sh, which sources this file: what getfacl prints, in paths relative to the volume's root.

# Files first, then directories, the deepest first: permissions that close a directory come after all that is in it.
# "# directory" is a comment to setfacl, and to us what brings back directories that the remote cannot hold.
record_permissions() {
  local errors=$TEMPORARY/getfacl-errors list=(getfacl --physical --absolute-names --numeric --)
  {
    { in_volume ! -type d -fprintf "$KINDS" '%y %s\n' -type f -print0 | xargs -0r "${list[@]}" || true; } 2>"$errors"
    { in_volume -type d -print0 | sort -zr | xargs -0r "${list[@]}" || true; } 2>>"$errors" |
      sed '/^# file: /a # directory'
  } | cat >"$PERMISSIONS" || end 27 "$TEMPORARY has no room for the list of permissions"
  [[ ! -s $errors ]] ||
    echo "ERROR: the permissions of $(sort -u "$errors" | wc -l) files could not be read, the first: $(head -n 1 "$errors")"
}

in_volume() {
  find . -xdev -type d -name lost+found -prune -o "$@"
}

restore_permissions() {
  if grep -qE '^# file: (/|(.*/)?\.\.(/|$))' "$PERMISSIONS"; then
    echo 'ERROR: permissions.facl names files outside of the volume; no permissions are restored'
    return
  fi
  make_directories
  { setfacl --restore="$PERMISSIONS" 2>&1 >/dev/null || true; } | awk -v user="$(id -u)" '
    /: Cannot change owner\/group: / { owners++; next }
    { others++; if (others == 1) first = $0 }
    END {
      if (owners) print "User " user " may not give away files: the owners of " owners " are not restored"
      if (others) print "ERROR: the permissions of " others " files are not restored, the first: " first
    }'
}

# getfacl writes a newline as \012 and a backslash as \\; in %b an octal number starts with another 0.
make_directories() {
  local name directories=$TEMPORARY/rclone-directories
  while IFS= read -r name; do
    printf '%b\0' "$name"
  done < <(
    grep -B 1 '^# directory$' "$PERMISSIONS" |
      sed -nE -e 's/\\\\/\\134/g' -e 's/\\([0-7]{3})/\\0\1/g' -e 's/^# file: //p'
  ) >"$directories"
  xargs -0r mkdir -p -- <"$directories" || echo 'ERROR: not every empty directory could be made'
}
