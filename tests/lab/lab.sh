#!/bin/bash
# lab.sh - two LANs behind routers, a carrier and an internet, in network
# namespaces: root, one machine, no outside traffic.  README.md draws it.
# Everything is named $LAB-*, so two labs with different LAB do not meet.
# shellcheck disable=SC1091,SC2015,SC2046,SC2086 # words of tables, no blanks
set -u
LAB=${LAB:-p2}
ST=/run/p2lab-$LAB
DIR=$(cd "$(dirname "$0")" && pwd)
NS="inet srv pub cgn1 cgn2 r1 r2 h11 h12 h13 h21 h22 h23"
LAN1=${LAN1:-192.168.1}; LAN2=${LAN2:-192.168.2}   # LAN2=192.168.1 at `up` gives two LANs with the same subnet
[ -f "$ST/env" ] && . "$ST/env"
DNS=203.0.113.53
die() { echo "lab: $*" >&2; exit 1; }
n() { local h=$1; shift; ip netns exec "$LAB-$h" "$@"; }        # run in node
ipn() { local h=$1; shift; ip -n "$LAB-$h" "$@"; }
sysn() { local h=$1; shift; n "$h" sysctl -qw "$@"; }
isnode() { case " $NS " in *" $1 "*) ;; *) die "no node '$1' ($NS)";; esac; }
put() { echo "$3" >"$ST/$1.$2"; }
get() { cat "$ST/$1.$2" 2>/dev/null || echo "${3:-}"; }
idx() { case $1 in *2) echo 2;; *) echo 1;; esac; }              # r1/cgn1 -> 1, r2/cgn2 -> 2
lan() { [ "$(idx "$1")" = 1 ] && echo "$LAN1" || echo "$LAN2"; }
# public side of customer link i, and the carrier's own public address
gw() { [ "$1" = 1 ] && echo 198.51.100.9 || echo 198.51.100.137; }
wan() { [ "$1" = 1 ] && echo 198.51.100.10 || echo 198.51.100.138; }
carrier() { [ "$1" = 1 ] && echo 198.51.100.2 || echo 198.51.100.130; }

link() { #- NODE_A IF_A NODE_B IF_B
    ip link add "$2" netns "$LAB-$1" type veth peer name "$4" netns "$LAB-$3"; }
plug() { #- HOST IF ROUTER PORT : a host into a LAN bridge
    link "$1" "$2" "$3" "$4"; ipn "$3" link set "$4" master lan up; ipn "$1" link set "$2" up; }

