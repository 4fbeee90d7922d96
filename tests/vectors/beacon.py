#!/usr/bin/env python3
"""beacon.py - makes p2ptui_beacon.txt: the beacons of protocol version 2 by a
second implementation, on Python's hashlib and Ed25519 as RFC 8032 section 6
writes it down.  Run it when the layout changes:

    ./beacon.py >p2ptui_beacon.txt
"""
import hashlib
import struct

P = 2 ** 255 - 19
Q = 2 ** 252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)


# ---- Ed25519 in extended coordinates ----------------------------------------

def add(a, b):
    e = (a[1] - a[0]) * (b[1] - b[0]) % P
    f = (a[1] + a[0]) * (b[1] + b[0]) % P
    g = 2 * a[3] * b[3] * D % P
    h = 2 * a[2] * b[2] % P
    e, f, g, h = f - e, h - g, h + g, f + e
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def mul(n, point):
    out = (0, 1, 1, 0)
    while n:
        if n & 1:
            out = add(out, point)
        point = add(point, point)
        n >>= 1
    return out


def recover_x(y):
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    return x if x % 2 == 0 else P - x


Y = 4 * pow(5, P - 2, P) % P
X = recover_x(Y)
BASE = (X, Y, 1, X * Y % P)


def encode(point):
    z = pow(point[2], P - 2, P)
    x, y = point[0] * z % P, point[1] * z % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def sha512_number(data):
    return int.from_bytes(hashlib.sha512(data).digest(), "little")


def expand(seed):
    h = hashlib.sha512(seed).digest()
    a = int.from_bytes(h[:32], "little")
    return a & (1 << 254) - 8 | 1 << 254, h[32:]


def ed_public(seed):
    return encode(mul(expand(seed)[0], BASE))


def sign(seed, message):
    a, prefix = expand(seed)
    public = encode(mul(a, BASE))
    r = sha512_number(prefix + message) % Q
    point = encode(mul(r, BASE))
    h = sha512_number(point + public + message) % Q
    return point + ((r + h * a) % Q).to_bytes(32, "little")


# ---- X25519, RFC 7748 section 5 ---------------------------------------------

def x25519(scalar, u):
    k = int.from_bytes(scalar, "little") & (1 << 254) - 8 | 1 << 254
    x1 = int.from_bytes(u, "little") & (1 << 255) - 1
    x2, z2, x3, z3, swap = 1, 0, x1, 1, 0
    for t in reversed(range(255)):
        bit = k >> t & 1
        if swap ^ bit:
            x2, x3, z2, z3 = x3, x2, z3, z2
        swap = bit
        a, b, c, d = x2 + z2, x2 - z2, x3 + z3, x3 - z3
        da, cb = d * a % P, c * b % P
        x3, z3 = (da + cb) ** 2 % P, x1 * (da - cb) ** 2 % P
        aa, bb = a * a % P, b * b % P
        e = aa - bb
        x2, z2 = aa * bb % P, e * (aa + 121665 * e) % P
    if swap:
        x2, z2 = x3, z3
    return (x2 * pow(z2, P - 2, P) % P).to_bytes(32, "little")


# ---- the constructions of the protocol --------------------------------------

def lp(x):
    return struct.pack("<I", len(x)) + x


def kdf(key, *items):
    return hashlib.blake2b(b"".join(map(lp, items)), digest_size=32, key=key).digest()


def hashed(*items):
    return kdf(b"", *items)


class Person:
    def __init__(self, seed):
        self.ed_seed = kdf(seed, b"p2ptui/1/ed25519")
        self.x_secret = kdf(seed, b"p2ptui/1/x25519")
        self.ed = ed_public(self.ed_seed)
        self.x = x25519(self.x_secret, (9).to_bytes(32, "little"))
        self.id = hashed(b"p2ptui/1/user-id", self.ed, self.x)


def pair_key(a, b):
    return kdf(x25519(a.x_secret, b.x), b"p2ptui/1/pairkey", *sorted((a.id, b.id)))


def head(kind, port, when, nonce, flags, udp_port):
    return struct.pack("<BBHQ16sBH", kind, 2, port, when, nonce, flags, udp_port)


alice = Person(bytes.fromhex("588b11c6a6746a5f5fb30ff9acbf62c07d933916da4cdc65307caa3c7ba37f4a"))
bob = Person(bytes.fromhex("a252cfbd906db8743933f1623705a282faf4affe699093a8e6bbf88771315c4f"))

if __name__ == "__main__":
    nonce = bytes.fromhex("461e54c6f1d44fd637170778ecd4440f")
    port, udp_port, seconds = 40123, 50001, 1790000000
    name = "alice ☎".encode()

    body = head(0x40, port, seconds, nonce, 1, udp_port) + alice.ed + alice.x
    body += bytes([len(name)]) + name.ljust(64, b"\0")
    slot = seconds // 600
    pair = pair_key(alice, bob)
    hint = kdf(pair, b"p2ptui/1/lan", alice.id, nonce, struct.pack("<Q", slot), struct.pack("<H", port))[:8]

    print("""# p2ptui test vectors, format 1: "key = hex" bytes, "key : text" text or decimal
# source: beacon.py beside this file (hashlib BLAKE2b and SHA-512, Ed25519 and X25519 from RFC 8032 and RFC 7748)
# alice and bob are those of p2ptui_identity.txt
# public = body || Ed25519 over LP("p2ptui/1/beacon") || body; hint = KDF(pair_key, "p2ptui/1/lan", sender, nonce, u64 slot, u16 port)[0..7]
# visit: hint = H("p2ptui/1/plate", plate, nonce)[0..7], as an answer (flag 4) and as a query (flag 1, port 0); meet = H("p2ptui/1/plate", plate)[0..15], the meeting id at relays

[public]
port : %d
udp_port : %d
seconds : %d
nonce = %s
flags : 1
name = %s
packet = %s

[hidden]
pair_key = %s
slot : %d
hint = %s
packet = %s""" % (
        port, udp_port, seconds, nonce.hex(), name.hex(),
        (body + sign(alice.ed_seed, lp(b"p2ptui/1/beacon") + body)).hex(),
        pair.hex(), slot, hint.hex(),
        (head(0x41, port, slot, nonce, 0, udp_port) + bytes([1]) + hint).hex()))

    plate = b"118204"
    hint = hashed(b"p2ptui/1/plate", plate, nonce)[:8]
    print("""
[visit]
plate : %s
hint = %s
meet = %s
packet = %s
query = %s""" % (
        plate.decode(), hint.hex(), hashed(b"p2ptui/1/plate", plate)[:16].hex(),
        (head(0x42, port, 0, nonce, 4, udp_port) + hint).hex(),
        (head(0x42, 0, 0, nonce, 1, udp_port) + hint).hex()))
