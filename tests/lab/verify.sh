#!/bin/bash
# shellcheck disable=SC2005,SC2015,SC2016,SC2034,SC2046,SC2086,SC2119,SC2120,SC2231,SC2317 # terse tables
# verify.sh [SECTION...] - checks that the lab does what README says. Sections: nat punch double events igd impair mtu v6
# Brings its own lab up (LAB=vfy) and down again. Prints one line per check; exit status 0 = all as expected.
cd "$(dirname "$0")" || exit; export LAB=${LAB:-vfy}; L=./lab.sh; PY=python3; bad=0; total=0
want() { # want "text" REGEX output
    total=$((total + 1)); if [[ $3 =~ $2 ]]; then echo "ok    $1 | $3"; else echo "WRONG $1 | wanted /$2/ got: $3"; bad=$((bad + 1)); fi; }
probe() { $L exec "${1:-h11}" $PY natprobe.py; }
punch() { timeout 60 $PY punch.py "$@" 2>&1 | tail -1; }
loss_of() { $L exec h11 ping -q -c"${2:-400}" -i0.002 "$1" | sed -n 's/.* \([0-9.]*\)% packet loss.*/\1/p'; }
rtt_of() { $L exec h11 ping -q -c5 -i0.1 "$1" | sed -n 's,^rtt [^=]*= [0-9.]*/\([0-9]*\)\..*,\1,p'; }
t0=$(date +%s.%N); $L up || exit 1; $L svc start stun; want "lab up in seconds" '^[0-4]\.' "$(printf %.2f "$(echo "$(date +%s.%N) $t0" | awk '{print $1-$2}')")"; trap '$L down' EXIT
sec() { [ -z "$ONLY" ] || [[ " $ONLY " == *" $1 "* ]] && { echo "== $1"; return 0; }; return 1; }; ONLY="$*"
if sec nat; then
    for x in none=mapping=NONE.filtering=EIF full=mapping=EIM.filtering=EIF.*hairpin=no addr=mapping=EIM.filtering=ADF port=mapping=EIM.filtering=APDF.preserve=yes loose=mapping=EIM.filtering=APDF seq=mapping=APDM.filtering=APDF sym=mapping=APDM.filtering=APDF.preserve=no udpblock=BLOCKED; do
        $L nat r1 ${x%%=*}; want "nat ${x%%=*}" "${x#*=}" "$(probe)"; done
    for t in full port; do $L nat r1 $t; $L hairpin r1 on; want "nat $t + hairpin" 'hairpin=yes' "$(probe)"; $L hairpin r1 off; done
    $L nat r1 port; $L exec r1 sysctl -qw net.netfilter.nf_conntrack_udp_timeout=2 net.netfilter.nf_conntrack_udp_timeout_stream=2
    want "udpttl" '2' "$($L exec r1 sysctl -n net.netfilter.nf_conntrack_udp_timeout)"; $L udpttl r1 30 120
    want "tcp 443 through udpblock" '^reachable' "$($L nat r1 udpblock; $PY mapcheck.py pub tcp 443 203.0.113.20 443 h11)"
    want "tcp 8443 blocked" 'unreachable' "$($PY mapcheck.py pub tcp 8443 203.0.113.20 8443 h11; $L nat r1 port)"