up() {
    [ -d "$ST" ] && die "already up (lab.sh down first)"
    mkdir -p "$ST"; local h i k; echo "LAN1=$LAN1 LAN2=$LAN2" >"$ST/env"
    [ -x "$ST/impair" ] || cc -O2 -D_GNU_SOURCE -o "$ST/impair" "$DIR/impair.c" || die "cc impair.c"
    for h in $NS; do
        ip netns add "$LAB-$h"
        until mkdir -p "/etc/netns/$LAB-$h" 2>/dev/null; do sleep 0.01; done   # another lab's `down` may remove the upper one
        printf 'nameserver %s\noptions timeout:2 attempts:2\n' $DNS >"/etc/netns/$LAB-$h/resolv.conf"
        n "$h" sh -c 'sysctl -qw net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_ra=0 net.ipv4.ping_group_range="0 2147483647"; ip link set lo up'
    done
    # the internet: inet is a plain router; srv and pub are public hosts on a bridge
    ipn inet link add net0 type bridge; ipn inet addr add 203.0.113.1/24 dev net0; ipn inet link set net0 up
    for h in srv pub; do
        link $h eth0 inet p-$h; ipn inet link set p-$h master net0 up; ipn $h link set eth0 up
    done
    for k in 10 11 53; do ipn srv addr add 203.0.113.$k/24 brd + dev eth0; done
    ipn pub addr add 203.0.113.20/24 brd + dev eth0
    for h in srv pub; do ipn $h route add default via 203.0.113.1; done
    for i in 1 2; do
        # inet -- cgn$i (carrier, normally just routes) -- r$i -- LAN bridge
        link inet isp$i cgn$i wan
        ipn inet addr add $( [ $i = 1 ] && echo 198.51.100.1/30 || echo 198.51.100.129/30 ) dev isp$i; ipn inet link set isp$i up
        ipn inet route add $( [ $i = 1 ] && echo 198.51.100.8/29 || echo 198.51.100.136/29 ) via "$(carrier $i)"
        ipn inet route add 44.128.$i.0/24 via "$(carrier $i)"
        ipn cgn$i addr add "$(carrier $i)/30" dev wan; ipn cgn$i link set wan up
        ipn cgn$i route add default via $( [ $i = 1 ] && echo 198.51.100.1 || echo 198.51.100.129 )
        link cgn$i cust$i r$i wan
        ipn cgn$i link set cust$i up; ipn r$i link set wan up
        for k in "$(gw $i)/29" 44.128.$i.1/24 100.64.$i.1/24; do ipn cgn$i addr add "$k" dev cust$i; done
        ipn r$i link add lan type bridge mcast_snooping 0; ipn r$i addr add "$(lan r$i).1/24" brd + dev lan; ipn r$i link set lan up
        for k in 1 2 3; do
            plug h$i$k eth0 r$i p-h$i$k
            ipn h$i$k addr add "$(lan r$i).$i$k/24" brd + dev eth0; ipn h$i$k route add default via "$(lan r$i).1"
        done
        wan_addr r$i "$(wan $i)/29" "$(gw $i)"
    done
    for h in inet cgn1 cgn2 r1 r2; do
        n $h sh -c 'sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1; sysctl -qw net.bridge.bridge-nf-call-iptables=0 net.bridge.bridge-nf-call-ip6tables=0 net.bridge.bridge-nf-call-arptables=0 2>/dev/null; :'
    done
    # the carrier net never carries RFC 1918 destinations unless a router has "nat none"
    for h in r1 r2; do nat $h port; done
    svc start dns
}

wan_addr() { # wanip ROUTER ADDR/LEN GW : give the router its (only) WAN address
    ipn "$1" addr flush dev wan scope global; ipn "$1" addr add "$2" dev wan
    ipn "$1" route replace default via "$3"; put "$1" wan "${2%/*}"
    [ -n "$(get "$1" nat)" ] && nat "$1" $(get "$1" nat); :
}

svc() { # svc start|stop dns|stun : stun is coturn, on 203.0.113.10 and .11, 3478 and 3479
    if [ "$1" = stop ]; then stopd "$2"; return; fi
    case $2 in
    dns)
        cat >"$ST/dns.conf" <<-EOF
		no-resolv
		no-hosts
		no-daemon
		user=root
		bind-interfaces
		listen-address=$DNS
		local=/test/
		host-record=srv.p2.test,203.0.113.10
		host-record=relay.p2.test,203.0.113.10
		host-record=stun.p2.test,203.0.113.10
		host-record=pub.p2.test,203.0.113.20
		host-record=v6.p2.test,203.0.113.10,2001:db8:f::10
		host-record=dead6.p2.test,203.0.113.10,2001:db8:dead::1
		srv-host=_p2ptui-relay._tcp.p2.test,relay.p2.test,443,10,60
		EOF
        ip netns exec "$LAB-srv" dnsmasq -C "$ST/dns.conf" >"$ST/dns.log" 2>&1 & echo $! >"$ST/dns.pid"
        await udp 53 srv;;
    stun)
        cat >"$ST/turn.conf" <<-EOF
		listening-ip=203.0.113.10
		listening-ip=203.0.113.11
		relay-ip=203.0.113.10
		listening-port=3478
		alt-listening-port=3479
		min-port=50000
		max-port=50999
		realm=p2.test
		lt-cred-mech
		user=p2:secret
		userdb=$ST/turndb
		aux-server=203.0.113.11:443
		no-tls
		no-dtls
		no-cli
		relay-threads=1
		log-file=$ST/turn.log
		simple-log
		pidfile=$ST/turn.pidfile
		EOF
        ip netns exec "$LAB-srv" turnserver -c "$ST/turn.conf" >"$ST/turn.out" 2>&1 & echo $! >"$ST/stun.pid"
        await udp 3478 srv;;
    *) die "svc: dns|stun";;
    esac
}
await() { #- wait for a port
    local k; for k in $(seq 400); do n "$3" ss -Hln"${1:0:1}" "sport = :$2" 2>/dev/null | grep -q . && return; sleep 0.05; done; die "$1/$2 in $3 did not start"; }
