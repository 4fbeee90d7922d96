# shellcheck shell=bash disable=SC2034
# tuilib.sh - the full-screen program in a real terminal: keys in, screen
# out.  Source it; it brings e2elib.sh along, so that somebody on a screen
# can talk to somebody who is headless.  Needs tmux 3.2 or later.
#
#	tui_node bob 80x24 --set ...	p2ptui as bob, on a screen of his own
#	tui_start t 40x10 CMD..		any command on a screen named t
#	tui_short t 80x24 CMD..		one that says its word and ends: what was
#					said last may be lost with a terminal
#	tui_ended [SECONDS]		wait for its end; exit status in $STATUS
#	tui_on bob			whose screen the rest speaks of
#	tui_key Enter C-n F1		keys, by the names of tmux
#	tui_type 'héllo 世界'		text, as typed
#	tui_paste $'two\nlines'		in the brackets of a paste
#	tui_size 40x15			another size, which the program can know of
#	tui_shows REGEX [SECONDS]	wait until a row matches
#	tui_lacks REGEX [SECONDS]	wait until none does
#	tui_ends [SECONDS]		wait for the end; exit status in $STATUS
#
# Every wait is for something on the screen; nothing sleeps for a fixed
# time.  Each screen is a tmux server of its own under $T, without any
# configuration, so that tests run side by side and next to a person's tmux.

. "${top_srcdir:-.}/tests/e2elib.sh"

command -v tmux >/dev/null || skip_all "tmux is not installed"
export SHELL=$BASH	# tmux runs commands with it; %q is for bash
unset TMUX TMUX_PANE COLORTERM NO_COLOR ESCDELAY

# The reports of the instruments would land on the screen and be lost;
# either runtime may own the log, so both are told.
export ASAN_OPTIONS="${ASAN_OPTIONS:-}:log_path=$T/san:exitcode=99"
export UBSAN_OPTIONS="${UBSAN_OPTIONS:-}:log_path=$T/san:print_stacktrace=1"

declare -A TUI_SOCK TUI_SIZE
TUI=''		# whose screen
n_tui=0
n_records=0

# Traps of tmux 3.3a, each met before:
# - a dying server still takes clients: a fresh socket for each start;
# - detached, a window follows no client: resize-window sets its size;
# - it may miss the SIGCHLD of a pane: any other child that ends makes it
#   look again (run-shell true, not waited for: it may miss that too);
# - "Pane is dead" scrolls a row away: what is looked for at the end is
#   looked for in the scrollback too;
# - of two sizes in 250 ms it keeps the second to itself for so long: a key
#   would find the screen of the first;
# - what it pipes to a file is there some time after it is on the screen.
mux() { tmux -u -S "${TUI_SOCK[$TUI]}" -f /dev/null "$@"; }

tui_on() {
	[ -n "${TUI_SOCK[$1]:-}" ] || { diag "no screen named $1"; return 1; }
	TUI=$1
}

# tui_start NAME COLSxROWS CMD..: TUI_TERM names another type of terminal.
tui_start() {
	local name=$1 size=$2
	shift 2
	tui_stop "$name"
	n_tui=$((n_tui + 1))
	TUI=$name
	TUI_SOCK[$name]=$T/tmux.$n_tui
	TUI_SIZE[$name]=$size
	mux new-session -d -s t -x "${size%x*}" -y "${size#*x}" \
		"TERM=${TUI_TERM:-tmux-256color} exec $(printf '%q ' "$@")" \; \
		set -g remain-on-exit on \; set -g status off \; \
		set -s escape-time 0 \; set -g history-limit 5000 &&
	mux resize-window -t t -x "${size%x*}" -y "${size#*x}"
}

tui_short() {
	local name=$1 size=$2
	shift 2
	tui_start "$name" "$size" bash -c \
		"$(printf '%q ' "$@"); echo \"END \$?\"; exec cat"
}
tui_ended() {
	STATUS=''
	tui_shows '^END [0-9]+$' "$@" &&
		STATUS=$(tui_text | sed -n 's/^END //p')
}

# tui_node NAME COLSxROWS [OPTION..]: as `node` of e2elib.sh, with a screen.
tui_node() {
	local name=$1 size=$2
	shift 2
	tui_start "$name" "$size" "$P2PTUI" --home "$T/$name" --listen 0 \
		--name "$name" --set lan-port="$LAN_PORT" "$@"
}

tui_stop() {
	local TUI=$1
	[ -z "${TUI_SOCK[$TUI]:-}" ] || mux kill-server 2>/dev/null
	unset "TUI_SOCK[$TUI]"
}

tui_clean_up() {
	local name
	for name in "${!TUI_SOCK[@]}"; do
		tui_stop "$name"
	done
	clean_up
}
trap tui_clean_up EXIT

# ---- in -------------------------------------------------------------------

