# shellcheck shell=bash disable=SC2034
# lablib.sh - the laboratory of tests/lab for tests of real programs; source
# it after e2elib.sh.
#
#	lab_can			says why not, or nothing
#	lab_start NAME		a laboratory of its own, torn down at the end
#	lab CMD..		tests/lab/lab.sh in the present one
#	relay_start ARGS..	p2prelay on srv; its address is in $RELAY
#	on HOST NAME ARGS..	a p2ptui there

P2PRELAY=${P2PRELAY:-${top_builddir:-.}/p2prelay}
LABS=()
# Limits in milliseconds are what the program promises; a busy machine, its
# disk, and instruments take this much more.
SLACK=${SLACK:-3000}

lab_can() {
	local tool
	if [ "$(id -u)" != 0 ]; then
		echo "network namespaces need root"
		return
	fi
	for tool in ip nft dnsmasq conntrack cc; do
		command -v $tool >/dev/null || {
			echo "$tool is not installed"
			return
		}
	done
	if ! ip netns add "can-$$" 2>/dev/null; then
		echo "the system gives no network namespaces"
		return
	fi
	if ! ip netns exec "can-$$" nft add table inet can 2>/dev/null; then
		echo "the system gives no packet filter in a namespace"
	fi
	ip netns del "can-$$"
}

lab() { LAB=$LAB bash "${top_srcdir:-.}/tests/lab/lab.sh" "$@"; }

lab_start() {
	LAB=$1
	LABS+=("$1")
	lab up >"$T/$1.log" 2>&1 || {
		diag "$(cat "$T/$1.log")"
		return 1
	}
}

lab_end() {
	local l
	for l in "${LABS[@]}"; do
		LAB=$l lab down >/dev/null 2>&1
	done
}
trap 'clean_up; lab_end' EXIT

relay_start() { relay_at srv "relay-$LAB" 203.0.113.10 "$@"; }
# relay_at HOST NAME IP ARGS..
relay_at() {
	local host=$1 name=$2 ip=$3 end=$((SECONDS + PATIENCE))
	shift 3
	: >"$T/$name.out"
	launch "$name" ip netns exec "$LAB-$host" "$P2PRELAY" \
		--listen 0.0.0.0:54546 --listen 0.0.0.0:443 \
		--data "$T/$name" --name "$ip:443" --http off "$@"
	while [ "$SECONDS" -le "$end" ]; do
		RELAY=$(sed -n 's/^relay address: //p' "$T/$name.out" |
			tail -n 1)
		[ -z "$RELAY" ] || return 0
		kill -0 "${PID[$name]}" 2>/dev/null || break
		pause 0.02
	done
	diag "no relay: $(cat "$T/$name.err")"
	return 1
}

on() {
	local host=$1 name=$2
	shift 2
	launch "$name" ip netns exec "$LAB-$host" "$P2PTUI" --headless \
		--home "$T/$name" --name "${name%%-*}" "$@"
}

# ms FILTER-EVENT-TIME: the time of $EV in milliseconds of the day.
ev_ms() {
	jq -r '.time | .[11:13] as $h | .[14:16] as $m | .[17:23] as $s |
		(($h | tonumber) * 3600000 + ($m | tonumber) * 60000 +
		($s | tonumber) * 1000) | floor' <<<"$EV"
}

# Packets of the first rounds of punching may be lost or late; the next rounds
# come after a minute.
ROUNDS_S=${ROUNDS_S:-100}

# goes NAME PATH [SECONDS]: the newest word on the way is PATH, an ERE.
goes() {
	local limit=${3:-$PATIENCE} end is=''
	[[ -n ${3:-} || $2 != *punched* ]] || limit=$ROUNDS_S
	end=$((SECONDS + limit))
	while [ "$SECONDS" -le "$end" ]; do
		is=$(life "$1" | jq -rn 'last(inputs | select(.event == "peer"
			and .trust == "accepted")) | .path' 2>/dev/null)
		[[ ! $is =~ ^($2)$ ]] || return 0
		pause 0.05
	done
	diag "$1: the way is ${is:-none}, wanted $2"
	tail -n 5 "$T/$1.out" | sed 's/^/#   /'
	return 1
}

# soon MS DESCRIPTION A B: something A says now is heard by B in time.
n_said=0
soon() {
	local at
	n_said=$((n_said + 1))
	say "$3" "/msg $(id_of "$4") quick $n_said."
	if ! event "$3" ".event == \"sent\" and .text == \"quick $n_said.\""
	then
		fail "$2" "not even said"
		return
	fi
	at=$(ev_ms)
	if ! event "$4" \
		".event == \"message\" and .text == \"quick $n_said.\""; then
		fail "$2" "not heard"
		return
	fi
	at=$(($(ev_ms) - at))
	[ $at -ge -43200000 ] || at=$((at + 86400000))	# midnight
	diag "$2: $at ms"
	ok "$2" [ $at -lt $(($1 + SLACK)) ]
}

# forwards ROUTER N: how many ports its miniupnpd forwards; N, if it is that
# before long.
forwards() {
	local n='' end=$((SECONDS + PATIENCE))
	while [ "$n" != "$2" ] && [ "$SECONDS" -le "$end" ]; do
		[ -z "$n" ] || pause 0.05
		n=$(ip netns exec "$LAB-$1" nft list table inet miniupnpd |
			grep -c dnat)
	done
	echo "$n"
}

# lines NAME WORD: what it heard that begins so, in its order.
lines() {
	lives "$1" | jq -r "select(.event == \"message\" and
		(.text | startswith(\"$2\"))) | .text"
}

# leave NAME..: by /quit.
leave() {
	local n
	for n in "$@"; do
		say "$n" /quit
	done
	for n in "$@"; do
		gone "$n"
	done
}

# befriend A B: both run; each adds the other's link.
befriend() {
	local a b
	event "$1" '.event == "ready"' || return 1
	a=$(get link)
	event "$2" '.event == "ready"' || return 1
	b=$(get link)
	say "$1" "/add $b"
	say "$2" "/add $a"
}
