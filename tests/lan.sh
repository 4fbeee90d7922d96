# shellcheck shell=bash
# lan.sh - a small LAN in network namespaces: N hosts on one bridge, nothing
# else.  Needs root.  Two ways to use it:
#
#	. tests/lan.sh                  in a bash script
#	lan_up 3                        hosts 1, 2, 3: 10.54.0.1, .2, .3
#	lan_exec 1 p2ptui .. &          $! is p2ptui's own pid
#	lan_down                        also done by the EXIT trap
#
#	tests/lan.sh 2 CMD..            runs CMD with LAN set, then cleans up
#	tests/lan.sh exec 1 CMD..       inside CMD: on host 1
#
# Everything is named after $LAN, p2lan-PID unless the caller set it, so any
# number of them live side by side without meeting.

LAN=${LAN:-p2lan-$$}

# lan_can: says why not, or nothing.
lan_can() {
	if [ "$(id -u)" != 0 ]; then
		echo "network namespaces need root"
	elif ! command -v ip >/dev/null; then
		echo "iproute2 is not installed"
	elif ! ip netns add "$LAN-can" 2>/dev/null; then
		echo "the system gives no network namespaces"
	else
		ip netns del "$LAN-can"
	fi
}

lan_addr() { echo "10.54.$(($1 / 250)).$(($1 % 250))"; }

# The switch lives in a namespace of its own: nothing touches the machine's.
lan_up() {
	local i sw=$LAN-sw
	ip netns add "$sw" || return 1
	ip -n "$sw" link add lan type bridge mcast_snooping 0 forward_delay 0
	ip -n "$sw" link set lan up
	for ((i = 1; i <= $1; i++)); do
		lan_plug "$i" || return 1
	done
}

# lan_plug I: one more host.
lan_plug() {
	local h=$LAN-$1 sw=$LAN-sw
	ip netns add "$h" || return 1
	ip netns exec "$h" sysctl -qw \
		net.ipv6.conf.default.accept_dad=0 \
		net.ipv6.conf.all.accept_dad=0 2>/dev/null
	ip link add eth0 netns "$h" type veth \
		peer name "p$1" netns "$sw" || return 1
	ip -n "$sw" link set "p$1" master lan up
	ip -n "$h" link set lo up
	ip -n "$h" addr add "$(lan_addr "$1")/16" brd + dev eth0
	ip -n "$h" link set eth0 up
}

# Replaces itself by the command: run it with & and $! is the command's pid.
# In a script that goes on, put it in ( ).
lan_exec() {
	local h=$1
	shift
	exec ip netns exec "$LAN-$h" "$@"
}

# lan_link I up|down: the cable of host I.
lan_link() { ip -n "$LAN-sw" link set "p$1" "$2"; }

# lan_move I ADDR/LEN: the address changes in place, as by DHCP.
lan_move() {
	ip -n "$LAN-$1" addr flush dev eth0 scope global
	ip -n "$LAN-$1" addr add "$2" brd + dev eth0
}

lan_down() {
	local n p
	for n in /run/netns/"$LAN"-*; do
		[ -e "$n" ] || continue
		n=${n##*/}
		# only what was started inside this LAN
		for p in $(ip netns pids "$n"); do
			kill -9 "$p" 2>/dev/null
		done
		ip netns del "$n"
	done
}

# Sourced: the caller's shell cleans up when it ends.
if [ "${BASH_SOURCE[0]}" != "$0" ]; then
	trap lan_down EXIT
	return 0
fi

set -u
case ${1:-} in
exec)
	shift
	lan_exec "$@" ;;
[0-9]*)
	export LAN
	why=$(lan_can)
	if [ -n "$why" ]; then
		echo "lan.sh: $why" >&2
		exit 77
	fi
	trap lan_down EXIT
	trap 'exit 130' INT TERM
	lan_up "$1" || exit 1
	shift
	"$@" ;;
*)
	sed -n '2,/^$/s/^# \{0,1\}//p' "$0" >&2
	exit 2 ;;
esac
