#!/bin/sh
# Starts one of the processes of this image; node takes over this process and with it its signals.
set -eu
cd /stillpoint

process=${1:-worker}
[ $# -eq 0 ] || shift
case $process in
  worker) program=worker/main.ts ;;
  controller) program=client/controller/main.ts ;;
  guard) program=guard/main.ts ;;
  agent) program=agent/main.ts ;;
  uninstall) program=client/uninstall/main.ts ;;
  *)
    echo "stillpoint: there is no process '$process'; the processes are worker, controller, guard, agent and uninstall" >&2
    exit 2
    ;;
esac
exec node --disable-warning=ExperimentalWarning "$program" "$@"
