"""Shared helpers: start and account processes, wait for a quiet machine, print medians."""
import atexit, os, shutil, signal, socket, statistics, subprocess, sys, time

HERE = os.path.dirname(os.path.abspath(__file__))
BIN = os.environ.get("BENCH_BIN", os.path.join(HERE, "out", "bin"))
BUILD = os.environ.get("BENCH_BUILD", os.path.join(HERE, "..", "..", "build"))    # where p2ptui was built
WORK = os.environ.get("BENCH_WORK", "/dev/shm/p2ptui-bench.%d" % os.getpid())   # tmpfs
RESULTS = os.environ.get("BENCH_RESULTS", os.path.join(HERE, "out", "results.tsv"))
RUNS = int(os.environ.get("BENCH_RUNS", "5"))
ONLY = set(filter(None, os.environ.get("BENCH_ONLY", "").split(",")))           # peer names
TICK = os.sysconf("SC_CLK_TCK")

_alive = {}


class Proc:
    """A child with its own accounting: cpu and peak rss cover it and the children it reaped."""

    def __init__(self, argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                 stderr=subprocess.DEVNULL, **kw):
        r, w = os.pipe()
        self.popen = subprocess.Popen([os.path.join(BIN, "acct"), str(w)] + list(argv), stdin=stdin,
                                      stdout=stdout, stderr=stderr, pass_fds=[w], **kw)
        os.close(w)
        self.report = os.fdopen(r)
        self.pid = int(self.report.readline())
        self.status, self.cpu, self.rss = None, 0.0, 0
        self.stdin, self.stdout = self.popen.stdin, self.popen.stdout
        _alive[self.pid] = self

    def poll(self):
        if self.status is None and self.popen.poll() is not None:
            status, cpu, rss = (self.report.readline() or "-9 0 0").split()
            self.report.close()
            self.status, self.cpu, self.rss = int(status), float(cpu), int(rss) * 1024
            _alive.pop(self.pid, None)
        return self.status

    def wait(self, limit=300):
        end = time.monotonic() + limit
        while self.poll() is None:
            if time.monotonic() > end:
                self.stop()
                raise TimeoutError("pid %d ran past %d s" % (self.pid, limit))
            time.sleep(0.002)
        return self.status

    def stop(self):
        """TERM, then KILL, this one pid; returns self with its accounting filled in."""
        for sig in (15, 9):
            if self.poll() is not None:
                break
            os.kill(self.pid, sig)
            end = time.monotonic() + 5
            while self.poll() is None and time.monotonic() < end:
                time.sleep(0.005)
        return self


def cleanup():
    for p in list(_alive.values()):
        p.stop()
    if WORK.endswith(".%d" % os.getpid()):
        shutil.rmtree(WORK, ignore_errors=True)


atexit.register(cleanup)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
os.makedirs(WORK, exist_ok=True)
os.makedirs(os.path.dirname(RESULTS), exist_ok=True)


def children(pid):
    try:
        kids = open("/proc/%d/task/%d/children" % (pid, pid)).read().split()
    except OSError:
        return []
    out = []
    for k in map(int, kids):
        out += [k] + children(k)
    return out


def live_cpu(pid):
    """utime+stime of a running process in seconds, all threads."""
    f = open("/proc/%d/stat" % pid).read().rsplit(")", 1)[1].split()
    return (int(f[11]) + int(f[12])) / TICK


def exec_ns(pid):
    """Scheduler run time of every thread in ns (finer than the clock ticks of live_cpu)."""
    total = 0
    for t in os.listdir("/proc/%d/task" % pid):
        total += int(open("/proc/%d/task/%s/schedstat" % (pid, t)).read().split()[0])
    return total


def switches(pid):
    """Voluntary context switches of every thread: about one per wake-up."""
    total = 0
    for t in os.listdir("/proc/%d/task" % pid):
        for line in open("/proc/%d/task/%s/status" % (pid, t)):
            if line.startswith("voluntary_ctxt"):
                total += int(line.split()[1])
    return total


