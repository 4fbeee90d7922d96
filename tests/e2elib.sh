# shellcheck shell=bash disable=SC2034
# e2elib.sh - real p2ptui programs, spoken to as a script would: lines in,
# JSON Lines out.  Source it; needs bash and jq.
#
#	node alice --set linger=1	start (or start again) alice
#	say alice '/msg Bob hello'	one line of input
#	event bob '.event == "message"'	wait for it; the event is in $EV
#	finish alice			end of input; exit status in $STATUS
#	crash alice			kill -9
#
# Each node has a home $T/NAME, its output of all its lives in $T/NAME.out
# and its errors in $T/NAME.err.  Nodes of one test see each other by a LAN
# port that nobody else uses; nothing is written outside $T.

P2PTUI=${P2PTUI:-${top_builddir:-.}/p2ptui}
T=$(mktemp -d "${TMPDIR:-/tmp}/p2ptui-e2e.XXXXXX") || exit 1
export HOME=$T XDG_CONFIG_HOME='' XDG_DATA_HOME='' XDG_STATE_HOME='' \
	XDG_RUNTIME_DIR='' LC_ALL=C.UTF-8
# Instruments are slow and shared machines are busy: a limit only has to
# tell "never" from "late".
PATIENCE=${PATIENCE:-20}
declare -A PID IN LIFE		# LIFE: where its present output begins
EV='' STATUS=''
n_done=0
# A pipe that never says anything: pause without a fork.
mkfifo "$T/never"
exec {NEVER}<>"$T/never"

pause() { read -rt "$1" -u "$NEVER" _; }

# Ports below the ephemeral range: LAN_PORT and the 31 above it.  The pid alone
# does not keep those of parallel tests apart, so they are looked at.
choose_ports() {
	local busy i n hex
	busy=" $(cat /proc/net/{tcp,tcp6,udp,udp6} 2>/dev/null | awk '
		$1 ~ /^[0-9]+:$/ { sub(/.*:/, "", $2); print $2 }' |
		tr '\n' ' ') "
	for ((n = 0; n < 400; n++)); do
		LAN_PORT=$((15000 + ($$ * 7 + n * 37) % 14968))
		for ((i = LAN_PORT; i < LAN_PORT + 32; i++)); do
			printf -v hex %04X $i
			[[ $busy != *" $hex "* ]] || continue 2
		done
		return
	done
}
choose_ports

