#!/bin/sh
# again.sh TRS.. - what failed among the others gets one more chance, alone.
#
# Puts the logs of the files that failed aside as NAME.first, so that make
# runs them again, and names them.  Says 1 when there is nothing to repeat:
# none failed, or so many that no accident of timing explains it.
failed=
count=0
for trs in "$@"; do
	if grep -qE '^:test-result: (FAIL|XPASS|ERROR)' "$trs" 2>/dev/null; then
		failed="$failed ${trs%.trs}"
		count=$((count + 1))
	fi
done
[ "$count" -gt 0 ] && [ "$count" -le 3 ] || exit 1
for name in $failed; do
	echo "# again, alone: $name"
	mv -f "$name.log" "$name.first" && rm -f "$name.trs"
done
