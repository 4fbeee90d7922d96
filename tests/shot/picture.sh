#!/usr/bin/env bash
# picture.sh OUT.png - the picture of the README: a real screen, real people.
# Run it from a build directory after the screen has changed:
#
#	top_srcdir=.. top_builddir=. ../tests/shot/picture.sh ../man/screen.png
out=${1:?usage: picture.sh OUT.png}
. "${top_srcdir:-.}/tests/tuilib.sh"

# Grace lives elsewhere: a relay of this machine plays the one between.
launch relay "${top_builddir:-.}/p2prelay" --data "$T/relay" --http off \
	--listen "127.0.0.1:$((LAN_PORT + 1))" \
	--name "127.0.0.1:$((LAN_PORT + 1))"
for ((i = 0; i < 200; i++)); do
	grep -q '^relay address' "$T/relay.out" && break
	pause 0.02
done
relay=$(sed -n 's/^relay address: //p' "$T/relay.out")

tui_node Lena 80x24 --set history=on --relay "$relay"
node Grace --lan off --set direct=never --relay "$relay"
event Grace '.event == "ready"'
grace=$(get link)
tui_shows 'relay' || exit 1
tui_type "/add $grace"
tui_key Enter
tui_type '/msg Grace are you home yet?'
tui_key Enter
event Grace '.event == "request"'
say Grace '/accept Lena'
tui_shows 'Grace +relay' || exit 1
node Bob
node Carol
node Dave
node Erin
tui_shows 'Erin' && tui_shows 'Carol' || exit 1
event Bob '.event == "peer" and .name == "Lena"'
say Bob '/query Lena'
say Bob 'are you there?'
say Dave '/msg Lena hello, it is Dave from the workshop'
tui_shows '2 requests' || exit 1
tui_type '/query Bob'
tui_key Enter
tui_shows 'are you there'
tui_type '/accept'
tui_key Enter
tui_shows 'CONTACTS'
tui_type '/verify Bob yes'
tui_key Enter
tui_shows '─ ✓ verified ─' || exit 1
tui_type 'yes, on the same wire 👋'
tui_key Enter
tui_shows 'read'
tui_type '/msg Carol lunch?'
tui_key Enter
event Carol '.event == "request"'
say Carol '/accept Lena'
say Carol '/msg Lena at twelve, 一緒に食べよう 🍜'
say Carol '/msg Lena and bring the cable'
tui_shows 'Carol .*2' || exit 1
say Bob 'good. The new build is on the shelf in the lab, the one with the green sticker: please try it before Thursday'
tui_shows 'before Thursday'
tui_type 'will do, and tell you what breaks'
tui_key Enter
tui_shows 'breaks'
say Bob '/me goes back to the soldering iron'
tui_shows 'soldering'
tui_key F2
tui_key Escape
tui_shows "LAN [<0]" || exit 1
pause 0.8
tui_png "$out"
tui_stop Lena