stopd() { #- stop one recorded daemon, by its pid
    local f=$ST/$1.pid p k; [ -f "$f" ] || return 0; p=$(cat "$f")
    for k in $(seq 60); do mine "$p" && kill $( [ "$k" -ge 40 ] && echo -9 ) "$p" 2>/dev/null; gone "$p" && break; sleep 0.05; done; rm -f "$f"; }
mine() { case $(ip netns identify "$1" 2>/dev/null) in "$LAB"-*) ;; *) return 1;; esac; }   # the dead leave their numbers to others
gone() { [ ! -e "/proc/$1" ] || grep -q '^State:.*Z' "/proc/$1/status" 2>/dev/null; }

down() {
    local h p
    for h in $NS; do
        [ -e "/run/netns/$LAB-$h" ] || continue
        for p in $(ip netns pids "$LAB-$h"); do kill -9 "$p" 2>/dev/null; done   # only what was started inside this lab
        ip netns del "$LAB-$h"; rm -rf "/etc/netns/$LAB-$h"
    done
    rmdir /etc/netns 2>/dev/null; rm -rf "$ST"; }

# ---- NAT ---------------------------------------------------------------------------------
nat() { # nat r1|r2|cgn1|cgn2 none|full|addr|port|loose|sym|seq|udpblock [LO-HI] (LO-HI: port pool of sym)
    local h=$1 t=$2 range=${3:-} w lanif='!= "wan"' inp='iifname "wan" ct state new meta l4proto { tcp, udp } drop' masq pre='' post='' fwd='' sets='' to='' v6=accept
    case $h in r1|r2|cgn1|cgn2) ;; *) die "nat: r1 r2 cgn1 cgn2";; esac
    w=$(get "$h" wan "$(carrier "$(idx "$h")")")
    [ -n "$range" ] && to="to :$range"
    masq="oifname \"wan\" meta nfproto ipv4 masquerade $to"
    # full/addr: EIM comes from masquerade keeping the port; the filter is opened by a map filled by
    # the outgoing packets and used to DNAT what comes in. hairpin uses the same map from the inside.
    local eim='map eim { type inet_service : ipv4_addr . inet_service; flags dynamic,timeout; timeout 10m; }'
    local adf='map adf { type ipv4_addr . inet_service : ipv4_addr . inet_service; flags dynamic,timeout; timeout 10m; }'
    local learn='oifname "wan" meta l4proto udp update @eim { udp sport : ip saddr . udp sport }'
    fwd="ct state established,related accept; ct status dnat accept; iifname $lanif accept; drop"
    case $t in
    none) masq=''; fwd='accept';;
    port) ;;
    loose) inp='';;                                            # as port, but no input firewall: answers ICMP unreachable
    full) sets=$eim; post="$learn;"; pre='iifname "wan" meta l4proto udp dnat ip to udp dport map @eim;';;
    addr) sets=$adf; post='oifname "wan" meta l4proto udp update @adf { ip daddr . udp sport : ip saddr . udp sport };'
          pre='iifname "wan" meta l4proto udp dnat ip to ip saddr . udp dport map @adf;';;
    sym)  masq="meta nfproto ipv4 oifname \"wan\" meta l4proto { tcp, udp } masquerade $to fully-random; meta nfproto ipv4 oifname \"wan\" masquerade";;
    seq)  masq="meta nfproto ipv4 oifname \"wan\" meta l4proto { tcp, udp } masquerade to :numgen inc mod 512 map { $(for i in $(seq 0 511); do echo -n "$i : $((40000 + i)),"; done) }; meta nfproto ipv4 oifname \"wan\" masquerade";;
    udpblock) fwd="ct state established,related accept; iifname $lanif tcp dport 443 accept; iifname $lanif ip daddr $DNS udp dport 53 accept; drop"; v6='tcp dport 443 accept; drop';;
    *) die "nat: none full addr port loose sym seq udpblock";;
    esac
    if [ "$(get "$h" hairpin off)" = on ]; then
        case $t in port|loose) sets=$eim; post="$post $learn;";; esac
        case $t in full|port|loose)
            pre="$pre iifname $lanif ip daddr $w meta l4proto udp dnat ip to udp dport map @eim;"
            post="$post iifname $lanif oifname $lanif ct status dnat snat ip to $w;";; esac
        # sym/seq/addr: no hairpin (the map knows the inside port only)
    fi
    n "$h" nft -f - <<-EOF || die "nft $h $t"
	table inet lab { }
	delete table inet lab
	table inet lab {
	  $sets
	  chain n_pre { type nat hook prerouting priority -110; $pre
	  }
	  chain n_post { type nat hook postrouting priority 90; $post
	    $masq
	  }
	  chain f_v4 { $fwd
	  }
	  chain f_v6 { $v6
	  }
	  chain f_all { type filter hook forward priority 10; meta nfproto ipv6 ct state established,related accept; meta nfproto ipv6 iifname "wan" icmpv6 type != echo-request accept; meta nfproto ipv6 iifname "wan" drop; meta nfproto ipv6 goto f_v6; jump f_v4
	  }
	  chain f_in { type filter hook input priority 10; $inp
	  }
	}
	EOF
    put "$h" nat "$t${range:+ $range}"
    n "$h" conntrack -F >/dev/null 2>&1
    case $h in r*) private_route "$h" "$t";; esac
}
private_route() { #- RFC 1918 is routed on "the internet" only to a router without NAT
    local i c net; i=$(idx "$1"); c=$(get "$1" cgn "cgn$i"); net=$(lan "$1").0/24
    if [ "$2" = none ]; then
        ipn inet route replace "$net" via "$(carrier "$(idx "$c")")"; ipn "$c" route replace "$net" via "$(get "$1" wan)"
    else
        ipn inet route replace unreachable "$net"; ipn "$c" route del "$net" 2>/dev/null; :
    fi; }
