#!/bin/sh
# Runs a command beside hosts load1, load2, ..., each with a network namespace, an address, a name and an sshd of its own:
#
#   unshare --net --mount --pid --mount-proc --fork --kill-child sh hosts.sh FOLDER COUNT COMMAND...
#
# This namespace has the address 10.77.0.1, host I has 10.77.0.(10 + I). FOLDER/sshd-I configures the sshd of host I.
# This is the first process of its namespace, so that all others end with it.
set -eu
folder=$1 count=$2
shift 2

# The names of namespaces, and the folder that sshd needs, exist in here only.
mount -t tmpfs tmpfs /run
mkdir /run/sshd
ip link set lo up
ip link add lan type bridge
ip addr add 10.77.0.1/24 dev lan
ip link set lan up

for i in $(seq "$count"); do
  ip netns add "load$i"
  ip link add "to$i" type veth peer name eth0 netns "load$i"
  ip link set "to$i" master lan up
  ip -netns "load$i" link set lo up
  ip -netns "load$i" addr add "10.77.0.$((10 + i))/24" dev eth0
  ip -netns "load$i" link set eth0 up
  [ -e "$folder/sshd-$i" ] || continue
  ip netns exec "load$i" unshare --uts \
    sh -c 'hostname "$1" && exec /usr/sbin/sshd -D -e -f "$2"' sh "load$i" "$folder/sshd-$i" \
    2> "$folder/sshd-$i.log" &
done
"$@"
