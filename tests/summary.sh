#!/bin/sh
# Sums Automake's .trs files ("-": standard input) into one line that a
# person and a CI can read: N passed, N failed, N skipped.
cat "$@" /dev/null 2>/dev/null | awk '
	/^:test-result: (PASS|XFAIL)/ { passed++ }
	/^:test-result: (FAIL|XPASS|ERROR)/ { failed++ }
	/^:test-result: SKIP/ { skipped++ }
	END {
		printf "%d passed, %d failed, %d skipped\n", \
			passed, failed, skipped
	}'