clean_up() {
	local p
	# their death is no news
	disown -a 2>/dev/null
	for p in "${PID[@]}"; do
		! ours "$p" || kill -9 "$p" 2>/dev/null
	done
	rm -rf "$T"
}
# ours PID: a child of this shell, still.  Numbers come round within minutes
# here: that of one who is long dead is a program of another test by now.
ours() {
	[ ! -d "/proc/$BASHPID" ] ||
		grep -qs "^PPid:.$BASHPID\$" "/proc/$1/status"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

# ---- TAP ------------------------------------------------------------------

skip_all() { echo "1..0 # SKIP $*"; exit 0; }
diag() {
	local line
	while IFS= read -r line; do
		echo "# $line"
	done <<<"$*"
}
pass() { n_done=$((n_done + 1)); echo "ok $n_done - $1"; }
fail() {
	n_done=$((n_done + 1))
	echo "not ok $n_done - $1"
	[ -z "${2:-}" ] || diag "$2"
}
# ok DESCRIPTION CMD..: CMD succeeds.
ok() {
	local what=$1
	shift
	if "$@"; then pass "$what"; else fail "$what" "failed: $*"; fi
}
# is DESCRIPTION GOT WANTED
is() {
	if [ "$2" = "$3" ]; then
		pass "$1"
	else
		fail "$1" "got: $2"$'\n'"wanted: $3"
	fi
}
# like DESCRIPTION GOT REGEX
like() {
	if grep -qE -- "$3" <<<"$2"; then
		pass "$1"
	else
		fail "$1" "got: $2"$'\n'"wanted: /$3/"
	fi
}
done_testing() { echo "1..$n_done"; exit 0; }

for tool in jq mkfifo; do
	command -v $tool >/dev/null || skip_all "$tool is not installed"
done
[ -x "$P2PTUI" ] || { echo "Bail out! $P2PTUI is not built"; exit 1; }

# quick CMD..: runs it, and again as long as that takes a second more than
# only saying its version does here now; false when it always took so long.
quick() {
	local i began ready ended
	for ((i = 0; i < 10; i++)); do
		began=${EPOCHREALTIME/[.,]/}
		"$P2PTUI" --version >"$T/version"
		ready=${EPOCHREALTIME/[.,]/}
		"$@"
		ended=${EPOCHREALTIME/[.,]/}
		[ $((ended - ready)) -ge $((ready - began + 1000000)) ] ||
			return 0
	done
	return 1
}

# ---- nodes ----------------------------------------------------------------

# launch NAME CMD..: CMD reads NAME's lines and writes NAME's events.
launch() {
	local name=$1 fd
	shift
	if [ -z "${IN[$name]:-}" ]; then
		mkfifo "$T/$name.in"
		exec {fd}<>"$T/$name.in"
		IN[$name]=$fd
	fi
	# a line that a kill cut short must not swallow the next one
	[ -z "$(tail -c 1 "$T/$name.out" 2>/dev/null)" ] ||
		echo >>"$T/$name.out"
	LIFE[$name]=$(($(wc -c 2>/dev/null <"$T/$name.out") + 1))
	(
		# a writing end kept open here would hide the end of input
		for fd in "${IN[@]}" "$NEVER"; do
			exec {fd}>&-
		done
		exec "$@" <"$T/$name.in" >>"$T/$name.out" 2>>"$T/$name.err"
	) &
	PID[$name]=$!
}

node() {
	local name=$1
	shift
	launch "$name" "$P2PTUI" --headless --home "$T/$name" --listen 0 \
		--name "$name" --set lan-port="$LAN_PORT" "$@"
}

say() { printf '%s\n' "$2" >&"${IN[$1]}"; }

# event NAME FILTER [SECONDS]: the first event of this life that the filter
# of jq selects.
event() {
	local name=$1 limit end dead=''
	limit=${3:-$PATIENCE}
	end=$((SECONDS + limit))
	while :; do
		EV=$(life "$name" | jq -cn \
			"first(inputs | select($2))" 2>/dev/null)
		[ -z "$EV" ] || return 0
		[ "$SECONDS" -le "$end" ] || break
		# the dead say nothing more, after one last look
		[ -z "$dead" ] || break
		kill -0 "${PID[$name]:-0}" 2>/dev/null || dead=', it is dead'
		pause 0.02
	done
	diag "$name: no event with $2 in $limit s$dead; its last ones:"
	tail -n 8 "$T/$name.out" | sed 's/^/#   /'
	tail -n 4 "$T/$name.err" | sed 's/^/#   /'
	return 1
}

# life NAME: the events of its present life, whole ones.
life() { tail -c "+${LIFE[$1]}" "$T/$1.out" 2>/dev/null | grep -a '}$'; }

# get FIELD: of the event found last.
get() { jq -r ".$1" <<<"$EV"; }

# lives NAME: the events of all its lives, whole ones: it may be writing.
lives() { grep -a '}$' "$T/$1.out"; }

# count NAME FILTER: events of all its lives.
count() { lives "$1" | jq -cn "[inputs | select($2)] | length"; }

# gone NAME: waits for its end; exit status in $STATUS.
gone() {
	wait "${PID[$1]}" 2>/dev/null
	STATUS=$?
	unset "PID[$1]"
}

# The end of input, as of a script that is done.
finish() {
	local fd=${IN[$1]}
	exec {fd}>&-
	unset "IN[$1]"
	rm -f "$T/$1.in"
	gone "$1"
}

crash() {
	! ours "${PID[$1]}" || kill -9 "${PID[$1]}" 2>/dev/null
	gone "$1"
}

# untold NAME WORD: messages WORD0, WORD1 .. that came before the one in front
# of them and did not say that something is missing; none, if all is well.
untold() {
	lives "$1" | jq -rn --arg w "$2" '
		reduce (inputs | select(.event == "message") |
		select(.text | test("^" + $w + "[0-9]+( |$)"))) as $e
		({ heard: {}, bad: [] };
		($e.text | ltrimstr($w) | split(" ")[0] | tonumber) as $n |
		if $n > 0 and (.heard[($n - 1) | tostring] | not) and
		$e.missing == null then .bad += [$e.text] else . end |
		.heard[$n | tostring] = true) | .bad[]'
}

# ---- what most tests begin with -------------------------------------------

# id_of NAME: who NAME is, from its `ready`.
id_of() {
	lives "$1" | jq -rn 'first(inputs | select(.event == "ready")).id'
}

# meet A B: both run, found each other, said hello and accepted it.
meet() {
	event "$1" '.event == "ready"' && event "$2" '.event == "ready"' &&
	event "$1" ".event == \"peer\" and .id == \"$(id_of "$2")\"" &&
	say "$1" "/msg $(id_of "$2") hello" &&
	event "$2" ".event == \"request\" and .id == \"$(id_of "$1")\"" &&
	say "$2" "/accept $(id_of "$1")" &&
	event "$2" '.event == "message" and .text == "hello"' &&
	event "$1" '.event == "state" and .state == "read"'
}