tui_key() { mux send-keys -t t "$@"; }
tui_type() { mux send-keys -t t -l -- "$*"; }
# Raw bytes, as a terminal could send them: tui_bytes 1b 4f 50
tui_bytes() { mux send-keys -t t -H "$@"; }
tui_paste() {
	printf '%s' "$1" | mux load-buffer -b p - &&
	mux paste-buffer -p -r -d -b p -t t
}
# tui_resize SIZE: at some time.
tui_resize() {
	TUI_SIZE[$TUI]=$1
	mux resize-window -t t -x "${1%x*}" -y "${1#*x}"
}
tui_size() {
	local end=$((SECONDS + PATIENCE)) tty is
	tui_resize "$1"
	tty=$(mux display -t t -p '#{pane_tty}')
	while is=$(stty -F "$tty" size 2>/dev/null); do
		[ "$is" != "${1#*x} ${1%x*}" ] || return 0
		[ "$SECONDS" -le "$end" ] || break
		pause 0.02
	done
	diag "the terminal has ${is:-no size}, wanted $1"
	return 1
}
tui_signal() { kill -"$1" "$(tui_pid)"; }

# ---- out ------------------------------------------------------------------

tui_look() { mux capture-pane -t t -p; }
# The same once it stands still: half of what is being drawn tells nothing.
tui_text() {
	local end=$((SECONDS + 2)) now before=''
	while now=$(tui_look; echo .); [ "$now" != "$before" ]; do
		[ "$SECONDS" -le "$end" ] || break
		before=$now
		pause 0.02
	done
	printf %s "${now%.}"
}
tui_all() { mux capture-pane -t t -p -S -; }	# with the scrollback
tui_ansi() { mux capture-pane -t t -p -e -N; }	# with colours
tui_row() { tui_text | sed -n "$1p"; }		# from 1; negative not
tui_pid() { mux display -t t -p '#{pane_pid}'; }
tui_cursor() { mux display -t t -p '#{cursor_x} #{cursor_y}'; }	# from 0
# What a program must give back: "alternate cursor keypad mouse", 0 1 0 0 in
# a terminal as it was found.
tui_modes() {
	mux display -t t -p '#{alternate_on} #{cursor_flag} #{keypad_flag} #{mouse_any_flag}'
}
# tui_record FILE: from now on, every byte the program writes; tui_recorded:
# up to now, and all of it is in the file.
tui_record() {
	n_records=$((n_records + 1))
	mux pipe-pane -t t -o "cat >>$(printf %q "$1"); \
		: >$(printf %q "$T/recorded.$n_records")"
}
tui_recorded() {
	local end=$((SECONDS + PATIENCE))
	mux pipe-pane -t t
	until [ -e "$T/recorded.$n_records" ]; do
		[ "$SECONDS" -le "$end" ] || return 1
		pause 0.02
	done
}
# tui_png FILE: a picture, for people.
tui_png() {
	tui_ansi | "${TUI_PYTHON:-/usr/bin/python3}" \
		"${top_srcdir:-.}/tests/shot/ansi2png.py" -s 24 \
		-c "${TUI_SIZE[$TUI]}" "$1"
}

tui_dump() {
	echo "# $TUI's screen:"
	tui_text | sed 's/^/#  |/'
	# shellcheck disable=SC2012
	ls "$T"/san.* >/dev/null 2>&1 && sed 's/^/#  /' "$T"/san.*
}

tui_await() {		# yes|no REGEX SECONDS
	local end=$((SECONDS + $3)) found
	while :; do
		found=no
		tui_look 2>/dev/null | grep -qE -- "$2" && found=yes
		[ "$found" = "$1" ] && return 0
		[ "$SECONDS" -le "$end" ] || return 1
		pause 0.02
	done
}
tui_shows() {
	tui_await yes "$1" "${2:-$PATIENCE}" && return
	diag "waited for /$1/"
	tui_dump
	return 1
}
tui_lacks() {
	tui_await no "$1" "${2:-$PATIENCE}" && return
	diag "waited for /$1/ to go away"
	tui_dump
	return 1
}
# tui_is DESCRIPTION ROW REGEX: row ROW, now.
tui_is() { like "$1" "$(tui_row "$2")" "$3"; }

tui_alive() { [ "$(mux display -t t -p '#{pane_dead}')" = 0 ]; }

tui_ends() {
	local end=$((SECONDS + ${1:-$PATIENCE}))
	STATUS=''
	while :; do
		STATUS=$(mux display -t t -p '#{?pane_dead,#{pane_dead_status}#{?pane_dead_signal,signal #{pane_dead_signal},},}')
		[ -z "$STATUS" ] || return 0
		[ "$SECONDS" -le "$end" ] || break
		mux run-shell -b true
		pause 0.02
	done
	diag "$TUI: still running"
	tui_dump
	return 1
}

# No instrument found anything in any program of this test.
tui_sane() {
	local f
	for f in "$T"/san.*; do
		[ -e "$f" ] || return 0
		sed 's/^/# /' "$f"
	done
	return 1
}
