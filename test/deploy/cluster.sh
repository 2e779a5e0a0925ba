#!/bin/bash
# Runs a command beside a Slurm cluster of one node, which is this machine and offers four CPUs, however many it has:
#
#   bash cluster.sh FOLDER CONTROLLER_PORT NODE_PORT COMMAND...
#
# Configuration, key, state and logs are in FOLDER, and nothing of the system's own Slurm is used. All of it ends with the
# command. Needs root.
set -eu
folder=$1 controller_port=$2 node_port=$3
shift 3
mkdir -m 755 "$folder/munge" "$folder/state" "$folder/spool"
head -c 1024 /dev/urandom > "$folder/munge/key"
chmod 400 "$folder/munge/key"

node=$(hostname -s)
export SLURM_CONF="$folder/slurm.conf"
cat > "$SLURM_CONF" <<END
ClusterName=test
SlurmctldHost=$node(127.0.0.1)
SlurmUser=root
SlurmctldPort=$controller_port
SlurmdPort=$node_port
AuthType=auth/munge
AuthInfo=socket=$folder/munge/socket
CredType=cred/munge
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
# A container may have no cgroup to put jobs into.
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=batch_sched_delay=0,sched_interval=1
SlurmdParameters=config_overrides
NodeName=$node NodeAddr=127.0.0.1 CPUs=4
PartitionName=test Nodes=$node Default=YES
END

end() {
  scancel --me --quiet 2> /dev/null || true
  kill $(jobs -p) 2> /dev/null || true
  wait
}
trap end EXIT
trap 'exit 143' TERM
munged --force --foreground --key-file="$folder/munge/key" --socket="$folder/munge/socket" \
  --pid-file="$folder/munge/pid" --log-file="$folder/munge/log" --seed-file="$folder/munge/seed" \
  --origin=127.0.0.1 > "$folder/munge/out" 2>&1 &
slurmctld -D > /dev/null 2>&1 &
slurmd -D > /dev/null 2>&1 &
for attempt in {1..300}; do
  sinfo --noheader --states=idle --format=%n 2> /dev/null | grep -q . && break
  sleep 0.1
done
# In the background, so that a signal ends it at once.
"$@" &
wait $!
