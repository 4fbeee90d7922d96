#!/usr/bin/env python3
"""natprobe.py [SERVER] [PORT] - RFC 5780 behaviour test, one line of output.
mapping: EIM (endpoint independent), ADM (address dependent), APDM (address+port); NONE = no NAT; BLOCKED = no UDP
filtering: EIF, ADF, APDF;  preserve: the external port equals the local one;  hairpin: yes/no"""
import os, socket, struct, sys, time
COOKIE = 0x2112A442
def req(change=0):
    attrs = struct.pack('!HHI', 3, 4, change) if change else b''
    tid = os.urandom(12)
    return tid, struct.pack('!HHI', 1, len(attrs), COOKIE) + tid + attrs
def parse(d):
    r = {}
    i = 20
    while i + 4 <= len(d):
        t, l = struct.unpack_from('!HH', d, i); v = d[i + 4:i + 4 + l]; i += 4 + (l + 3 & ~3)
        if t in (0x20, 1, 0x802c, 0x802b) and len(v) == 8:
            port, = struct.unpack_from('!H', v, 2); a = bytearray(v[4:])
            if t == 0x20: port ^= COOKIE >> 16; a = bytes(x ^ y for x, y in zip(a, struct.pack('!I', COOKIE)))
            r[t] = (socket.inet_ntoa(bytes(a)), port)
    return r
def ask(s, dst, change=0, tries=3, wait=0.4):
    for _ in range(tries):
        tid, m = req(change); s.sendto(m, dst); end = time.time() + wait
        while (left := end - time.time()) > 0:
            s.settimeout(left)
            try: d, src = s.recvfrom(2048)
            except OSError: break
            if d[8:20] == tid and d[:2] == b'\x01\x01': r = parse(d); r['src'] = src; return r
    return None
def stun(s, dst):
    r = ask(s, dst); return r and r.get(0x20)
def main():
    srv = socket.gethostbyname(sys.argv[1] if len(sys.argv) > 1 else 'stun.p2.test'); port = int(sys.argv[2]) if len(sys.argv) > 2 else 3478
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(('', 0))
    r1 = ask(s, (srv, port))
    if not r1: print('mapping=BLOCKED'); return
    m1 = r1[0x20]; other = r1.get(0x802c)
    c = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); c.connect((srv, port)); local = (c.getsockname()[0], s.getsockname()[1])
    m2 = stun(s, (other[0], port)); m3 = stun(s, other)
    mp = 'NONE' if m1 == local else 'EIM' if m1 == m2 == m3 else 'ADM' if m2 == m3 else 'APDM'
    f = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); f.bind(('', 0))   # a fresh socket: it has only ever sent to srv:port
    ask(f, (srv, port))
    flt = 'EIF' if ask(f, (srv, port), 6, 2) else 'ADF' if ask(f, (srv, port), 2, 2) else 'APDF'
    h = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); h.bind(('', 0)); h.sendto(b'hairpin', m1); s.settimeout(0.5); hp = 'no'
    try:
        while True:
            d, a = s.recvfrom(99)
            if d == b'hairpin': hp = 'yes'; break
    except OSError: pass
    print(f'mapping={mp} filtering={flt} preserve={"yes" if m1[1] == local[1] else "no"} hairpin={hp} ext={m1[0]} ports={m1[1]},{m2 and m2[1]},{m3 and m3[1]}')
if __name__ == '__main__': main()
