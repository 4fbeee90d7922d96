#!/usr/bin/env python3
"""punch.py HOST_A HOST_B [--tricks] [--time S] [--wait-b MS] [--ttl N] - UDP hole punching between two lab hosts.
Each agent runs inside its host, asks STUN, and the parent plays the relay: it swaps candidates and
says "go". --ttl N: for the first 400 ms packets carry TTL N (they open our NAT but die before the peer's). Prints one line: result, time to first confirmed path at each side, path used.
--tricks: port prediction (sequential NAT) and the birthday method (one random symmetric side)."""
import json, os, random, select, socket, subprocess, sys, time
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from natprobe import ask
SRV, ALT = '203.0.113.10', '203.0.113.11'
def agent():
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(('', 0)); socks = [s]
    c = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try: c.connect((SRV, 3478)); local = [c.getsockname()[0], s.getsockname()[1]]
    except OSError: local = ['127.0.0.1', 9]   # no network at all
    c.close(); m = [None] * 3 if local[1] == 9 else [r and r[0x20] for r in (ask(s, (SRV, 3478), tries=2), ask(s, (ALT, 3478), tries=2), ask(s, (ALT, 3479), tries=2))]
    kind = 'blocked' if not m[0] else 'easy' if m[0] == m[1] == m[2] else 'seq' if all(0 < b[1] - a[1] < 8 for a, b in zip(m, m[1:]) if a and b) else 'hard'
    print(json.dumps({'host': local, 'srflx': m[2] or m[0], 'kind': kind}), flush=True)
    cmd = json.loads(sys.stdin.readline()); me, tok = cmd['me'], cmd['tok']; time.sleep(cmd.get('wait', 0) / 1000)
    cands = {tuple(x): k for x, k in cmd['cands']}; t0 = time.time(); end = t0 + cmd['time']; nxt = t0; sprays = []; done = None
    if cmd.get('sockets'):
        for _ in range(cmd['sockets']): x = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); x.bind(('', 0)); socks.append(x)
    ping = f'ping {tok} {me}'.encode()
    def tx(x, a, b):
        try: x.sendto(b, a)
        except OSError: pass
    def send_all():
        for a in list(cands):
            for x in socks if cands[a] == 'srflx' else socks[:1]: tx(x, a, ping)
        for _ in range(cmd.get('spray', 0)): tx(s, (cmd['sprayip'], random.randint(1024, 65535)), ping)
    if cmd.get('ttl'): s.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, cmd['ttl'])
    while time.time() < end and not (done and time.time() > done['until']):
        if cmd.get('ttl') and time.time() - t0 > 0.4: s.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 64); cmd['ttl'] = 0
        if time.time() >= nxt: send_all(); nxt = time.time() + (0.05 if time.time() - t0 < 1 else 0.2)
        for x in select.select(socks, [], [], max(0, min(nxt, end) - time.time()))[0]:
            d, a = x.recvfrom(2048); w = d.split()
            if len(w) != 3 or w[1] != tok.encode() or w[2] == me.encode(): continue   # wrong peer or own echo
            if w[0] == b'ping': tx(x, a, f'pong {tok} {me}'.encode()); cands.setdefault(a, 'prflx')
            elif w[0] == b'pong' and not done: done = {'t': round((time.time() - t0) * 1000, 1), 'path': cands.get(a, 'prflx'), 'addr': a, 'until': time.time() + 1.0}
    print(json.dumps(done or {'t': None}), flush=True)
def main():
    av = sys.argv[1:]; tricks = '--tricks' in av; T = float(av[av.index('--time') + 1]) if '--time' in av else 4.0; wb = int(av[av.index('--wait-b') + 1]) if '--wait-b' in av else 0; ttl = int(av[av.index('--ttl') + 1]) if '--ttl' in av else 0
    lab = os.environ.get('LAB', 'p2'); tok = os.urandom(4).hex()
    P = [subprocess.Popen(['ip', 'netns', 'exec', f'{lab}-{h}', sys.executable, os.path.abspath(__file__), '--agent'], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for h in av[:2]]
    I = [json.loads(p.stdout.readline()) for p in P]
    for i, p in enumerate(P):
        o, mine = I[1 - i], I[i]; c = [[o['host'], 'host']]; cmd = {'me': 'ab'[i], 'tok': tok, 'time': T, 'wait': wb if i else 0, 'ttl': ttl}
        if o['srflx'] and o['srflx'] != o['host']: c.append([o['srflx'], 'srflx'])
        if tricks and o['kind'] == 'seq': c += [[[o['srflx'][0], o['srflx'][1] + k], 'pred'] for k in range(1, 9)]
        if tricks and mine['kind'] == 'hard' and o['kind'] == 'easy': cmd['sockets'] = 256
        if tricks and mine['kind'] == 'easy' and o['kind'] == 'hard': cmd['spray'] = 25; cmd['sprayip'] = o['srflx'][0]
        cmd['cands'] = c; p.stdin.write(json.dumps(cmd) + '\n'); p.stdin.flush()
    R = [json.loads(p.stdout.readline()) for p in P]; [p.wait() for p in P]
    ok = all(r['t'] is not None for r in R)
    print('PUNCHED' if ok else 'FAILED ', ' '.join(f'{n}({i["kind"]}): {r["t"]}ms via {r.get("path")} {r.get("addr")}' for n, i, r in zip(av, I, R)) if ok else ' '.join(f'{n}({i["kind"]})' for n, i in zip(av, I)))
    return 0 if ok else 1
if __name__ == '__main__':
    agent() if '--agent' in sys.argv else sys.exit(main())
