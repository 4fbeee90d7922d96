#!/bin/bash
# check-house.sh - the walls of the house that the build cannot see.
#
# HACKING.md draws the rooms.  The -iquote lists of Makefile.am keep each
# room from including upward; this holds the rest: what net may see of chat
# and tui of store and crypto, the one file that may use each library, what
# may never be written.  Speaks TAP.

set -u
cd "${top_srcdir:-$(dirname "$0")/..}" || exit 1

n=0
# is DESCRIPTION FINDINGS: an empty list of findings is a pass.
is() {
	n=$((n + 1))
	if [ -z "$2" ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		printf '%s\n' "$2" | head -n 20 | sed 's/^/# /'
	fi
}

# Every file that belongs to the project: tracked or about to be; in a
# release without git, everything that is no product of a build.
all_files() {
	if [ -e .git ] && git -c safe.directory='*' rev-parse >/dev/null 2>&1
	then
		git -c safe.directory='*' ls-files -co --exclude-standard | while IFS= read -r f; do
			[ -f "$f" ] && printf '%s\n' "$f"
		done
	else
		find . \( -name .git -o -name 'build*' -o -name '_build' -o -name '_inst' \
			-o -name autom4te.cache -o -name m4 \
			-o -name 'p2ptui-[0-9]*' \) -prune -o \
			-type f ! -name '*.o' ! -name '*.a' ! -name '*.log' \
			! -name '*.trs' ! -name configure ! -name '*.in' \
			! -name aclocal.m4 ! -name Makefile ! -name '*.m4' \
			-print | sed 's,^\./,,'
	fi | sort
}
files=$(all_files)
code=$(grep -E '^(src|net|tui)/.*\.[ch]$' <<<"$files")
# tests/bench/c is what others are measured by, and stays as it was measured.
tests_code=$(grep -E '^tests/.*\.[ch]$' <<<"$files" | grep -v '^tests/bench/c/')

# hits PATTERN FILES..: file:line of an extended regular expression in code,
# comments left out.
hits() {
	local pattern=$1
	shift
	[ $# -gt 0 ] || return 0
	pattern=$pattern awk '
	BEGIN { pattern = ENVIRON["pattern"] }
	FNR == 1 { inside = 0 }
	{
		s = $0
		if (inside) {
			if (!match(s, /\*\//))
				next
			s = substr(s, RSTART + 2)
			inside = 0
		}
		gsub(/\/\*([^*]|\*+[^*\/])*\*+\//, "", s)
		if (match(s, /\/\*/)) {
			s = substr(s, 1, RSTART - 1)
			inside = 1
		}
		if (s ~ pattern)
			print FILENAME ":" FNR ": " s
	}' "$@"
}

# only NAME PATTERN ALLOWED: the pattern stands in no code file but those
# that match ALLOWED.
only() {
	local rest
	rest=$(grep -Ev "$3" <<<"$code")
	# shellcheck disable=SC2086 # no file name here has blanks
	is "$1" "$(hits "$2" $rest)"
}

# ---- includes -------------------------------------------------------------

# Room of each header, then each include against the table.
# shellcheck disable=SC2086
includes=$(awk -v headers="$(tr '\n' ' ' <<<"$code")" '
	function room(path) {
		sub(/\/[^\/]*$/, "", path)
		sub(/^src\//, "", path)
		return path
	}
	BEGIN {
		k = split(headers, h, " ")
		for (i = 1; i <= k; i++)
			if (h[i] ~ /\.h$/) {
				name = h[i]
				sub(/.*\//, "", name)
				here = room(h[i])
				if (name in where)
					twice[name] = where[name] ", " here
				where[name] = here
				has[here " " name] = 1
			}
		may["base"] = " base "
		may["crypto"] = " crypto base "
		may["store"] = " store crypto base "
		may["chat"] = " chat store crypto base "
		may["net"] = " net crypto base "
		may["tui"] = " tui chat base "
		may["relay"] = " relay net crypto base "
		# One file through the wall, or plain structs only.
		door["net carrier.h"] = 1
		door["relay carrier.h"] = 1
		door["relay db.h"] = 1
		door["relay dbfile.h"] = 1
		door["relay schema.h"] = 1
		split("contact.h message.h card.h key.h", plain, " ")
		for (i in plain)
			door["tui " plain[i]] = 1
	}
	/^[ \t]*#[ \t]*include[ \t]*"/ {
		name = $0
		sub(/^[^"]*"/, "", name)
		sub(/".*/, "", name)
		here = room(FILENAME)
		# A quoted include looks beside its file first: such a
		# header is the room its own.
		if (here == "src" || (here " " name) in has)
			next
		if (name in twice) {
			print FILENAME ":" FNR ": which " name "? " twice[name]
			next
		}
		if (!(name in where)) {
			print FILENAME ":" FNR ": no such header: " name
			next
		}
		if (index(may[here], " " where[name] " ") == 0 &&
		    !((here " " name) in door))
			print FILENAME ":" FNR ": " here " may not see " \
				where[name] "/" name
	}' $code)
is "rooms include only what lies below them" "$includes"

# The structs of store and crypto are plain data to a screen: it calls no
# function of theirs.
tui=$(grep '^tui/' <<<"$code")
# shellcheck disable=SC2086
is "tui calls nothing of store and crypto" "$(hits \
	'(^|[^a-z_.>])(store|db|schema|contact|message|profile|vault|kdf|noise|seal|rand)_[a-z0-9_]+[(]' $tui)"

# ---- doormen: one file a library ------------------------------------------

only "curses only in tui/term.c" \
	'(include *<(ncursesw?/|curses|ncurses|term\.h)|(^|[^a-z_])(initscr|newterm|mvaddstr|mvadd_wch|setcchar|endwin)[(])' \
	'^tui/term(-info)?\.c$'
only "libqrencode only in tui/qr.c" \
	'(include *<qrencode|(^|[^a-z_])QR(code|input|spec)_)' '^tui/qr\.c$'
only "SQLite only in src/store/db.c" 'sqlite3' '^src/store/db\.c$'
only "libsodium only in src/crypto" \
	'(include *<sodium|(^|[^a-z_])(crypto_(aead|auth|box|core|generic|hash|kdf|kx|one|pw|scalar|secret|sign|stream|short|verify)[a-z0-9_]*[(]|sodium_[a-z0-9_]+[(]|randombytes_))' \
	'^src/crypto/'
only "select and epoll only in the loop" \
	'((^|[^a-z_])(p?select|epoll_[a-z0-9]+|kqueue)[(]|FD_SET[(]|sys/(select|epoll)\.h)' \
	'^src/base/loop(-[a-z]+)?\.c$'
only "sockets are made only in net/sock.c" '(^|[^a-z_])socket[(]' \
	'^net/sock\.c$'
only "c-ares only in net/resolve.c" '(include *<ares|(^|[^a-z_])ares_[a-z_]+[(])' \
	'^net/resolve\.c$'
only "libmicrohttpd only in src/relay/health.c" '(include *<microhttpd|(^|[^a-z_])MHD_)' \
	'^src/relay/health\.c$'
only "miniupnpc only in net/upnp.c" 'include *<miniupnp' '^net/upnp\.c$'
only "system call filters only in net/sandbox.c" \
	'(include *<(seccomp|linux/(landlock|seccomp))\.h|(^|[^a-z_])seccomp_[a-z_]+[(])' \
	'^net/sandbox\.c$'
only "children are started only in net/igd.c" \
	'(^|[^a-z_])(fork|vfork|exec[lv]p?e?|fexecve|posix_spawnp?)[(]' \
	'^net/igd\.c$'
only "threads are started only in src/base/work.c" \
	'(^|[^a-z_])pthread_(create|mutex_[a-z]+|cond_[a-z]+)[(]' \
	'^src/base/work\.c$'
only "usrsctp only in net/sctp.c" 'usrsctp[_.]' '^net/sctp\.c$'
only "utf8proc only in the text files of src/base" '(include *<utf8proc|utf8proc_)' \
	'^src/base/text[a-z-]*\.[ch]$'
only "jansson only in src/headless*.c" '(include *<jansson|(^|[^a-z_])json_[a-z_]+[(])' \
	'^src/headless(-json)?\.[ch]$'
# map seeds its hash against floods of chosen keys; SQL has its own random().
only "randomness only in src/crypto" \
	'((^|[^a-z_])(rand|random|srand|srandom|drand48|arc4random[a-z_]*|getrandom|getentropy)[(]|/dev/u?random)' \
	'^src/(crypto/|base/map\.c$|store/schema\.c$|relay/queue-file\.c$)'
only "no shell, no unbounded copies" \
	'(^|[^a-z_])(system|popen|strcpy|strcat|sprintf|vsprintf|gets|strtok|alloca|mktemp|tmpnam)[(]' \
	'^$'

# ---- shape ----------------------------------------------------------------

# shellcheck disable=SC2086
is "no file past 700 lines" "$(wc -l $code $tests_code |
	awk '$2 != "total" && $1 > 700 { print $2 ": " $1 " lines" }')"
# shellcheck disable=SC2086
is "no line past 80 columns" "$(LC_ALL=C awk '{
		s = $0
		while ((i = index(s, "\t")) > 0)
			s = substr(s, 1, i - 1) \
				substr("        ", 1, 8 - (i - 1) % 8) \
				substr(s, i + 1)
		# bytes that continue a character take no column
		gsub(/[\200-\277]/, "", s)
		if (length(s) > 80)
			print FILENAME ":" FNR ": " length(s) " columns"
	}' $code $tests_code)"
# shellcheck disable=SC2086
is "no space at the end of a line, no CR" \
	"$(grep -nE "[ 	]+\$|$(printf '\r')" $code $tests_code)"
# shellcheck disable=SC2086
is "no typedef of a struct" \
	"$(hits '^[ \t]*typedef[ \t]+(struct|enum|union)' $code $tests_code)"
# shellcheck disable=SC2086
is "headers guard themselves by their own name" "$(
	for f in $code; do
		case $f in *.h) ;; *) continue ;; esac
		g=${f##*/}
		g=$(tr 'a-z.-' 'A-Z__' <<<"$g")
		grep -qE "^#ifndef ([A-Z]+_)?$g\$" "$f" || echo "$f: no #ifndef $g"
	done)"

# ---- words ----------------------------------------------------------------

words=$(grep -vE '^(LICENSE|tests/fuzz/corpus/|.*\.(png|xz)$)' <<<"$files")
# shellcheck disable=SC2086
is "nothing left to be done" \
	"$(grep -nwE 'TOD[O]|FIXM[E]|XX[X]|not implement[e]d' $words)"
# shellcheck disable=SC2046,SC2086
is "no path of somebody's machine" "$(
	grep -nE '(^|[^a-zA-Z0-9_./-])/(wor[k]|hom[e]/[a-z]+)/' $words
	grep -nE '\.\./share[d]' $(grep -vx '\.ci/run' <<<"$words"))"

# ---- every file has its place ---------------------------------------------

listed=$(sed -e ':a' -e '/\\$/N; s/\\\n/ /; ta' Makefile.am)
is "every source and test stands in Makefile.am" "$(
	grep -E '^(src|net|tui|tests)/.*\.([ch]|test)$' <<<"$files" |
	while read -r f; do
		case $f in
		# of a checkout, not of a release
		tests/bench/*) continue ;;
		tests/lab/*)
			d=${f%/*}
			grep -qE "(^|[[:space:]])$d([[:space:]/]|\$)" \
				<<<"$listed" || echo "$f"
			continue ;;
		tests/*.c) f=${f%.c} ;;
		esac
		grep -qF "$f" <<<"$listed" || echo "$f"
	done)"

echo "1..$n"
