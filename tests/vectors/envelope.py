#!/usr/bin/env python3
"""envelope.py - makes p2ptui_envelope.txt: letters, reseals and requests by a
second implementation, on Python's hashlib, the curves of beacon.py and
ChaCha20-Poly1305 as RFC 8439 writes it down.  Run it when the layout changes:

    ./envelope.py >p2ptui_envelope.txt
"""
import hashlib
import hmac
import struct

from beacon import Person, alice, bob, hashed, lp, sign, x25519

BASE = (9).to_bytes(32, "little")


# ---- ChaCha20-Poly1305, RFC 8439 --------------------------------------------

def rotl(x, n):
    return (x << n | x >> 32 - n) & 0xffffffff


def quarter(s, a, b, c, d):
    for x, y, z, n in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
        s[x] = (s[x] + s[y]) & 0xffffffff
        s[z] = rotl(s[z] ^ s[x], n)


def block(key, counter, nonce):
    start = list(struct.unpack("<4I", b"expand 32-byte k") + struct.unpack("<8I", key)
                 + (counter,) + struct.unpack("<3I", nonce))
    s = start[:]
    for _ in range(10):
        for i in range(4):
            quarter(s, i, i + 4, i + 8, i + 12)
        for i in range(4):
            quarter(s, i, (i + 1) % 4 + 4, (i + 2) % 4 + 8, (i + 3) % 4 + 12)
    return struct.pack("<16I", *((a + b) & 0xffffffff for a, b in zip(s, start)))


