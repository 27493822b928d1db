#!/bin/bash
# All that the source's key can start at a destination: an rsync that receives into the volume, or "shutdown <code>".
# sshd runs this with the volume and destination.sh's directory as arguments; what the source has asked for is in
# SSH_ORIGINAL_COMMAND, and no shell ever reads it.
set -euo pipefail
set -o noglob

data=$1
work=$2
asked=${SSH_ORIGINAL_COMMAND:-}
# No s, which would bring further arguments by the back door, and no K and L, which follow symlinks.
LETTERS='-[vqlogDtpAHSrxzciuWmUNXy]*(e[0-9.]+[A-Za-z]*)?'
OPTIONS='--(delete|delete-(before|during|delay|after|excluded)|force|numeric-ids|inplace|partial|sparse|ignore-errors'
OPTIONS+='|existing|ignore-existing|inc-recursive|no-inc-recursive|no-msgs2stderr|no-r|no-D|devices|specials|no-devices|no-specials|old-compress|timeout=[0-9]+'
OPTIONS+='|(log-format|out-format|info|debug|checksum-choice|compress-choice|new-compress|compress-level)=[A-Za-z0-9,%+.-]+)'

main() {
  case $asked in
    'rsync --server '*) receive ;;
    'shutdown '*) shut_down ;;
    *) refuse ;;
  esac
}

# rsync --server <options> . <directory>
receive() {
  local words option code=0
  read -ra words <<<"$asked"
  local count=${#words[@]}
  if ((count < 5)) || [[ $asked == *$'\n'* ]]; then
    refuse
  fi
  [[ ${words[count - 2]} == . ]] || refuse
  case ${words[count - 1]} in
    . | ./ | "$data" | "$data/") ;;
    *) refuse ;;
  esac
  for option in "${words[@]:2:count-4}"; do
    [[ $option =~ ^($LETTERS|$OPTIONS)$ ]] || refuse
  done

  cd "$data"
  note 'a source connected'
  rsync --server "${words[@]:2:count-4}" . . || code=$?
  note "rsync ended with exit code $code"
  exit "$code"
}

# Whole in one step, for destination.sh looks for it; with the process whose end is the connection's.
shut_down() {
  [[ $asked =~ ^shutdown\ ([0-9]{1,3})$ ]] || refuse
  local code=$((10#${BASH_REMATCH[1]}))
  ((code <= 255)) || refuse
  note "the source said $asked"
  echo "$code $PPID" >"$work/shutdown.new"
  mv "$work/shutdown.new" "$work/shutdown"
}

refuse() {
  note "ERROR: refused: $(printf '%.200q' "$asked")"
  echo 'ERROR: the destination accepts nothing but an rsync into its volume, and shutdown' >&2
  exit 126
}

note() {
  echo "$1" >>"$work/log"
}

main