hairpin() { # hairpin NODE on|off (full, port, loose)
    put "$1" hairpin "$2"; nat "$1" $(get "$1" nat port); }
double() { # double r1 on [CGNTYPE] | off ; double r2 same [CGNTYPE]: behind r1's carrier
    local r=$1 i c; i=$(idx "$r"); c=$(get "$r" cgn "cgn$i")
    case $2 in
    off) move_cust "$r" "cgn$i"; wan_addr "$r" "$(wan "$i")/29" "$(gw "$i")"; nat "cgn$i" none;;
    on) move_cust "$r" "cgn$i"; wan_addr "$r" "100.64.$i.2/24" "100.64.$i.1"; nat "cgn$i" ${3:-port};;
    same) move_cust "$r" cgn1; wan_addr "$r" "100.64.$i.2/24" "100.64.$i.1"; nat cgn1 ${3:-port};;
    esac; }
move_cust() { #- plug router's WAN into another carrier
    local r=$1 to=$2 i cur k; i=$(idx "$r"); cur=$(get "$r" cgn "cgn$i"); [ "$cur" = "$to" ] && return
    ipn "$cur" link set "cust$i" netns "$LAB-$to"; ipn "$to" link set "cust$i" up
    for k in "$(gw "$i")/29" 44.128.$i.1/24 100.64.$i.1/24; do ipn "$to" addr add "$k" dev "cust$i"; done
    put "$r" cgn "$to"; }
udpttl() { # udpttl ROUTER SECS [STREAM_SECS] : how long a UDP mapping lives
    sysn "$1" net.netfilter.nf_conntrack_udp_timeout="$2" net.netfilter.nf_conntrack_udp_timeout_stream="${3:-$2}"; }

