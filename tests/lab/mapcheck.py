#!/usr/bin/env python3
"""mapcheck.py HOST PROTO INTPORT EXTIP EXTPORT [FROM=pub] - is a port mapping reachable from outside? prints reachable|unreachable"""
import os, subprocess, sys
h, proto, ip_, ext, ep = sys.argv[1:6]; frm = sys.argv[6] if len(sys.argv) > 6 else 'pub'; lab = os.environ.get('LAB', 'p2')
S = '''import socket,sys
u=sys.argv[1]=="udp"; s=socket.socket(socket.AF_INET, socket.SOCK_DGRAM if u else socket.SOCK_STREAM); s.setsockopt(1,2,1); s.bind(("",int(sys.argv[2]))); s.settimeout(1.5)
if not u: s.listen(1)
print("up",flush=True)
try:
    if u: d,a=s.recvfrom(99); s.sendto(b"ok:"+d,a)
    else: c,a=s.accept(); c.sendall(b"ok:"+c.recv(99))
except OSError: pass'''
C = '''import socket,sys
u=sys.argv[1]=="udp"; s=socket.socket(socket.AF_INET, socket.SOCK_DGRAM if u else socket.SOCK_STREAM); s.settimeout(0.7)
try: s.connect((sys.argv[2],int(sys.argv[3]))); s.send(b"hi"); print("reachable" if s.recv(99)==b"ok:hi" else "?")
except OSError: print("unreachable")'''
def ns(x, code, *a): return subprocess.Popen(['ip', 'netns', 'exec', f'{lab}-{x}', '/usr/bin/python3', '-c', code, *a], stdout=subprocess.PIPE, text=True)
p = ns(h, S, proto, ip_); p.stdout.readline(); q = ns(frm, C, proto, ext, ep); print(q.communicate()[0].strip()); p.terminate(); p.wait()
