# lib.sh - what the fault scripts share: TAP, a directory that goes away,
# and the writer (tests/store/writer.c) with its promises.
# shellcheck shell=bash

set -u
export LC_ALL=C
# Under strace LeakSanitizer cannot work.
export ASAN_OPTIONS="${ASAN_OPTIONS:-}:detect_leaks=0"
writer=${top_builddir:-.}/tests/store/writer
d=$(mktemp -d)
mounts=()
clean_up() {
	local m
	for m in "${mounts[@]}"; do
		umount "$m" 2>/dev/null
	done
	rm -rf "$d"
}
trap clean_up EXIT

n_tests=0
plan() { echo "1..$1"; }
# is NAME FINDINGS: an empty list of findings is a pass.
is() {
	n_tests=$((n_tests + 1))
	if [ -z "$2" ]; then
		echo "ok $n_tests - $1"
	else
		echo "not ok $n_tests - $1"
		printf '%s\n' "$2" | head -n 10 | sed 's/^/# /'
	fi
}
skip() {
	n_tests=$((n_tests + 1))
	echo "ok $n_tests - $1 # SKIP $2"
}
skip_all() {
	echo "1..0 # SKIP $1"
	exit 0
}

is_sanitized() { nm -D "$writer" 2>/dev/null | grep -q '__asan_init\|__tsan_init'; }

# A home with an identity and no database yet: copied for each round.
fresh_home() {
	rm -rf "${d:?}/h"
	if [ ! -d "$d/born" ]; then
		"$writer" init "$d/born" || exit 1
	fi
	cp -a "$d/born" "$d/h"
}

# promises LABEL [STATUS]: nobody was told what is not there, nothing is
# there twice; a run that failed said why and did not crash; the next run
# goes on.  Reads $d/out and $d/err of the run before; prints findings.
promises() {
	local label=$1 rc=${2:-0} lost
	if [ "$rc" -ge 124 ] && [ "$rc" != 137 ]; then
		echo "$label: died with $rc: $(head -1 "$d/err")"
	fi
	if [ "$rc" != 0 ] && [ "$rc" != 137 ] && ! [ -s "$d/err" ]; then
		echo "$label: status $rc without a word"
	fi
	if [ -e "$d/h/p2ptui.db" ]; then
		"$writer" list "$d/h" >"$d/has" 2>"$d/why" ||
			echo "$label: then $(cat "$d/why")"
	else
		: >"$d/has"
	fi
	lost=$(sed -n 's/^ACK //p' "$d/out" | while read -r n; do
		grep -qx "HAS $n" "$d/has" || echo "$n"
	done)
	[ -z "$lost" ] || echo "$label: acknowledged but lost: ${lost//$'\n'/ }"
}

# goes_on LABEL COUNT: a further run ends with all of 0..COUNT-1 kept once.
goes_on() {
	local rc=0
	"$writer" add "$d/h" 0 "$2" >"$d/out2" 2>"$d/why" || rc=$?
	[ $rc = 0 ] || echo "$1: the next start: $rc $(cat "$d/why")"
	"$writer" list "$d/h" >"$d/has" 2>"$d/why" ||
		echo "$1: after it: $(cat "$d/why")"
	[ "$(grep -c . "$d/has")" = "$2" ] ||
		echo "$1: $(grep -c . "$d/has") of $2 there in the end"
}

# calls SYSCALL COMMAND..: how often it is called.
calls() {
	local sc=$1
	shift
	strace -qq -o "$d/log" -e trace="$sc" "$@" >/dev/null 2>&1
	grep -c "^$sc(" "$d/log"
}
can_strace() { strace -qq -o /dev/null -e trace=none true 2>/dev/null; }
