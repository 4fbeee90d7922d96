#!/usr/bin/env python3
"""pcp.py GATEWAY map|announce|peer [udp|tcp INTPORT EXTPORT LIFETIME [NONCEHEX]] - a minimal RFC 6887 client for the lab. One line out."""
import os, socket, struct, sys
RES = 'SUCCESS UNSUPP_VERSION NOT_AUTHORIZED MALFORMED_REQUEST UNSUPP_OPCODE UNSUPP_OPTION MALFORMED_OPTION NETWORK_FAILURE NO_RESOURCES UNSUPP_PROTOCOL USER_EX_QUOTA CANNOT_PROVIDE_EXTERNAL ADDRESS_MISMATCH EXCESSIVE_REMOTE_PEERS'.split()
def v4m(a): return b'\0' * 10 + b'\xff\xff' + socket.inet_aton(a)
def main():
    gw, op = sys.argv[1:3]; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.connect((gw, 5351)); me = s.getsockname()[0]; life = 0; body = b''
    if op == 'map':
        proto = 17 if sys.argv[3] == 'udp' else 6; ip_, ep, life = map(int, sys.argv[4:7]); nonce = bytes.fromhex(sys.argv[7]) if len(sys.argv) > 7 else os.urandom(12)
        body = nonce + struct.pack('!B3xHH', proto, ip_, ep) + v4m('0.0.0.0')
    req = struct.pack('!BBHI', 2, {'announce': 0, 'map': 1}[op], 0, life) + v4m(me) + body
    for t in (0.25, 0.5, 1, 2):
        s.settimeout(t); s.send(req)
        try: d = s.recv(1100); break
        except socket.timeout: continue
        except OSError as e: print('no PCP:', e); return
    else: print('no PCP: timeout'); return
    v, o, _, rc, lt, ep = struct.unpack_from('!BBBBII', d)
    out = f'ver={v} op={o & 127} {RES[rc] if rc < len(RES) else rc} lifetime={lt} epoch={ep}'
    if o & 127 == 1 and len(d) >= 60: out += ' int=%d ext=%s:%d nonce=%s' % (struct.unpack_from('!H', d, 40)[0], socket.inet_ntoa(d[56:60]), struct.unpack_from('!H', d, 42)[0], d[24:36].hex())
    print(out)
main()