def aead(key, counter, ad, plain):
    nonce = struct.pack("<IQ", 0, counter)
    out = b""
    for i in range(0, len(plain), 64):
        stream = block(key, i // 64 + 1, nonce)
        out += bytes(a ^ b for a, b in zip(plain[i:i + 64], stream))
    pad = lambda x: x + bytes(-len(x) % 16)
    text = pad(ad) + pad(out) + struct.pack("<QQ", len(ad), len(out))
    one = block(key, 0, nonce)
    r = int.from_bytes(one[:16], "little") & 0x0ffffffc0ffffffc0ffffffc0fffffff
    tag = 0
    for i in range(0, len(text), 16):
        tag = (tag + int.from_bytes(text[i:i + 16] + b"\1", "little")) * r % (2 ** 130 - 5)
    tag = (tag + int.from_bytes(one[16:], "little")) & (1 << 128) - 1
    return out + tag.to_bytes(16, "little")


# ---- Noise X, revision 34 ---------------------------------------------------

def blake(*parts):
    return hashlib.blake2b(b"".join(parts)).digest()


def mac(key, data):
    return hmac.new(key, data, hashlib.blake2b).digest()


def noise_x(prologue, secret, ephemeral, remote, payload):
    h = ck = b"Noise_X_25519_ChaChaPoly_BLAKE2b".ljust(64, b"\0")
    h = blake(blake(h, prologue), remote)
    message = x25519(ephemeral, BASE)
    h = blake(h, message)
    for private, plain in ((ephemeral, x25519(secret, BASE)), (secret, payload)):
        temp = mac(ck, x25519(private, remote))
        ck = mac(temp, b"\1")
        sealed = aead(mac(temp, ck + b"\2")[:32], 0, h, plain)
        h = blake(h, sealed)
        message += sealed
    return message


# ---- the envelopes ----------------------------------------------------------

def head(kind, key):
    return bytes([kind, 1, 0, 0]) + hashed(b"p2ptui/1/rk-id", key)[:8]


def pad(content):
    for size in (256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 61440):
        if len(content) < size:
            return (content + b"\x80").ljust(size, b"\0")


def letter(sender, to, key, ephemeral, frame):
    top = head(0x10, key)
    prologue = lp(b"p2ptui/1/env") + top + sender.id + to.id
    return top + noise_x(prologue, sender.x_secret, ephemeral, key, pad(frame))


def request(sender, to, key, ephemeral, card, frame):
    top = head(0x12, key)
    prologue = lp(b"p2ptui/1/request") + top + to.id
    return top + noise_x(prologue, sender.x_secret, ephemeral, key, pad(lp(card) + frame))


def reseal(sender, to, ephemeral, gen, key):
    top = head(0x11, to.x)
    body = struct.pack("<Q", gen) + key
    body += sign(sender.ed_seed, lp(b"p2ptui/1/reseal") + sender.id + to.id + body)
    prologue = lp(b"p2ptui/1/env") + top + to.id
    return top + noise_x(prologue, sender.x_secret, ephemeral, to.x, body)


def secret(n):
    return hashed(b"p2ptui vector", bytes([n]))


def show(name, **values):
    print("\n[%s]" % name)
    for key, value in values.items():
        print("%s : %d" % (key, value) if isinstance(value, int) else
              "%s = %s" % (key, value.hex()))


if __name__ == "__main__":
    seed_alice = bytes.fromhex("588b11c6a6746a5f5fb30ff9acbf62c07d933916da4cdc65307caa3c7ba37f4a")
    seed_bob = bytes.fromhex("a252cfbd906db8743933f1623705a282faf4affe699093a8e6bbf88771315c4f")
    rolling = bytes.fromhex("0f2ba1a47a1191087487f3fb502d6d04ffee75de770eb3d9c72266f7dd74f3b3")
    public = x25519(rolling, BASE)
    new_key = x25519(secret(4), BASE)
    gen = 1790000000009
    frame = bytes.fromhex(
        "01010000006c50c4a0010000006c50c4a00100002900000000000000008844709e01000011000000000000000500000000000000"
        "096c50c4a0010000ab071466d8848f5222f851cb0ac638a8ac270d31a2d0fdb974cf6c844a7d4302056c50c4a0010000404e52c4"
        "a00100000d00000068656c6c6f20426f6220e29c93")
    card = (struct.pack("<BBHQ", 1, 1, 0, 1790000001) + alice.ed + alice.x + bytes(40)
            + struct.pack("<H", 0) + lp(b"Alice"))
    card += sign(alice.ed_seed, lp(b"p2ptui/1/card") + card)
    e = [bytes.fromhex("dde0c2aada172a6bdb5191124f7756706a16faac18ece329682b3477945530b9"),
         bytes.fromhex("be2e3f4d98a99201b910125d04c726633490c45a38a4eb5a2eb773ab27119d11"), secret(3), secret(5)]
    print("""# p2ptui test vectors, format 1: "key = hex" bytes, "key : text" text or decimal
# source: envelope.py beside this file (hashlib BLAKE2b; X25519, Ed25519, ChaCha20-Poly1305 and Noise X from their specifications)
# alice (sender) and bob (recipient) are those of p2ptui_identity.txt, by their seeds
# envelope = header 12 (kind 01 0000 key_id 8) || Noise X of the padded content; key_id = H("rk-id", public)[0..7]
# letter: prologue LP("p2ptui/1/env") || header || sender || recipient
# reseal: prologue LP("p2ptui/1/env") || header || recipient; u64 gen, key 32, Ed25519 over LP("p2ptui/1/reseal") || sender || recipient || gen || key
# request: prologue LP("p2ptui/1/request") || header || recipient; LP(card) || frame""")
    show("letter", sender=seed_alice, recipient=seed_bob, secret=rolling, public=public,
         key_id=head(0x10, public)[4:], ephemeral=e[0], frame=frame,
         envelope=letter(alice, bob, public, e[0], frame))
    show("letter-long", sender=seed_alice, recipient=seed_bob, secret=rolling, public=public,
         key_id=head(0x10, public)[4:], ephemeral=e[3], frame=frame + bytes(range(200)),
         envelope=letter(alice, bob, public, e[3], frame + bytes(range(200))))
    show("reseal", sender=seed_alice, recipient=seed_bob, key_id=head(0x11, bob.x)[4:], ephemeral=e[1],
         gen=gen, key=new_key, envelope=reseal(alice, bob, e[1], gen, new_key))
    show("request", sender=seed_alice, recipient=seed_bob, secret=rolling, public=public,
         key_id=head(0x12, public)[4:], ephemeral=e[2], card=card, frame=frame,
         envelope=request(alice, bob, public, e[2], card, frame))