def mem(pid, field="VmRSS"):
    """VmRSS, VmHWM (status) or Pss (smaps_rollup) in bytes."""
    name = "smaps_rollup" if field == "Pss" else "status"
    for line in open("/proc/%d/%s" % (pid, name)):
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024
    return 0


def busy():
    f = list(map(int, open("/proc/stat").readline().split()[1:9]))
    return sum(f) - f[3] - f[4], sum(f)


QUIET_S = float(os.environ.get("BENCH_QUIET_S", "90"))


def quiet(share=0.12, limit=QUIET_S):
    """Waits until others use under `share` of the machine, at most `limit` s."""
    end = time.monotonic() + limit
    while time.monotonic() < end:
        b0, t0 = busy()
        time.sleep(0.5)
        b1, t1 = busy()
        if b1 - b0 <= share * max(1, t1 - t0):
            return True
    print("# not quiet", file=sys.stderr)
    return False


def wanted(peer):
    return not ONLY or peer in ONLY


def have(*tools):
    missing = [t for t in tools if not shutil.which(t) and not os.path.exists(os.path.join(BIN, t))]
    if missing:
        print("# skipped, missing: " + " ".join(missing), file=sys.stderr)
    return not missing


def emit(section, peer, metric, values, unit):
    """One row on stdout and one in the TSV: median, min, max, runs."""
    values = [v for v in values if v is not None]
    if not values:
        return
    m, lo, hi = statistics.median(values), min(values), max(values)
    print("%-9s %-22s %-22s %12.4g %-8s [%.4g .. %.4g] n=%d"
          % (section, peer, metric, m, unit, lo, hi, len(values)), flush=True)
    with open(RESULTS, "a") as f:
        f.write("\t".join(map(str, (time.strftime("%F %T"), section, peer, metric, m, unit, lo, hi, len(values)))) + "\n")


class Samples:
    """Collects NAME VALUE UNIT lines of repeated runs, then emits the medians."""

    def __init__(self, section, peer):
        self.section, self.peer, self.v = section, peer, {}

    def add(self, name, value, unit):
        self.v.setdefault((name, unit), []).append(value)

    def parse(self, text):
        for line in text.splitlines():
            w = line.split()
            if len(w) == 3:
                try:
                    self.add(w[0], float(w[1]), w[2])
                except ValueError:
                    pass

    def emit(self):
        for (name, unit), values in self.v.items():
            emit(self.section, self.peer, name, values, unit)


def output(argv, limit=300, **kw):
    """Runs a bench program to its end and returns its standard output."""
    p = Proc(argv, stdout=subprocess.PIPE, **{"stderr": None, **kw})
    end = time.monotonic() + limit
    os.set_blocking(p.stdout.fileno(), False)
    text = b""
    while True:
        part = p.stdout.read()
        if part:
            text += part
        elif p.poll() is not None:
            break
        elif time.monotonic() > end:
            p.stop()
            raise TimeoutError(argv)
        else:
            time.sleep(0.005)
    text += p.stdout.read() or b""
    if p.status:
        raise RuntimeError("%s: exit %s" % (argv, p.status))
    return text.decode()


def tool(name):
    return os.path.join(BIN, name)


def wait_port(port, host="127.0.0.1", limit=20):
    end = time.monotonic() + limit
    while time.monotonic() < end:
        try:
            socket.create_connection((host, port), 0.5).close()
            return
        except OSError:
            time.sleep(0.02)
    raise TimeoutError("nobody listens on %s:%d" % (host, port))


def version(argv, pick=0):
    try:
        r = subprocess.run(argv, capture_output=True, text=True, timeout=10)
        return (r.stdout + r.stderr).strip().splitlines()[pick].strip()
    except (OSError, IndexError, subprocess.TimeoutExpired):
        return "?"