fi
if sec punch; then
    for c in full-full:P full-port:P full-seq:P full-sym:P addr-addr:P addr-port:P addr-seq:P addr-sym:P port-port:P port-seq:F port-sym:F seq-seq:F seq-sym:F sym-sym:F none-sym:P port-udpblock:F; do
        a=${c%%-*}; b=${c#*-}; b=${b%:*}; $L nat r1 $a; $L nat r2 $b; want "punch $a - $b" "^$([ ${c#*:} = P ] && echo PUNCHED || echo FAILED)" "$(punch h11 h21 --time 2)"; done
    for c in port-seq port-sym; do $L nat r1 ${c%-*}; $L nat r2 ${c#*-}; want "punch $c with prediction / 256 sockets" '^PUNCHED' "$(punch h11 h21 --time 8 --tricks)"; done
    $L nat r1 loose; $L nat r2 loose; want "loose - loose, B 0.5 s late" '^FAILED' "$(punch h11 h21 --time 3 --wait-b 500)"
    want "loose - loose, low TTL first, B 0.2 s late" '^PUNCHED' "$(punch h11 h21 --time 3 --wait-b 200 --ttl 3)"
    $L nat r1 port; $L nat r2 port
fi
if sec double; then
    $L double r1 on port; want "double NAT (port) - port" '^PUNCHED' "$(punch h11 h21 --time 2)"
    $L nat cgn1 sym; want "double NAT (carrier sym) - port" '^FAILED' "$(punch h11 h21 --time 2)"
    $L nat cgn1 port; $L double r2 on port; want "double - double (two carriers)" '^PUNCHED' "$(punch h11 h21 --time 2)"
    $L double r2 same port; want "same carrier, no hairpin" '^FAILED' "$(punch h11 h21 --time 2)"
    $L hairpin cgn1 on; want "same carrier, hairpin" '^PUNCHED' "$(punch h11 h21 --time 2)"
    $L hairpin cgn1 off; $L double r2 off; $L double r1 off; want "back to single NAT" '^PUNCHED' "$(punch h11 h21 --time 2)"
fi
if sec events; then
    want "same LAN" 'PUNCHED.*via host' "$(punch h11 h12 --time 2)"
    $L isolate r1 on; want "AP isolation" '^FAILED' "$(punch h11 h12 --time 2)"; $L hairpin r1 on; want "AP isolation + hairpin" 'PUNCHED.*srflx' "$(punch h11 h12 --time 2)"; $L hairpin r1 off; $L isolate r1 off
    B='import socket,sys,select,time
s=socket.socket(socket.AF_INET,socket.SOCK_DGRAM); s.setsockopt(1,6,1); s.setsockopt(1,2,1); s.bind(("",54545)); print("up",flush=True); n=0; end=time.time()+1.2
while (w:=end-time.time())>0:
    if select.select([s],[],[],w)[0]: d,a=s.recvfrom(99); n+=1; print(a[0],flush=True)'
    bc() { for h in h11 h12 h13 h21; do $L exec $h $PY -c "$B" >/tmp/$LAB.$h & done; sleep 0.5; $L exec h11 $PY -c "import socket; s=socket.socket(socket.AF_INET,socket.SOCK_DGRAM); s.setsockopt(1,6,1); s.sendto(b'x',('$1',54545))"; wait; echo $(for h in h11 h12 h13 h21; do grep -qv up /tmp/$LAB.$h && echo $h; rm -f /tmp/$LAB.$h; done); }
    want "broadcast 192.168.1.255 heard by" '^h11 h12 h13$' "$(bc 192.168.1.255)"; want "broadcast 255.255.255.255 heard by" '^h11 h12 h13$' "$(bc 255.255.255.255)"
    $L roam h11 r2; want "roam h11 to LAN2" '192.168.2.11.*PUNCHED.*via host' "$($L exec h11 ip -br a show eth0) $(punch h11 h21 --time 2)"; $L roam h11 r1
    $L addr h11 192.168.1.77/24; want "address change" '192.168.1.77' "$(punch h11 h12 --time 2)"; $L addr h11 192.168.1.11/24
    $L link h11 down; want "link down" 'FAILED' "$(punch h11 h12 --time 2)"; $L link h11 up; want "link up" 'PUNCHED' "$(punch h11 h12 --time 2)"
    $L dual h13 r2; want "dual-homed" '192.168.1.13/24.*192.168.2.113/24' "$($L exec h13 ip -br a | tr '\n' ' ')"; $L dual h13 off
    $L wanip r1 198.51.100.11/29 198.51.100.9; want "WAN address change" 'ext=198.51.100.11' "$(probe)"; $L wanip r1 198.51.100.10/29 198.51.100.9
    want "DNS SRV" '10 60 443 relay.p2.test' "$($L exec h11 dig +short SRV _p2ptui-relay._tcp.p2.test | tr '\n' ' ')"
    $L exec pub turnutils_peer -L 203.0.113.20 >/dev/null 2>&1 & tp=$!; $L nat r1 udpblock
    want "TURN over TCP 443 from a UDP-blocked LAN" 'tot_recv_msgs=5' "$($L exec h11 timeout 10 turnutils_uclient -t -c -u p2 -w secret -p 443 -e 203.0.113.20 -n 5 -m 1 203.0.113.11 2>&1 | grep tot_recv_msgs | tail -1)"; kill $tp; $L nat r1 port
fi
if sec igd; then
    E=44.128.1.10; $L igd r1 on; up() { $L exec h11 upnpc "$@" 2>&1; }; pm() { $L exec h11 natpmpc "$@" 2>&1 | tr '\n' ' '; }; pcp() { $L exec h11 $PY pcp.py 192.168.1.1 "$@"; }
    want "UPnP add" 'is redirected' "$(up -a 192.168.1.11 5555 25555 UDP 600 | tail -1)"; want "  reachable from pub" '^reachable' "$($PY mapcheck.py h11 udp 5555 $E 25555)"; want "  unmapped port" '^unreachable' "$($PY mapcheck.py h11 udp 5556 $E 25556)"
    want "UPnP conflict" '718' "$($L exec h12 upnpc -a 192.168.1.12 5555 25555 UDP 600 2>&1 | tail -1)"
    want "UPnP delete" 'returned : 0' "$(up -d 25555 UDP | tail -1)"; want "  gone" '^unreachable' "$($PY mapcheck.py h11 udp 5555 $E 25555)"
    want "UPnP TCP" '^reachable' "$(up -a 192.168.1.11 5555 25555 TCP 600 >/dev/null; $PY mapcheck.py h11 tcp 5555 $E 25555; up -d 25555 TCP >/dev/null)"
    want "NAT-PMP add" 'Mapped public port 26666' "$(pm -a 26666 5555 udp 60)"; want "  reachable from h21" '^reachable' "$($PY mapcheck.py h11 udp 5555 $E 26666 h21)"; want "NAT-PMP delete" 'liftime 0' "$(pm -a 0 5555 udp 0)"; want "  gone" '^unreachable' "$($PY mapcheck.py h11 udp 5555 $E 26666)"
    N=00112233445566778899aabb; want "PCP MAP" "SUCCESS.*$E:27777" "$(pcp map udp 5555 27777 3 $N)"; want "  reachable" '^reachable' "$($PY mapcheck.py h11 udp 5555 $E 27777)"; sleep 4; want "  lease over" '^unreachable' "$($PY mapcheck.py h11 udp 5555 $E 27777)"
    want "PCP delete" 'SUCCESS lifetime=0' "$(pcp map udp 5555 27778 60 $N >/dev/null; pcp map udp 5555 27778 0 $N)"
    $L igd r1 on pmponly; want "no UPnP, PCP only" 'SUCCESS' "$(pcp map udp 5555 27777 60 $N)"; $L igd r1 on upnponly; want "no PCP, UPnP only" 'no PCP' "$(pcp announce)"
    $L igd r1 off; $L double r1 on port; $L igd r1 on; want "IGD behind CGNAT: PCP" 'NO_RESOURCES' "$(pcp map udp 5555 27777 60 $N)"; want "IGD behind CGNAT: UPnP" 'not connected' "$(up -s | grep -i connected)"; $L igd r1 off; $L double r1 off
fi
if sec impair; then
    $L delay r1 40; want "delay 40 each way" '^8[0-2]$' "$(rtt_of 203.0.113.10)"; $L delay r1 off; want "off" '^0$' "$(rtt_of 203.0.113.10)"
    $L impair r1 loss 20; want "loss 20% each way (36%)" '^(2[89]|3[0-9]|4[0-4])' "$(loss_of 203.0.113.10 600)"; $L impair r1 off
    $L impair h11 delay 10 loss 10; want "on a host's own link (LAN)" '^(1[2-9]|2[0-6])' "$(loss_of 192.168.1.12 600)"; $L impair h11 off
    $L impair r1 delay 30 reorder 20; want "reorder" 'yes' "$($L exec h11 ping -c30 -i0.005 203.0.113.10 | sed -n 's/.*icmp_seq=\([0-9]*\).*/\1/p' | awk '$1<m{r=1}{if($1>m)m=$1}END{print r?"yes":"no"}')"; $L impair r1 off
    $L rate r1 8mbit; $L exec srv iperf3 -s -1 -D; sleep 0.3; want "rate 8 Mbit/s" '^[678]\.' "$($L exec h11 iperf3 -c 203.0.113.10 -t 2 | sed -n 's,.* \([0-9.]*\) Mbits/sec.*receiver,\1,p')"; $L rate r1 off
fi
if sec mtu; then
    big() { $L exec h11 ping -q -c1 -W1 -M "do" -s "$1" 203.0.113.10 2>&1 | tr '\n' ' '; }
    $L mtu r1 1300; want "MTU 1300: 1300 bytes do not fit, ICMP says so" 'mtu=1300|Frag needed|\+1 errors' "$(big 1300)"; want "MTU 1300: 1228 bytes (1200 of UDP payload) fit" ' 0% packet loss' "$(big 1200)"
    $L mtu r1 1300 blackhole; $L exec h11 ip route flush cache; want "MTU 1300, black hole" '100% packet loss' "$($L exec srv ping -q -c1 -W1 -M "do" -s 1300 198.51.100.10 | grep loss)"; $L mtu r1 1500; want "MTU 1500 again" ' 0% packet loss' "$(big 1300)"
fi
if sec v6; then
    $L v6 on; want "v6 to srv" ' 0% packet loss' "$($L exec h11 ping -6 -q -c1 -W1 2001:db8:f::10 | grep loss)"; want "v6 unsolicited in is dropped" '100% packet loss' "$($L exec pub ping -6 -q -c1 -W1 2001:db8:1::11 | grep loss)"
    S='import socket,sys,time; s=socket.socket(socket.AF_INET6,socket.SOCK_DGRAM); s.bind(("",7777)); s.settimeout(0.1); ok=0
for i in range(15):
    s.sendto(b"x",(sys.argv[1],7777))
    try: s.recvfrom(9); ok=1
    except OSError: pass
print("punched" if ok else "no")'
    $L exec h21 $PY -c "$S" 2001:db8:1::11 >/dev/null & want "v6 punch through two stateful firewalls" 'punched' "$($L exec h11 $PY -c "$S" 2001:db8:2::21)"; wait $!
    $L v6 off; want "v6 off" '^$' "$($L exec h11 ip -6 -o a show scope global)"
fi
echo "== $((total - bad)) of $total as expected"; exit $((bad > 0))