igd() { # igd ROUTER on|off [pmponly|upnponly] : miniupnpd. It refuses documentation addresses, so the WAN moves to 44.128.i.10
    local r=$1 i up=yes pmp=yes; i=$(idx "$r")
    stopd "igd-$r"; n "$r" nft delete table inet miniupnpd 2>/dev/null
    if [ "$2" = off ]; then [ "$(get "$r" wan)" = 44.128.$i.10 ] && wan_addr "$r" "$(wan "$i")/29" "$(gw "$i")"; return 0; fi
    case ${3:-} in pmponly) up=no;; upnponly) pmp=no;; esac
    case $(get "$r" wan) in 198.51.100.*) wan_addr "$r" 44.128.$i.10/24 44.128.$i.1;; esac   # a double-NATed router keeps 100.64
    n "$r" nft -f - <<-EOF
	table inet miniupnpd {
	  chain forward { type filter hook forward priority 0; policy accept; jump miniupnpd
	  }
	  chain miniupnpd { }
	  chain prerouting { type nat hook prerouting priority -100; policy accept; jump prerouting_miniupnpd
	  }
	  chain prerouting_miniupnpd { }
	  chain postrouting { type nat hook postrouting priority 100; policy accept; jump postrouting_miniupnpd
	  }
	  chain postrouting_miniupnpd { }
	}
	EOF
    cat >"$ST/igd-$r.conf" <<-EOF
	ext_ifname=wan
	listening_ip=lan
	port=5000
	enable_upnp=$up
	enable_natpmp=$pmp
	upnp_table_name=miniupnpd
	upnp_nat_table_name=miniupnpd
	secure_mode=yes
	min_lifetime=2
	max_lifetime=86400
	notify_interval=60
	uuid=7d0c5f4e-0000-4000-8000-00000000000$i
	serial=1
	model_number=1
	lease_file=$ST/igd-$r.leases
	allow 1-65535 $(lan "$r").0/24 1-65535
	deny 0-65535 0.0.0.0/0 0-65535
	EOF
    : >"$ST/igd-$r.leases"
    ip netns exec "$LAB-$r" miniupnpd -d -f "$ST/igd-$r.conf" -P "$ST/igd-$r.pidf" >"$ST/igd-$r.log" 2>&1 & echo $! >"$ST/igd-$r.pid"
    if [ $pmp = yes ]; then await udp 5351 "$r"; else await tcp 5000 "$r"; fi; }

# ---- impairment --------------------------------------------------------------------------
where() { #- node -> "NS IF QUEUE" : a host's eth0, or the carrier link of a router seen from inet (no conntrack there)
    case $1 in r1|cgn1) echo inet isp1 1;; r2|cgn2) echo inet isp2 2;; inet) die "not inet";; *) echo "$1" eth0 1;; esac; }
impair() { # impair NODE off | delay MS jitter MS loss PCT burst N reorder PCT : both directions of its link
    local node=$1 w t; shift; w=$(where "$node"); set -- $w "$@"; local h=$1 i=$2 q=$3; shift 3
    stopd "impair-$h-$i"
    for t in iptables-nft ip6tables-nft; do
        n "$h" $t -t mangle -D PREROUTING -i "$i" -j NFQUEUE --queue-num "$q" --queue-bypass 2>/dev/null
        n "$h" $t -t mangle -D POSTROUTING -o "$i" -j NFQUEUE --queue-num "$q" --queue-bypass 2>/dev/null
    done
    [ "${1:-off}" = off ] && return 0
    ip netns exec "$LAB-$h" "$ST/impair" "$q" "$@" 2>"$ST/impair-$h-$i.log" & echo $! >"$ST/impair-$h-$i.pid"
    for t in iptables-nft ip6tables-nft; do
        n "$h" $t -t mangle -A PREROUTING -i "$i" -j NFQUEUE --queue-num "$q" --queue-bypass
        n "$h" $t -t mangle -A POSTROUTING -o "$i" -j NFQUEUE --queue-num "$q" --queue-bypass
    done
    sleep 0.05; kill -0 "$(cat "$ST/impair-$h-$i.pid")" 2>/dev/null || die "impair: $(cat "$ST/impair-$h-$i.log")"; }
