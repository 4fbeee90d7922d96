/* The machine's limits: crypto primitives, TCP streams, message ping-pong.
 *   limits pingpong MODE N     MODE plain|chacha|poll-chacha : 100-byte messages
 *   limits msgs BATCH N        N sealed 100-byte messages, BATCH per write
 *   limits curve               the curve work of one side of Noise XX: a key pair and three DH
 *   limits session N           connect plus the messages and X25519 work of Noise XX, to the first reply
 *   limits sync FILE N         4 KiB pwrite + fdatasync latency
 */
#include "util.h"
#include <fcntl.h>
#include <poll.h>
#include <sodium.h>
#include <sys/wait.h>

static uint8_t key[32], nonce[24];
#define REC 65536
static uint8_t in[REC], out[REC + 64], back[REC];


#define AEAD(name, seal, open, ctx)                                                          \
    static int name##_seal(uint8_t *c, const uint8_t *m, size_t n)                           \
    { return seal(c, NULL, m, n, NULL, 0, NULL, nonce, ctx); }                               \
    static int name##_open(uint8_t *m, const uint8_t *c, size_t n)                           \
    { return open(m, NULL, NULL, c, n, NULL, 0, nonce, ctx); }
AEAD(chacha, crypto_aead_chacha20poly1305_ietf_encrypt, crypto_aead_chacha20poly1305_ietf_decrypt, key)

static void wait_readable(int fd, int on) {
    struct pollfd p = {.fd = fd, .events = POLLIN};
    if (on && poll(&p, 1, -1) < 0) DIE("poll");
}

static int pingpong(const char *mode, long n) {
    int fd[2], aead = !!strstr(mode, "chacha"), polled = !strncmp(mode, "poll", 4);
    size_t wire = aead ? 116 : 100;
    double *rtt = calloc((size_t)n, sizeof *rtt);
    tcp_pair(fd);
    pid_t child = fork();
    if (child == 0) {
        close(fd[0]);
        for (;;) {
            wait_readable(fd[1], polled);
            if (!read_all(fd[1], out, wire)) _exit(0);
            if (aead && (chacha_open(back, out, wire) || chacha_seal(out, back, 100))) DIE("aead");
            write_all(fd[1], out, wire);
        }
    }
    double t00 = now();
    for (long i = 0; i < n; i++) {
        double t0 = now();
        if (aead) chacha_seal(out, in, 100);
        write_all(fd[0], out, wire);
        wait_readable(fd[0], polled);
        read_all(fd[0], out, wire);
        if (aead && chacha_open(back, out, wire)) DIE("open");
        rtt[i] = now() - t0;
    }
    printf("%s_rate %.0f roundtrips/s\n", mode, n / (now() - t00));
    print_quantiles(mode, rtt, (size_t)n);
    shutdown(fd[0], SHUT_WR);
    waitpid(child, NULL, 0);
    return 0;
}

static int msgs(int batch, long n) {
    int fd[2];
    uint8_t *buf = malloc((size_t)batch * 118);
    tcp_pair(fd);
    double t0 = now();
    pid_t child = fork();
    if (child == 0) {
        size_t have = 0;
        ssize_t r;
        close(fd[0]);
        while ((r = read(fd[1], in + have, sizeof in - have)) > 0) {
            size_t at = 0;
            for (have += (size_t)r; have - at >= 118; at += 118)
                if (chacha_open(back, in + at + 2, 116)) DIE("open");
            memmove(in, in + at, have -= at);
        }
        _exit(0);
    }
    close(fd[1]);
    for (long i = 0; i < n; i += batch) {
        for (int j = 0; j < batch; j++) chacha_seal(buf + j * 118 + 2, in, 100);
        write_all(fd[0], buf, (size_t)batch * 118);
    }
    shutdown(fd[0], SHUT_WR);
    waitpid(child, NULL, 0);
    double t = now() - t0, cpu = cpu_of(RUSAGE_SELF) + cpu_of(RUSAGE_CHILDREN);
    printf("batch%d %.0f msgs/s\nbatch%d_cpu %.3f us/msg\n", batch, n / t, batch, cpu / n * 1e6);
    return 0;
}

static void dh(int times) {
    static uint8_t pk[32] = {9}, sk[32] = {1}, shared[32];
    for (int i = 0; i < times; i++) if (crypto_scalarmult(shared, sk, pk)) DIE("dh");
}

static int session(long n) {
    struct sockaddr_in a = {.sin_family = AF_INET};
    socklen_t len = sizeof a;
    double *lat = calloc((size_t)n, sizeof *lat);
    int one = 1, l = socket(AF_INET, SOCK_STREAM, 0);
    uint8_t b[128] = {0};
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(l, (void *)&a, sizeof a) || listen(l, 16) || getsockname(l, (void *)&a, &len)) DIE("listen");
    pid_t child = fork();
    for (long i = 0; i < n; i++) {
        int fd;
        if (child == 0) {                       /* responder: <- e; -> e, ee, s, es; <- s, se; -> reply */
            if ((fd = accept(l, NULL, NULL)) < 0) DIE("accept");
            setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
            read_all(fd, b, 32); dh(3); write_all(fd, b, 96);
            read_all(fd, b, 64); dh(1); write_all(fd, b, 116);
        } else {
            double t0 = now();
            fd = socket(AF_INET, SOCK_STREAM, 0);
            if (connect(fd, (void *)&a, sizeof a)) DIE("connect");
            setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
            dh(1); write_all(fd, b, 32);
            read_all(fd, b, 96); dh(3); write_all(fd, b, 64);
            read_all(fd, b, 116);
            lat[i] = now() - t0;
        }
        close(fd);
    }
    if (child == 0) _exit(0);
    waitpid(child, NULL, 0);
    print_quantiles("session", lat, (size_t)n);
    return 0;
}

static int sync_file(const char *path, long n) {
    double *lat = calloc((size_t)n, sizeof *lat);
    int fd = open(path, O_RDWR | O_CREAT, 0600);
    if (fd < 0) DIE(path);
    for (long i = 0; i < n; i++) {
        double t0 = now();
        if (pwrite(fd, in, 4096, i * 4096) != 4096 || fdatasync(fd)) DIE("sync");
        lat[i] = now() - t0;
    }
    print_quantiles("fdatasync", lat, (size_t)n);
    return unlink(path);
}

static int curve(void) {
    uint8_t pk[32], sk[32], other[32], shared[32];
    double t0 = now(), t;
    long n = 0;
    crypto_box_keypair(other, sk);
    for (; (t = now() - t0) < 1; n++) {
        crypto_box_keypair(pk, sk);
        for (int d = 0; d < 3; d++) if (crypto_scalarmult(shared, sk, other)) DIE("dh");
    }
    printf("noise_xx_side %.1f ops/s\n", (double)n / t);
    return 0;
}

int main(int argc, char **argv) {
    if (sodium_init() < 0) DIE("sodium");
    randombytes_buf(key, sizeof key);
    randombytes_buf(in, sizeof in);
    if (argc == 4 && !strcmp(argv[1], "pingpong")) return pingpong(argv[2], atol(argv[3]));
    if (argc == 4 && !strcmp(argv[1], "msgs")) return msgs(atoi(argv[2]), atol(argv[3]));
    if (argc == 2 && !strcmp(argv[1], "curve")) return curve();
    if (argc == 3 && !strcmp(argv[1], "session")) return session(atol(argv[2]));
    if (argc == 4 && !strcmp(argv[1], "sync")) return sync_file(argv[2], atol(argv[3]));
    fprintf(stderr, "usage: see the head of limits.c\n");
    return 2;
}
