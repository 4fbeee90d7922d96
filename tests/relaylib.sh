# shellcheck shell=bash disable=SC2034
# relaylib.sh - relays on this machine and people who know nothing else; source
# it after e2elib.sh.
#
#	relay_stands NAME [CMD..] -- ARGS..	a p2prelay, or the same again
#	person NAME RELAY ARGS..		a p2ptui with that relay only
#	friends A B RELAY			two of them, contacts
#	dies_at RELAY SYSCALL N			killed there

P2PRELAY=${P2PRELAY:-${top_builddir:-.}/p2prelay}
[ -x "$P2PRELAY" ] || skip_all "p2prelay is not built"
declare -A ADDRESS PORT
n_relays=0

# until_ok CMD..: it succeeds within PATIENCE.
until_ok() {
	local end=$((SECONDS + PATIENCE))
	until "$@"; do
		[ "$SECONDS" -le "$end" ] || return 1
		pause 0.02
	done
	return 0
}
# relay NAME [VAR=.. CMD..] -- ARGS..: starts one, or again: the same place.
# Its address is in ADDRESS[NAME].
relay() {
	local name=$1 wrap=()
	shift
	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		wrap+=("$1")
		shift
	done
	shift
	[ -n "${PORT[$name]:-}" ] || {
		# two UDP ports each
		n_relays=$((n_relays + 2))
		PORT[$name]=$((LAN_PORT + n_relays))
	}
	: >"$T/$name.out"
	launch "$name" "${wrap[@]}" "$P2PRELAY" --data "$T/$name" \
		--listen "127.0.0.1:${PORT[$name]}" --http off --log info \
		--name "127.0.0.1:${PORT[$name]}" --set handshake-rate=0 \
		--set letter-rate=0 --set mailbox-rate=0 "$@"
}
stands() {
	until_ok grep -q '^relay address: ' "$T/$1.out" || {
		diag "$(tail -n 5 "$T/$1.err")"
		return 1
	}
	ADDRESS[$1]=$(sed -n 's/^relay address: //p' "$T/$1.out")
}
relay_stands() { relay "$@" && stands "$1"; }
# person NAME RELAY ARGS..: a client of it, and of nothing else.
person() {
	local name=$1 at=$2
	shift 2
	node "$name" --relay "${ADDRESS[$at]}" --set direct=never --lan off \
		"$@"
}
# friends A B RELAY: started, and contacts.
friends() {
	local a b
	person "$1" "$3"
	person "$2" "$3"
	event "$1" '.event == "ready"' && a=$(get link) &&
	event "$2" '.event == "ready"' && b=$(get link) &&
	say "$1" "/add $b" && say "$2" "/add $a" &&
	event "$1" '.event == "peer" and .path == "relay"' &&
	event "$2" '.event == "peer" and .path == "relay"' &&
	say "$1" "/msg $(id_of "$2") hello" &&
	event "$2" '.event == "message" and .text == "hello"' &&
	event "$1" '.event == "state" and .state == "read"'
}
# alone A B: B goes, A knows.
alone() {
	say "$2" /quit
	gone "$2"
	event "$1" ".event == \"peer\" and .id == \"$(id_of "$2")\" and
		.status == \"offline\""
}
up() { event "$1" '.event == "reach" and .relay == "up"'; }
# state_of NAME TEXT: how far its words came.
state_of() {
	lives "$1" | jq -rn "[inputs] | (map(select(.event == \"sent\" and
		.text == \"$2\").msg) | last) as \$m |
		[.[] | select(.event == \"state\" and .msg == \$m).state] |
		last"
}
is_state() { [ "$(state_of "$1" "$2")" = "$3" ]; }
stored() { until_ok is_state "$1" "$2" stored || {
	diag "$2: $(state_of "$1" "$2")"
	return 1
}; }
heard() { event "$1" ".event == \"message\" and .text == \"$2\""; }
# words NAME REGEX: of all its lives.
words() {
	lives "$1" | jq -r "select(.event == \"message\").text |
		select(test(\"$2\"))"
}
# ticks NAME: its CPU time in hundredths of a second.
ticks() { awk '{ print $14 + $15 }' "/proc/${PID[$1]}/stat" 2>/dev/null; }
rss() { awk '/^VmRSS/ { print $2 }' "/proc/${PID[$1]}/status" 2>/dev/null; }
is_sanitized() { nm -D "$P2PRELAY" 2>/dev/null | grep -q '__[at]san_init'; }
is_traced() { ! grep -q '^TracerPid:.0$' "/proc/$1/status"; }
# letters NAME: how many wait there, in $LETTERS; false: it has no pages.
letters() {
	local fd port
	port=$(sed -n 's/.*pages at .*:\([0-9]*\)$/\1/p' "$T/$1.err" |
		tail -n 1)
	[ -n "$port" ] && exec {fd}<>"/dev/tcp/127.0.0.1/$port" || return 1
	printf 'GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' \
		>&"$fd"
	LETTERS=$(timeout "$PATIENCE" cat <&"$fd" | tr -d '\r' |
		sed -n 's/^p2prelay_letters //p')
	exec {fd}>&-
	[ -n "$LETTERS" ]
}
# dies_at NAME SYSCALL N: killed on the N-th one from now.
dies_at() {
	strace -qq -o /dev/null -e trace="$2" \
		-e inject="$2:signal=KILL:when=$3" -p "${PID[$1]}" \
		2>"$T/strace" &
	PID["strace"]=$!
	until_ok is_traced "${PID[$1]}"
}
is_dead() { [[ ! -e /proc/${PID[$1]} ||
	$(sed -n 's/^State:.//p' "/proc/${PID[$1]}/status") = Z* ]]; }
can_attach() {
	sleep 20 &
	local p=$! rc=0
	timeout 1 strace -qq -o /dev/null -p $p 2>"$T/why"
	[ $? = 124 ] || rc=1
	kill $p
	return $rc
}
