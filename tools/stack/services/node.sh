#!/bin/sh
# Process 1 of the node's own mount and pid namespaces: prepares what kubelet and containerd would otherwise
# change on the machine, starts the services named in the file $1, and reaps what the runtime leaves.
mount --make-rshared /

# kubelet, containerd and CNI write to fixed folders below these: let them write to a layer of ours.
# The first try after a crash may meet the former node's layer, which is busy until its last process is gone.
layer() {
  rm -rf "$NODE_STATE/layers$1/work"
  mkdir -p "$NODE_STATE/layers$1/changes" "$NODE_STATE/layers$1/work"
  mount -t overlay overlay -o "lowerdir=$1,upperdir=$NODE_STATE/layers$1/changes,workdir=$NODE_STATE/layers$1/work" "$1"
}
rm -rf "$NODE_STATE/layers/run"
for folder in /run /var/lib /var/log; do
  until layer "$folder"; do sleep 0.2; done
done

# kubelet sets these unless they read so already; it is shown what it wants, and the machine keeps its own.
for setting in vm/overcommit_memory=1 vm/panic_on_oom=0 kernel/panic=10 kernel/panic_on_oops=1 \
  kernel/keys/root_maxkeys=1000000 kernel/keys/root_maxbytes=25000000; do
  shown="$NODE_STATE/sysctl/${setting%=*}"
  mkdir -p "${shown%/*}"
  echo "${setting#*=}" >"$shown"
  mount --bind "$shown" "/proc/sys/${setting%=*}"
done

# service NAME LOG COMMAND…
service() {
  name=$1 log=$2
  shift 2
  env -u STILLPOINT_MAIN STILLPOINT_SERVICE="$name" sh -c "$RESTART_LOOP" "$name" "$@" >>"$log" 2>&1 &
}

wait_for() {
  for file; do
    until [ -e "$file" ]; do sleep 0.05; done
  done
}

# shellcheck source=/dev/null
. "$1"
# A shell that waits reaps every orphan of this pid namespace.
while :; do wait; sleep 1; done