rate() { # rate NODE 2mbit|off : egress shaping with tbf (both ends of a router's link)
    local w; w=$(where "$1"); set -- $w "$2"
    n "$1" tc qdisc del dev "$2" root 2>/dev/null; [ "$1" = inet ] && n "cgn$3" tc qdisc del dev wan root 2>/dev/null
    [ "$4" = off ] && return 0
    n "$1" tc qdisc add dev "$2" root tbf rate "$4" burst 32k latency 100ms
    if [ "$1" = inet ]; then n "cgn$3" tc qdisc add dev wan root tbf rate "$4" burst 32k latency 100ms; fi; }

mtu() { # mtu ROUTER BYTES [blackhole] : MTU of the router's WAN link; blackhole = the ICMP "too big" is lost
    local i c x; i=$(idx "$1"); c=$(get "$1" cgn "cgn$i"); ipn "$1" link set wan mtu "$2"; ipn "$c" link set "cust$i" mtu "$2"
    for x in "$1" "$c"; do
        n "$x" nft delete table inet mtu 2>/dev/null
        [ "${3:-}" = blackhole ] && n "$x" nft -f - <<-EOF
		table inet mtu {
		  chain o { type filter hook output priority 0; icmp type destination-unreachable icmp code frag-needed drop; icmpv6 type packet-too-big drop
		  }
		}
		EOF
    done
    for x in $NS; do ipn "$x" route flush cache; done; }   # forget learned path MTUs

# ---- host events -------------------------------------------------------------------------
linkud() { # link NODE up|down : a host's eth0, a router's WAN
    case $1 in r1|r2) ipn "$1" link set wan "$2";; *) ipn "$1" link set eth0 "$2";; esac
    [ "$2" = up ] && case $1 in
        r1|r2) local i; i=$(idx "$1"); case $(get "$1" wan) in 100.64.*) ipn "$1" route replace default via 100.64.$i.1;; 44.*) ipn "$1" route replace default via 44.128.$i.1;; *) ipn "$1" route replace default via "$(gw "$i")";; esac;;
        h1?) ipn "$1" route replace default via "$(get "$1" gw "$LAN1.1")";; h2?) ipn "$1" route replace default via "$(get "$1" gw "$LAN2.1")";;
        srv|pub) ipn "$1" route replace default via 203.0.113.1;; esac; :; }
addr() { # addr HOST NEW/LEN : the host's address changes in place (DHCP gave another)
    ipn "$1" addr flush dev eth0 scope global; ipn "$1" addr add "$2" brd + dev eth0; ipn "$1" route replace default via "${2%.*}.1"; }
roam() { # roam HOST ROUTER : unplug the host and plug it into the other LAN
    local h=$1 r=$2 cur; cur=$(get "$h" at "r${h:1:1}"); [ "$cur" = "$r" ] && return 0
    ipn "$cur" link set "p-$h" nomaster; ipn "$cur" link set "p-$h" netns "$LAB-$r"; ipn "$r" link set "p-$h" master lan up
    addr "$h" "$(lan "$r").${h:1}/24"; put "$h" at "$r"; put "$h" gw "$(lan "$r").1"; }
dual() { # dual HOST ROUTER|off : a second interface eth1 into ROUTER's LAN (multi-homed)
    ipn "$1" link del eth1 2>/dev/null; [ "$2" = off ] && return 0
    plug "$1" eth1 "$2" "q-$1"; ipn "$1" addr add "$(lan "$2").1${1:1}/24" brd + dev eth1; }
isolate() { # isolate ROUTER on|off : Wi-Fi "AP isolation": hosts of the LAN reach the router only
    local p; for p in $(ipn "$1" -o link show master lan | sed 's/^[0-9]*: \([^@:]*\).*/\1/'); do n "$1" bridge link set dev "$p" isolated "$2"; done; }
