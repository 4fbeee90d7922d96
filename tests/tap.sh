#!/bin/sh
# tap.sh PROGRAM ARG.. - runs a cmocka program and mends its TAP.
#
# cmocka 1.1.5 says "not ok N # SKIP name" for a skipped test, which counts
# as failed, and knows no reasons.  A test that prints "# skipped: REASON"
# before skip() becomes "ok N - name # SKIP REASON".  Failures are written to
# stderr, so both streams are one.
{
	rc=$({ { "$@" 2>&1; echo $? >&3; } | awk '
		/^# skipped: / { reason = substr($0, 12) }
		/^not ok [0-9]+ # SKIP / {
			print "ok " $3 " - " $6 " # SKIP " reason
			reason = ""
			next
		}
		{ print }
	' >&4; } 3>&1)
} 4>&1
exit "$rc"