v6() { # v6 on|off : global IPv6 everywhere, stateful firewall at r1/r2 (rules are in nat())
    local i k h
    if [ "$1" = off ]; then for h in $NS; do n $h ip -6 addr flush scope global; n $h ip -6 route flush proto boot 2>/dev/null; done; return 0; fi
    ipn inet addr add 2001:db8:f::1/64 dev net0 nodad
    for h in srv:10 pub:20; do ipn ${h%:*} addr add 2001:db8:f::${h#*:}/64 dev eth0 nodad; ipn ${h%:*} -6 route add default via 2001:db8:f::1; done
    for i in 1 2; do
        ipn inet addr add 2001:db8:ff:$i::1/64 dev isp$i nodad; ipn cgn$i addr add 2001:db8:ff:$i::2/64 dev wan nodad; ipn cgn$i -6 route add default via 2001:db8:ff:$i::1
        ipn cgn$i addr add 2001:db8:fe:$i::1/64 dev cust$i nodad; ipn r$i addr add 2001:db8:fe:$i::2/64 dev wan nodad; ipn r$i -6 route add default via 2001:db8:fe:$i::1
        ipn inet -6 route add 2001:db8:$i::/64 via 2001:db8:ff:$i::2; ipn cgn$i -6 route add 2001:db8:$i::/64 via 2001:db8:fe:$i::2
        ipn r$i addr add 2001:db8:$i::1/64 dev lan nodad
        for k in 1 2 3; do ipn h$i$k addr add 2001:db8:$i::$i$k/64 dev eth0 nodad; ipn h$i$k -6 route add default via 2001:db8:$i::1; done
    done; }
reset() { # reset : back to the state after `up`, without rebuilding
    local f h i
    for f in "$ST"/impair-*.pid "$ST"/igd-*.pid; do [ -f "$f" ] && { f=${f##*/}; stopd "${f%.pid}"; }; done
    for h in $NS; do n $h iptables-nft -t mangle -F; n $h ip6tables-nft -t mangle -F; done 2>/dev/null
    for h in r1 r2; do n $h nft delete table inet miniupnpd; isolate $h off; rate $h off; mtu $h 1500; udpttl $h 30 120; put $h hairpin off; done 2>/dev/null
    for h in h11 h12 h13 h21 h22 h23; do i=${h:1:1}; ipn $h link del eth1 2>/dev/null; rate $h off 2>/dev/null; linkud $h up; roam $h r$i; addr $h "$(lan r$i).${h:1}/24"; done
    for h in cgn1 cgn2; do put $h hairpin off; nat $h none; done
    for h in r1 r2; do linkud $h up; double $h off; nat $h port; done; v6 off; }
status() { local h; for h in r1 r2 cgn1 cgn2; do echo "$h nat=$(get $h nat none) wan=$(get $h wan) hairpin=$(get $h hairpin off) cgn=$(get $h cgn -)"; done
    for h in "$ST"/*.pid; do [ -f "$h" ] && echo "${h##*/} $(cat "$h")"; done; }

[ "$(id -u)" = 0 ] || die "needs root"
cmd=${1:-help}; shift || :
case $cmd in
up|down) $cmd;;
exec) isnode "$1"; h=$1; shift; exec ip netns exec "$LAB-$h" "$@";;          # exec: the caller's $! is the command's pid
nat|hairpin|double|igd|impair|rate|mtu|addr|roam|dual|isolate|udpttl) isnode "$1"; $cmd "$@";;
loss|delay) isnode "$1"; h=$1; [ "$2" = off ] && impair "$h" off || impair "$h" $cmd "${@:2}";;
link) isnode "$1"; linkud "$1" "$2";;
wanip) wan_addr "$1" "$2" "$3";;
flush) n "$1" conntrack -F >/dev/null 2>&1;;
v6|svc|reset|status) $cmd "$@";;
*) echo "lab.sh up | down | status | reset | exec NODE CMD... | loss NODE PCT | delay NODE MS | flush NODE ; NODE: $NS"
   sed -n '/^# ----/p; s/^\([a-z0-9_]*\)() { # \(.*\)/  \2/p' "$0";;
esac
