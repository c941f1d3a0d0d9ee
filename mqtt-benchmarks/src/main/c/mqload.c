/*
 * mqload - a single-threaded epoll load generator and verifier for MQTT 3.1.1 and 5 brokers.
 *
 * Every PUBLISH carries a run id, publisher id, sequence number and a monotonic timestamp, so each
 * delivery is checked: nothing lost, nothing twice, order kept per publisher, latency known.
 * Prints one JSON line. Build: cc -O2 -std=c11 -Wall -Wextra -o mqload mqload.c
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SEC 1000000000ull
#define HEADER 24 /* payload header: run, publisher, sequence, timestamp */

/* ------------------------------------------------------------------ options */

enum { PAIRS, FANOUT, FANIN, SHARED };

static struct {
    const char *host, *scenario, *topology, *prefix, *filter, *label, *start_cmd;
    int port, version, qos, pubs, subs, clients, topics, size, window, connect_window;
    int warmup, seconds, idle_ms, persistent, subscribe_idle, cleanup, reset, spread, timeout;
    double kill_after;
    long rate, messages, e2e;
    pid_t broker;
} opt = {.host = "127.0.0.1", .scenario = "pubsub", .topology = "pairs", .prefix = "mqload",
         .label = "", .port = 1883, .version = 4, .pubs = 1, .subs = 1, .clients = 1000, .topics = 1,
         .size = 64, .window = 20, .connect_window = 100, .idle_ms = 2000, .timeout = 120,
         .cleanup = 1, .reset = 1, .kill_after = 2};

static int topology;
static uint32_t run_id;

static void die(const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    fputs("mqload: ", stderr);
    vfprintf(stderr, fmt, ap);
    fputc('\n', stderr);
    va_end(ap);
    exit(1);
}

static void *must(void *p) {
    if (!p) die("out of memory");
    return p;
}

/* ------------------------------------------------------------------ clocks and /proc */

static uint64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * SEC + (uint64_t)t.tv_nsec;
}

typedef struct {
    double broker_cpu, broker_user, broker_sys, own_cpu; /* seconds */
    long rss_kb, pss_kb;
} usage;

static usage usage_now(bool memory) {
    usage u = {0};
    struct rusage r;
    getrusage(RUSAGE_SELF, &r);
    u.own_cpu = (double)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) +
                (double)(r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1e6;
    if (opt.broker <= 0) return u;
    clockid_t clk;
    struct timespec t;
    if (clock_getcpuclockid(opt.broker, &clk) == 0 && clock_gettime(clk, &t) == 0)
        u.broker_cpu = (double)t.tv_sec + (double)t.tv_nsec / 1e9;
    char path[64], line[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", opt.broker);
    FILE *f = fopen(path, "r");
    if (f) {
        unsigned long ut = 0, st = 0;
        if (fgets(line, sizeof line, f)) {
            char *p = strrchr(line, ')'); /* the command name may hold spaces */
            if (p) sscanf(p + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &ut, &st);
        }
        fclose(f);
        double hz = (double)sysconf(_SC_CLK_TCK);
        u.broker_user = (double)ut / hz;
        u.broker_sys = (double)st / hz;
    }
    if (!memory) return u;
    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", opt.broker);
    if ((f = fopen(path, "r"))) {
        while (fgets(line, sizeof line, f)) {
            sscanf(line, "Rss: %ld", &u.rss_kb);
            sscanf(line, "Pss: %ld", &u.pss_kb);
        }
        fclose(f);
    }
    return u;
}

/* ------------------------------------------------------------------ histogram: log-linear, 1/64 precision */

typedef struct {
    uint64_t bucket[64 * 64], count, max;
} histogram;

static void hist_add(histogram *h, uint64_t v) {
    int shift = v < 64 ? 0 : 58 - __builtin_clzll(v);
    h->bucket[shift * 64 + (int)(v >> shift)]++; /* for shift > 0, v >> shift is 32..63 */
    h->count++;
    if (v > h->max) h->max = v;
}

static double hist_us(const histogram *h, double q) {
    uint64_t want = (uint64_t)((double)h->count * q), seen = 0;
    for (int i = 0; i < 64 * 64; i++)
        if ((seen += h->bucket[i]) > want) return (double)((uint64_t)(i % 64) << (i / 64)) / 1e3;
    return (double)h->max / 1e3;
}

/* ------------------------------------------------------------------ exact set of seen sequence numbers */

typedef struct { uint64_t from, to; } range; /* [from, to) */

typedef struct {
    uint64_t next, unique, dup, late; /* next = highest seen + 1 */
    range *gap;                       /* the unseen below next, ascending */
    size_t gaps, cap;
} stream;

static void gap_insert(stream *s, size_t at, range r) {
    if (s->gaps == s->cap) s->gap = must(realloc(s->gap, (s->cap = s->cap ? s->cap * 2 : 4) * sizeof(range)));
    memmove(s->gap + at + 1, s->gap + at, (s->gaps - at) * sizeof(range));
    s->gap[at] = r;
    s->gaps++;
}

/* Index of the first gap that ends after seq. */
static size_t gap_after(const stream *s, uint64_t seq) {
    size_t lo = 0, hi = s->gaps;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if (s->gap[mid].to <= seq) lo = mid + 1; else hi = mid;
    }
    return lo;
}

/* Returns true when seq is seen for the first time. */
static bool stream_add(stream *s, uint64_t seq) {
    if (seq >= s->next) {
        if (seq > s->next) gap_insert(s, s->gaps, (range){s->next, seq});
        s->next = seq + 1;
        s->unique++;
        return true;
    }
    size_t lo = gap_after(s, seq);
    if (lo == s->gaps || s->gap[lo].from > seq) {
        s->dup++;
        return false;
    }
    range g = s->gap[lo];
    s->late++;
    s->unique++;
    if (g.from == seq && g.to == seq + 1) {
        memmove(s->gap + lo, s->gap + lo + 1, (--s->gaps - lo) * sizeof(range));
    } else if (g.from == seq) {
        s->gap[lo].from++;
    } else {
        s->gap[lo].to = seq;
        if (g.to != seq + 1) gap_insert(s, lo + 1, (range){seq + 1, g.to});
    }
    return true;
}

static bool stream_has(const stream *s, uint64_t seq) {
    size_t i = gap_after(s, seq);
    return seq < s->next && (i == s->gaps || s->gap[i].from > seq);
}

static uint64_t stream_lowest_missing(const stream *s) { return s->gaps ? s->gap[0].from : s->next; }

/* ------------------------------------------------------------------ connections */

enum role { PUB, SUB, IDLE };
enum state { CLOSED, CONNECTING, UP, CLOSING };

typedef struct {
    uint8_t *p;
    uint32_t len, cap;
} buffer;

typedef struct {
    int fd;
    uint32_t index;           /* within its role */
    uint8_t role, state;
    bool want_write, dirty, clean;
    buffer in, out;           /* in: a partial packet; out: unsent bytes */
    uint32_t window, inflight;
    uint64_t seq;             /* next to publish */
    uint64_t delivered, written_off; /* end-to-end accounting of this publisher's messages */
    uint64_t opened_at;
    stream acked;             /* publisher: sequence numbers the broker has confirmed */
    uint8_t *pids;            /* subscriber, QoS 2: bitmap of packet ids received and not yet released */
} conn;

static int ep = -1;
static conn **dirty;
static size_t dirty_n, dirty_cap;
static conn *pub, *sub;
static stream *streams;      /* deliveries, per (subscriber, publisher) or per publisher when shared */
static uint64_t *last_seen;  /* order check per (subscriber, publisher): last sequence + 1 */
static histogram latency, connect_time;
static uint64_t read_at;     /* time of the read() being parsed */
static bool expect_close;    /* connections may now end without being counted as failures */

static struct {
    uint64_t connacks, refused, subacks, pingresp, sent, acks, rejected, delivered, redelivered, reads;
    uint64_t out_of_order, foreign, disconnects, closed, connect_errors, first_at, last_at, dup_flag;
} st;

static void put(buffer *b, const void *p, size_t n) {
    if (b->len + n > b->cap) {
        uint32_t cap = b->cap ? b->cap : 256;
        while (cap < b->len + n) cap *= 2;
        b->p = must(realloc(b->p, b->cap = cap));
    }
    memcpy(b->p + b->len, p, n);
    b->len += (uint32_t)n;
}

static void put8(buffer *b, unsigned v) { put(b, &(uint8_t){(uint8_t)v}, 1); }
static void put16(buffer *b, unsigned v) { put(b, (uint8_t[]){(uint8_t)(v >> 8), (uint8_t)v}, 2); }
static void put_string(buffer *b, const char *s) { put16(b, (unsigned)strlen(s)); put(b, s, strlen(s)); }
static void put_varint(buffer *b, uint32_t v) {
    do put8(b, (v & 127) | (v > 127 ? 128 : 0)); while (v >>= 7);
}

static void mark_dirty(conn *c) {
    if (c->dirty) return;
    c->dirty = true;
    if (dirty_n == dirty_cap) dirty = must(realloc(dirty, (dirty_cap = dirty_cap ? dirty_cap * 2 : 64) * sizeof *dirty));
    dirty[dirty_n++] = c;
}

static void conn_close(conn *c) {
    if (c->state == CLOSED) return;
    if (c->state != CLOSING && !expect_close) st.disconnects++;
    if (c->state == CONNECTING) st.connect_errors++;
    close(c->fd);
    c->fd = -1;
    c->state = CLOSED;
    c->in.len = c->out.len = 0;
    c->inflight = 0;
    st.closed++;
}

static void want_write(conn *c, bool on) {
    if (c->want_write == on) return;
    c->want_write = on;
    epoll_ctl(ep, EPOLL_CTL_MOD, c->fd, &(struct epoll_event){.events = EPOLLIN | (on ? EPOLLOUT : 0), .data.ptr = c});
}

static void conn_flush(conn *c) {
    uint32_t done = 0;
    while (done < c->out.len) {
        ssize_t n = send(c->fd, c->out.p + done, c->out.len - done, MSG_NOSIGNAL);
        if (n < 0) {
            if (errno == EAGAIN || errno == EINPROGRESS || errno == ENOTCONN) break;
            conn_close(c);
            return;
        }
        done += (uint32_t)n;
    }
    if (done) memmove(c->out.p, c->out.p + done, c->out.len -= done);
    want_write(c, c->out.len > 0);
}

/* ------------------------------------------------------------------ packets to the broker */

static void send_connect(conn *c) {
    buffer b = {0};
    char id[64];
    put_string(&b, "MQTT");
    put8(&b, (unsigned)opt.version);
    put8(&b, c->clean ? 2 : 0);
    put16(&b, 0); /* no keep-alive: the generator never pings */
    if (opt.version == 5) {
        bool persist = c->role == SUB && opt.persistent;
        put_varint(&b, persist ? 5 : 0);
        if (persist) put(&b, (uint8_t[]){0x11, 0, 1, 0x51, 0x80}, 5); /* session expiry: one day */
    }
    snprintf(id, sizeof id, "%s-%c%u", opt.prefix, "psi"[c->role], c->index);
    put_string(&b, id);
    put8(&c->out, 0x10);
    put_varint(&c->out, b.len);
    put(&c->out, b.p, b.len);
    free(b.p);
}

static void send_disconnect(conn *c) {
    put(&c->out, (uint8_t[]){0xE0, 0}, 2);
    mark_dirty(c);
}

static void send_subscribe(conn *c, const char *filter, int qos) {
    buffer b = {0};
    put16(&b, 1);
    if (opt.version == 5) put8(&b, 0);
    put_string(&b, filter);
    put8(&b, (unsigned)qos);
    put8(&c->out, 0x82);
    put_varint(&c->out, b.len);
    put(&c->out, b.p, b.len);
    free(b.p);
    mark_dirty(c);
}

static void send_publish(conn *c, const char *topic, int qos, bool retain, uint64_t stamp, int size) {
    static uint8_t filler[1 << 20];
    size_t tl = strlen(topic);
    put8(&c->out, 0x30 | (unsigned)qos << 1 | retain);
    put_varint(&c->out, (uint32_t)(2 + tl + (qos ? 2 : 0) + (opt.version == 5) + (size_t)size));
    put16(&c->out, (unsigned)tl);
    put(&c->out, topic, tl);
    if (qos) put16(&c->out, (unsigned)(1 + c->seq % 65535));
    if (opt.version == 5) put8(&c->out, 0);
    if (size) {
        memcpy(filler, &run_id, 4);
        memcpy(filler + 4, &c->index, 4);
        memcpy(filler + 8, &c->seq, 8);
        memcpy(filler + 16, &stamp, 8);
        put(&c->out, filler, (size_t)size);
    }
    c->seq++;
    if (qos) c->inflight++;
    st.sent++;
    mark_dirty(c);
}

static void send_ack(conn *c, unsigned type, unsigned pid) {
    put(&c->out, (uint8_t[]){(uint8_t)type, 2, (uint8_t)(pid >> 8), (uint8_t)pid}, 4);
    mark_dirty(c);
}

/* ------------------------------------------------------------------ packets from the broker */

/* Decodes a variable byte integer; returns its length, 0 when incomplete. */
static int varint(const uint8_t *p, size_t n, uint32_t *v) {
    *v = 0;
    for (int i = 0; i < 4 && (size_t)i < n; i++) {
        *v |= (uint32_t)(p[i] & 127) << 7 * i;
        if (p[i] < 128) return i + 1;
    }
    if (n >= 4) die("broken variable byte integer from broker");
    return 0;
}

/* Finds Receive Maximum among CONNACK properties; 65535 when absent. */
static uint32_t receive_maximum(const uint8_t *p, size_t n) {
    for (size_t i = 0; i < n;) {
        switch (p[i]) {
        case 0x21: return (uint32_t)p[i + 1] << 8 | p[i + 2];
        case 0x11: case 0x27: i += 5; break;
        case 0x22: case 0x13: i += 3; break;
        case 0x24: case 0x25: case 0x28: case 0x29: case 0x2A: i += 2; break;
        case 0x26: i += 3u + ((size_t)p[i + 1] << 8 | p[i + 2]); i += 2u + ((size_t)p[i] << 8 | p[i + 1]); break;
        default: i += 3u + ((size_t)p[i + 1] << 8 | p[i + 2]); break; /* strings and binary data */
        }
    }
    return 65535;
}

static void on_connack(conn *c, const uint8_t *p, uint32_t n) {
    if (n < 2 || p[1] != 0) {
        if (!st.refused++) fprintf(stderr, "mqload: CONNECT refused, code 0x%02x\n", n < 2 ? 0 : p[1]);
        c->state = CLOSING; /* counted as refused, not as a lost connection */
        conn_close(c);
        return;
    }
    c->state = UP;
    c->window = (uint32_t)opt.window;
    uint32_t props;
    int k;
    if (opt.version == 5 && n > 2 && (k = varint(p + 2, n - 2, &props))) {
        uint32_t max = receive_maximum(p + 2 + k, props);
        if (max < c->window) c->window = max;
    }
    st.connacks++;
    hist_add(&connect_time, now_ns() - c->opened_at);
}

static void on_delivery(conn *c, const uint8_t *payload, size_t n) {
    uint32_t run, from;
    uint64_t seq, stamp;
    if (n < HEADER) { st.foreign++; return; }
    memcpy(&run, payload, 4);
    memcpy(&from, payload + 4, 4);
    memcpy(&seq, payload + 8, 8);
    memcpy(&stamp, payload + 16, 8);
    if (run != run_id || from >= (uint32_t)opt.pubs) { st.foreign++; return; }
    size_t pair = topology == PAIRS ? c->index : (size_t)c->index * (size_t)opt.pubs + from;
    if (!stream_add(&streams[topology == SHARED ? from : pair], seq)) { st.redelivered++; return; }
    if (seq < last_seen[pair]) st.out_of_order++;
    last_seen[pair] = seq + 1;
    if (!st.first_at) st.first_at = read_at;
    st.last_at = read_at;
    st.delivered++;
    pub[from].delivered++;
    hist_add(&latency, read_at > stamp ? read_at - stamp : 0);
}

static void on_publish(conn *c, unsigned flags, const uint8_t *p, uint32_t n) {
    unsigned qos = flags >> 1 & 3, pid = 0;
    uint32_t at = 2u + ((uint32_t)p[0] << 8 | p[1]);
    if (qos) {
        pid = (unsigned)p[at] << 8 | p[at + 1];
        at += 2;
    }
    if (opt.version == 5) {
        uint32_t props;
        int k = varint(p + at, n - at, &props);
        at += (uint32_t)k + props;
    }
    if (at > n) die("malformed PUBLISH from broker");
    if (flags & 8) st.dup_flag++;
    if (qos == 2) {
        if (!c->pids) c->pids = must(calloc(8192, 1));
        bool again = c->pids[pid >> 3] >> (pid & 7) & 1;
        c->pids[pid >> 3] |= (uint8_t)(1 << (pid & 7));
        send_ack(c, 0x50, pid);
        if (again) return; /* a resend inside one QoS 2 exchange is not a second delivery */
    } else if (qos == 1) {
        send_ack(c, 0x40, pid);
    }
    on_delivery(c, p + at, n - at);
}

/* A publisher's message is settled: PUBACK, or PUBCOMP, or a PUBREC that refuses it. */
static void on_settled(conn *c, unsigned pid, bool accepted) {
    uint64_t back = ((c->seq - 1) % 65535 + 1 + 65535 - pid) % 65535;
    if (c->role != PUB || back >= c->seq) die("acknowledgement of packet id %u, which was not sent", pid);
    if (c->inflight) c->inflight--;
    st.acks++;
    if (accepted) stream_add(&c->acked, c->seq - 1 - back); else st.rejected++;
}

static void on_packet(conn *c, unsigned first, const uint8_t *p, uint32_t n) {
    unsigned pid = n >= 2 ? (unsigned)p[0] << 8 | p[1] : 0;
    bool ok = n < 3 || p[2] < 0x80;
    switch (first >> 4) {
    case 2: on_connack(c, p, n); break;
    case 3: on_publish(c, first & 15, p, n); break;
    case 4: on_settled(c, pid, ok); break;
    case 5: if (ok) send_ack(c, 0x62, pid); else on_settled(c, pid, false); break;
    case 6:
        if (c->pids) c->pids[pid >> 3] &= (uint8_t)~(1 << (pid & 7));
        send_ack(c, 0x70, pid);
        break;
    case 7: on_settled(c, pid, true); break;
    case 9: if (p[n - 1] >= 0x80) st.refused++; st.subacks++; break;
    case 13: st.pingresp++; break;
    case 14: conn_close(c); break;
    default: die("unexpected packet type %u", first >> 4);
    }
}

static size_t parse(conn *c, const uint8_t *p, size_t n) {
    size_t at = 0;
    while (n - at >= 2 && c->state != CLOSED) {
        uint32_t len;
        int k = varint(p + at + 1, n - at - 1, &len);
        if (!k || n - at < 1u + (size_t)k + len) break;
        on_packet(c, p[at], p + at + 1 + k, len);
        at += 1u + (size_t)k + len;
    }
    return at;
}

static void on_readable(conn *c) {
    static uint8_t chunk[1 << 16];
    ssize_t n = recv(c->fd, chunk, sizeof chunk, 0);
    if (n <= 0) {
        if (n == 0 || errno != EAGAIN) conn_close(c);
        return;
    }
    read_at = now_ns();
    if (c->role == SUB) st.reads++;
    if (c->in.len == 0) {
        size_t used = parse(c, chunk, (size_t)n);
        if (c->state != CLOSED && used < (size_t)n) put(&c->in, chunk + used, (size_t)n - used);
    } else {
        put(&c->in, chunk, (size_t)n);
        size_t used = parse(c, c->in.p, c->in.len);
        if (c->state != CLOSED) memmove(c->in.p, c->in.p + used, c->in.len -= (uint32_t)used);
    }
}

/* ------------------------------------------------------------------ event loop */

static void flush_dirty(void) {
    for (size_t i = 0; i < dirty_n; i++) {
        dirty[i]->dirty = false;
        if (dirty[i]->state != CLOSED && !dirty[i]->want_write) conn_flush(dirty[i]);
    }
    dirty_n = 0;
}

static void pump(uint64_t wait_ns) {
    struct epoll_event ev[512];
    flush_dirty();
    struct timespec t = {(time_t)(wait_ns / SEC), (long)(wait_ns % SEC)};
    int n = epoll_pwait2(ep, ev, 512, &t, NULL);
    for (int i = 0; i < n; i++) {
        conn *c = ev[i].data.ptr;
        if (c->state == CLOSED) continue;
        if (ev[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) on_readable(c);
        if (c->state != CLOSED && ev[i].events & EPOLLOUT) conn_flush(c);
    }
    flush_dirty();
}

static void conn_open(conn *c, bool clean) {
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (c->fd < 0) die("socket: %s", strerror(errno));
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    struct sockaddr_in a = {.sin_family = AF_INET};
    if (opt.spread) { /* one source address per 10000 connections, else ephemeral ports run out at 28 k */
        static unsigned opened;
        setsockopt(c->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &(int){1}, sizeof(int));
        a.sin_addr.s_addr = htonl(0x7f000002u + opened++ / 10000 % 200);
        if (bind(c->fd, (void *)&a, sizeof a)) die("bind: %s", strerror(errno));
    }
    a.sin_port = htons((uint16_t)opt.port);
    inet_pton(AF_INET, opt.host, &a.sin_addr);
    c->state = CONNECTING;
    c->clean = clean;
    c->in.len = c->out.len = c->inflight = 0;
    c->opened_at = now_ns();
    send_connect(c);
    int rc = connect(c->fd, (void *)&a, sizeof a);
    if (rc && errno != EINPROGRESS) {
        conn_close(c);
        return;
    }
    c->want_write = rc != 0;
    epoll_ctl(ep, EPOLL_CTL_ADD, c->fd, &(struct epoll_event){.events = EPOLLIN | (rc ? EPOLLOUT : 0), .data.ptr = c});
    mark_dirty(c);
}

static bool until(const uint64_t *counter, uint64_t target, uint64_t deadline) {
    while (*counter < target && now_ns() < deadline) pump(SEC / 1000);
    return *counter >= target;
}

static uint64_t deadline(void) { return now_ns() + (uint64_t)opt.timeout * SEC; }

static void connect_all(conn *cs, int n, bool clean) {
    uint64_t base = st.connacks + st.connect_errors + st.refused, end = deadline();
    for (int started = 0;;) {
        int done = (int)(st.connacks + st.connect_errors + st.refused - base);
        if (done >= n) break;
        while (started < n && started - done < opt.connect_window) conn_open(&cs[started++], clean);
        pump(SEC / 1000);
        if (now_ns() > end) die("only %d of %d clients connected in time", done, n);
    }
}

static void disconnect_all(conn *cs, int n) {
    uint64_t base = st.closed;
    uint64_t open = 0;
    for (int i = 0; i < n; i++)
        if (cs[i].state == UP) {
            cs[i].state = CLOSING;
            send_disconnect(&cs[i]);
            open++;
        }
    if (!until(&st.closed, base + open, now_ns() + 5 * SEC)) /* brokers should close, but do not rely on it */
        for (int i = 0; i < n; i++) conn_close(&cs[i]);
}

static conn *conns(enum role role, int n) {
    conn *cs = must(calloc((size_t)n, sizeof *cs));
    for (int i = 0; i < n; i++) cs[i] = (conn){.fd = -1, .role = role, .index = (uint32_t)i};
    return cs;
}

/* ------------------------------------------------------------------ load */

/* With --topics N a publisher takes N topics in turn, so that a broker that remembers the last one finds another. */
static const char *pub_topic(const conn *c) {
    static char t[128];
    uint32_t i = topology == FANOUT ? 0 : c->index;
    if (opt.topics > 1) snprintf(t, sizeof t, "%s/t/%u/%lu", opt.prefix, i, c->seq % (uint64_t)opt.topics);
    else snprintf(t, sizeof t, "%s/t/%u", opt.prefix, i);
    return t;
}

static const char *sub_filter(uint32_t i) {
    static char t[160];
    const char *each = opt.topics > 1 ? "/+" : "";
    if (opt.filter) snprintf(t, sizeof t, "%s", opt.filter);
    else if (topology == PAIRS) snprintf(t, sizeof t, "%s/t/%u%s", opt.prefix, i, each);
    else if (topology == FANOUT) snprintf(t, sizeof t, "%s/t/0%s", opt.prefix, each);
    else snprintf(t, sizeof t, "%s%s/t/+%s", topology == SHARED ? "$share/g/" : "", opt.prefix, each);
    return t;
}

static uint64_t copies(void) { return topology == FANOUT || topology == FANIN ? (uint64_t)opt.subs : 1; }

static bool may_publish(const conn *c) {
    if (c->state != UP || c->want_write || c->out.len > 16384) return false;
    if (opt.messages && c->seq >= (uint64_t)opt.messages) return false;
    if (opt.qos && (c->inflight >= c->window || c->seq - stream_lowest_missing(&c->acked) >= 65535)) return false;
    return !opt.e2e || c->seq - c->written_off < c->delivered / copies() + (uint64_t)opt.e2e;
}

/* Publishes whatever windows and the rate allow. Returns ns until the next message is due. */
static uint64_t publish_some(uint64_t started, uint64_t base) {
    static int turn;
    uint64_t t = now_ns();
    if (!opt.rate) {
        bool any = false;
        for (int i = 0; i < opt.pubs; i++)
            for (int burst = 0; burst < 256 && may_publish(&pub[i]); burst++) {
                send_publish(&pub[i], pub_topic(&pub[i]), opt.qos, false, t, opt.size);
                any = true;
            }
        return any ? 0 : SEC / 200;
    }
    double gap = 1e9 / (double)opt.rate;
    for (int skipped = 0; skipped < opt.pubs;) {
        uint64_t due = started + (uint64_t)((double)(st.sent - base) * gap);
        if (due > t) return due - t;
        conn *c = &pub[turn++ % opt.pubs];
        if (!may_publish(c)) { skipped++; continue; }
        send_publish(c, pub_topic(c), opt.qos, false, due, opt.size); /* stamped with the intended time */
        skipped = 0;
    }
    return SEC / 2000; /* every publisher is blocked */
}

/* An end-to-end window must not stall for ever on messages a broker dropped. */
static void write_off_lost(void) {
    for (int i = 0; i < opt.pubs; i++) pub[i].written_off = pub[i].seq - pub[i].delivered / copies();
}

static void drain(uint64_t expected) {
    uint64_t seen = st.delivered, quiet_since = now_ns(), end = deadline();
    while (st.delivered < expected && now_ns() < end) {
        pump(SEC / 1000);
        if (st.delivered != seen) { seen = st.delivered; quiet_since = now_ns(); }
        if (now_ns() - quiet_since > (uint64_t)opt.idle_ms * 1000000) break;
    }
}

static uint64_t lost(void) {
    uint64_t n = 0;
    for (int i = 0; i < opt.pubs; i++) {
        int receivers = topology == PAIRS || topology == SHARED ? 1 : opt.subs;
        for (int s = 0; s < receivers; s++) n += pub[i].seq - streams[s * opt.pubs + i].unique;
    }
    return n;
}

/* Acknowledged yet never delivered: the promise a broker broke. */
static uint64_t acked_and_lost(void) {
    uint64_t n = 0;
    for (int i = 0; i < opt.pubs; i++)
        for (uint64_t s = 0; s < pub[i].acked.next; s++) n += stream_has(&pub[i].acked, s) && !stream_has(&streams[i], s);
    return n;
}

/* ------------------------------------------------------------------ report */

static char out[8192];
static size_t out_n;

static void field(const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    out_n += (size_t)snprintf(out + out_n, sizeof out - out_n, out_n ? ", " : "{");
    out_n += (size_t)vsnprintf(out + out_n, sizeof out - out_n, fmt, ap);
    va_end(ap);
}

static void report_usage(usage a, usage b, double seconds, uint64_t messages) {
    field("\"gen_cpu_s\": %.3f, \"gen_cpu_pct\": %.1f", b.own_cpu - a.own_cpu, 100 * (b.own_cpu - a.own_cpu) / seconds);
    if (opt.broker <= 0) return;
    double cpu = b.broker_cpu - a.broker_cpu;
    field("\"broker_cpu_s\": %.3f, \"broker_cpu_pct\": %.1f, \"broker_user_s\": %.2f, \"broker_sys_s\": %.2f", cpu,
          100 * cpu / seconds, b.broker_user - a.broker_user, b.broker_sys - a.broker_sys);
    if (cpu > 0) field("\"broker_sys_share_pct\": %.1f", 100 * (b.broker_sys - a.broker_sys) / cpu);
    if (messages) field("\"broker_us_per_msg\": %.3f", 1e6 * cpu / (double)messages);
    field("\"rss_before_kb\": %ld, \"rss_kb\": %ld, \"pss_before_kb\": %ld, \"pss_kb\": %ld", a.rss_kb, b.rss_kb,
          a.pss_kb, b.pss_kb);
}

static void report_hist(const char *name, const histogram *h) {
    if (h->count)
        field("\"%s_us\": {\"p50\": %.1f, \"p90\": %.1f, \"p99\": %.1f, \"p999\": %.1f, \"max\": %.1f}", name, hist_us(h, .5),
              hist_us(h, .9), hist_us(h, .99), hist_us(h, .999), (double)h->max / 1e3);
}

static void report_end(void) {
    field("\"redelivered\": %lu, \"dup_flag\": %lu, \"out_of_order\": %lu, \"rejected\": %lu, \"foreign\": %lu", st.redelivered,
          st.dup_flag, st.out_of_order, st.rejected, st.foreign);
    field("\"refused\": %lu, \"connect_errors\": %lu, \"disconnects\": %lu", st.refused, st.connect_errors, st.disconnects);
    printf("%s}\n", out);
}

static double seconds_since(uint64_t t) { return (double)(now_ns() - t) / 1e9; }

/* ------------------------------------------------------------------ scenarios */

static void open_subscribers(bool subscribe) {
    if (opt.persistent && opt.reset && subscribe) { /* forget what an earlier run left behind */
        connect_all(sub, opt.subs, true);
        disconnect_all(sub, opt.subs);
    }
    connect_all(sub, opt.subs, !opt.persistent);
    if (!subscribe) return;
    uint64_t base = st.subacks;
    for (int i = 0; i < opt.subs; i++)
        if (sub[i].state == UP) send_subscribe(&sub[i], sub_filter((uint32_t)i), opt.qos);
    if (!until(&st.subacks, base + (uint64_t)opt.subs, deadline())) die("not every subscription was acknowledged");
}

static void close_subscribers(void) {
    expect_close = true;
    disconnect_all(sub, opt.subs);
    if (opt.persistent && opt.cleanup) {
        connect_all(sub, opt.subs, true);
        disconnect_all(sub, opt.subs);
    }
}

static void open_all(void) {
    size_t pairs = topology == PAIRS ? (size_t)opt.pubs : (size_t)opt.pubs * (size_t)opt.subs;
    if (topology == PAIRS) opt.subs = opt.pubs;
    pub = conns(PUB, opt.pubs);
    sub = conns(SUB, opt.subs);
    streams = must(calloc(pairs, sizeof *streams));
    last_seen = must(calloc(pairs, sizeof *last_seen));
    open_subscribers(true);
    connect_all(pub, opt.pubs, true);
}

static void scenario_pubsub(void) {
    open_all();
    uint64_t begin = now_ns(), measured = begin, base_delivered = 0, base_reads = 0, progress = 0, progress_at = begin, base_acks = 0;
    bool measuring = opt.warmup == 0;
    usage a = usage_now(true), b;
    for (;;) {
        uint64_t t = now_ns();
        if (!measuring && t - begin >= (uint64_t)opt.warmup * SEC) {
            measuring = true;
            measured = t;
            base_delivered = st.delivered;
            base_reads = st.reads;
            base_acks = st.acks;
            memset(&latency, 0, sizeof latency);
            a = usage_now(true);
        }
        if (measuring && opt.seconds && t - measured >= (uint64_t)opt.seconds * SEC) break;
        if (opt.messages && st.sent >= (uint64_t)(opt.messages * opt.pubs)) break;
        if (st.delivered != progress) { progress = st.delivered; progress_at = t; }
        else if (opt.e2e && t - progress_at > SEC) { write_off_lost(); progress_at = t; }
        if (!opt.messages && !opt.seconds) die("pubsub needs --messages or --seconds");
        uint64_t wait = publish_some(begin, 0);
        pump(wait < SEC / 200 ? wait : SEC / 200);
    }
    uint64_t expected = st.sent * copies();
    if (opt.messages) drain(expected);
    uint64_t end = opt.messages ? st.last_at : now_ns(), n = st.delivered - base_delivered, acks = st.acks - base_acks;
    uint64_t reads = st.reads - base_reads;
    b = usage_now(true);
    double secs = (double)(end - measured) / 1e9;
    static histogram window;
    window = latency; /* what drains after the measured time does not belong to it */
    if (!opt.messages) drain(expected);
    field("\"seconds\": %.3f, \"delivered\": %lu, \"msg_per_s\": %.0f, \"acked_per_s\": %.0f", secs, n, (double)n / secs,
          (double)acks / secs);
    /* what a subscriber reads at once left the broker in one write, or in a few */
    field("\"msg_per_read\": %.2f", (double)n / (double)(reads ? reads : 1));
    report_hist("latency", &window);
    field("\"sent\": %lu, \"lost\": %lu", st.sent, lost());
    report_usage(a, b, secs, n);
    expect_close = true;
    disconnect_all(pub, opt.pubs);
    close_subscribers();
}

static void publish_batch(uint64_t until_ns) {
    uint64_t total = (uint64_t)opt.messages * (uint64_t)opt.pubs, end = deadline();
    while ((opt.qos ? st.acks : st.sent) < total && now_ns() < until_ns) {
        uint64_t wait = publish_some(now_ns(), st.sent);
        pump(wait < SEC / 200 ? wait : SEC / 200);
        if (now_ns() > end) die("queueing took too long: %lu of %lu acknowledged", st.acks, total);
    }
}

static void scenario_offline(void) {
    opt.persistent = 1;
    if (!opt.messages || !opt.qos) die("offline needs --messages per session and --qos 1 or 2");
    open_all();
    expect_close = true;
    disconnect_all(sub, opt.subs);
    expect_close = false;
    usage a = usage_now(true);
    uint64_t t = now_ns();
    publish_batch(UINT64_MAX);
    double queue_s = seconds_since(t);
    usage b = usage_now(true);
    field("\"queue_s\": %.3f, \"queued_per_s\": %.0f, \"queue_broker_us_per_msg\": %.2f, \"rss_queued_kb\": %ld", queue_s,
          (double)st.acks / queue_s, 1e6 * (b.broker_cpu - a.broker_cpu) / (double)st.acks, b.rss_kb);
    b = usage_now(true);
    t = now_ns();
    open_subscribers(false);
    double reconnect_s = seconds_since(t);
    drain(st.sent);
    double drain_s = (double)(st.last_at - t) / 1e9;
    field("\"reconnect_s\": %.3f, \"drain_s\": %.3f, \"drained_per_s\": %.0f, \"delivered\": %lu, \"lost\": %lu", reconnect_s,
          drain_s, (double)st.delivered / drain_s, st.delivered, lost());
    report_usage(b, usage_now(true), drain_s, st.delivered);
    expect_close = true;
    disconnect_all(pub, opt.pubs);
    close_subscribers();
}

/* Starts a broker and waits for its first CONNACK. */
static double start_broker(void) {
    if (!opt.start_cmd) die("--start-cmd is needed");
    conn *c = conns(IDLE, 1);
    expect_close = true;
    conn_open(c, true);
    for (int i = 0; i < 20 && c->state == CONNECTING; i++) pump(SEC / 1000);
    if (c->state != CLOSED) die("port %d is taken", opt.port);
    uint64_t t = now_ns();
    pid_t child = fork();
    if (child == 0) {
        setsid();
        char *cmd;
        if (asprintf(&cmd, "exec %s", opt.start_cmd) < 0) _exit(127);
        execl("/bin/sh", "sh", "-c", cmd, (char *)NULL);
        _exit(127);
    }
    opt.broker = child;
    uint64_t base = st.connacks, end = deadline();
    while (st.connacks == base) {
        if (c->state == CLOSED) conn_open(c, true);
        pump(SEC / 2000);
        if (c->state == CLOSED) usleep(500);
        if (waitpid(child, NULL, WNOHANG) == child) die("the broker exited at once");
        if (now_ns() > end) {
            kill(child, SIGKILL);
            die("the broker did not accept a connection in time");
        }
    }
    double ms = seconds_since(t) * 1e3;
    disconnect_all(c, 1);
    expect_close = false;
    st.connect_errors = 0;
    return ms;
}

static void scenario_start(void) {
    double ms = start_broker();
    field("\"pid\": %d, \"start_ms\": %.1f", opt.broker, ms);
    usage u = usage_now(true);
    field("\"cpu_s\": %.3f, \"rss_kb\": %ld, \"pss_kb\": %ld", u.broker_cpu, u.rss_kb, u.pss_kb);
}

/* kill -9 while persistent sessions are being filled, restart, drain: what was promised and is gone? */
static void scenario_crash(void) {
    opt.persistent = 1;
    if (!opt.qos || opt.broker <= 0) die("crash needs --qos 1 or 2 and --broker-pid");
    if (!opt.messages) opt.messages = 1000000000;
    open_all();
    expect_close = true;
    disconnect_all(sub, opt.subs);
    publish_batch(now_ns() + (uint64_t)(opt.kill_after * 1e9));
    kill(opt.broker, SIGKILL);
    waitpid(opt.broker, NULL, 0);
    uint64_t end = deadline();
    for (bool open = true; open && now_ns() < end;) { /* acknowledgements already in our sockets count */
        pump(SEC / 1000);
        open = false;
        for (int i = 0; i < opt.pubs; i++) open |= pub[i].state != CLOSED;
    }
    uint64_t acked = st.acks - st.rejected, sent = st.sent;
    double ms = start_broker();
    opt.reset = 0;
    uint64_t t = now_ns();
    open_subscribers(false);
    drain(sent);
    field("\"sent\": %lu, \"acked\": %lu, \"restart_ms\": %.1f, \"delivered\": %lu, \"drain_s\": %.3f", sent, acked, ms,
          st.delivered, st.last_at ? (double)(st.last_at - t) / 1e9 : 0.0);
    uint64_t broken = acked_and_lost();
    field("\"acked_lost\": %lu, \"acked_lost_pct\": %.3f, \"pid\": %d", broken, acked ? 100.0 * (double)broken / (double)acked : 0.0,
          opt.broker);
    st.disconnects = 0;
    close_subscribers();
}

static void scenario_idle(void) {
    conn *cs = conns(IDLE, opt.clients);
    usage a = usage_now(true);
    uint64_t t = now_ns();
    connect_all(cs, opt.clients, true);
    double secs = seconds_since(t);
    usage b = usage_now(false);
    if (opt.subscribe_idle) {
        for (int i = 0; i < opt.clients; i++) {
            if (cs[i].state == UP) send_subscribe(&cs[i], pub_topic(&cs[i]), opt.qos);
            if (i % 100 == 99) pump(0);
        }
        until(&st.subacks, (uint64_t)opt.clients, deadline());
    }
    field("\"clients\": %lu, \"connect_s\": %.3f, \"connects_per_s\": %.0f, \"broker_us_per_connect\": %.1f", st.connacks, secs,
          (double)st.connacks / secs, 1e6 * (b.broker_cpu - a.broker_cpu) / (double)opt.clients);
    report_hist("connect", &connect_time);
    uint64_t hold = now_ns() + (uint64_t)(opt.seconds ? opt.seconds : 3) * SEC;
    b = usage_now(true);
    while (now_ns() < hold) pump(SEC / 100);
    usage c = usage_now(true);
    field("\"bytes_per_conn\": %.0f, \"rss_before_kb\": %ld, \"rss_kb\": %ld, \"idle_cpu_pct\": %.2f",
          1024.0 * (double)(c.pss_kb - a.pss_kb) / (double)opt.clients, a.rss_kb, c.rss_kb,
          100 * (c.broker_cpu - b.broker_cpu) / (double)(opt.seconds ? opt.seconds : 3));
    expect_close = true;
    disconnect_all(cs, opt.clients);
}

/* Connect, wait for CONNACK, disconnect, and again, with --connect-window of them under way. */
static void scenario_storm(void) {
    conn *cs = conns(IDLE, opt.connect_window);
    usage a = usage_now(true);
    uint64_t t = now_ns(), total = (uint64_t)opt.clients, opened = 0, end = deadline();
    expect_close = true;
    while (st.closed < total && now_ns() < end) {
        for (int i = 0; i < opt.connect_window; i++) {
            if (cs[i].state == CLOSED && opened < total) {
                cs[i].index = (uint32_t)opened++;
                conn_open(&cs[i], true);
            } else if (cs[i].state == UP) {
                cs[i].state = CLOSING;
                send_disconnect(&cs[i]);
            }
        }
        pump(SEC / 1000);
    }
    double secs = seconds_since(t);
    field("\"connects\": %lu, \"seconds\": %.3f, \"connects_per_s\": %.0f", st.connacks, secs, (double)st.connacks / secs);
    report_hist("connect", &connect_time);
    report_usage(a, usage_now(true), secs, st.connacks);
}

static void retained_publish(int qos, int size) {
    char topic[128];
    uint64_t base = st.acks, n = 0, end = deadline();
    while (n < (uint64_t)opt.messages || (qos && st.acks - base < n)) {
        while (n < (uint64_t)opt.messages && !pub->want_write && pub->out.len < 65536 && (!qos || pub->inflight < pub->window)) {
            snprintf(topic, sizeof topic, "%s/r/%lu/%lu", opt.prefix, n / 1000, n % 1000);
            send_publish(pub, topic, qos, true, now_ns(), size);
            n++;
        }
        pump(SEC / 1000);
        if (now_ns() > end) die("storing retained messages took too long: %lu acknowledged", st.acks - base);
    }
}

static void scenario_retained(void) {
    char filter[128];
    topology = FANOUT;
    opt.pubs = 1;
    if (!opt.messages || !opt.qos) die("retained needs --messages and --qos 1 or 2");
    if (!opt.filter) {
        snprintf(filter, sizeof filter, "%s/r/#", opt.prefix);
        opt.filter = filter;
    }
    pub = conns(PUB, 1);
    sub = conns(SUB, opt.subs);
    streams = must(calloc((size_t)opt.subs, sizeof *streams));
    last_seen = must(calloc((size_t)opt.subs, sizeof *last_seen));
    connect_all(pub, 1, true);
    usage a = usage_now(true);
    uint64_t t = now_ns(), expected = (uint64_t)opt.messages * (uint64_t)opt.subs;
    retained_publish(opt.qos, opt.size);
    double store_s = seconds_since(t);
    usage b = usage_now(true);
    field("\"store_s\": %.3f, \"stored_per_s\": %.0f, \"store_broker_us_per_msg\": %.2f, \"bytes_per_retained\": %.0f", store_s,
          (double)opt.messages / store_s, 1e6 * (b.broker_cpu - a.broker_cpu) / (double)opt.messages,
          1024.0 * (double)(b.pss_kb - a.pss_kb) / (double)opt.messages);
    connect_all(sub, opt.subs, true);
    b = usage_now(true);
    t = now_ns();
    for (int i = 0; i < opt.subs; i++) send_subscribe(&sub[i], opt.filter, opt.qos);
    drain(expected);
    double secs = (double)(st.last_at - t) / 1e9;
    field("\"first_ms\": %.2f, \"all_ms\": %.1f, \"delivered\": %lu, \"lost\": %ld, \"msg_per_s\": %.0f",
          (double)(st.first_at - t) / 1e6, secs * 1e3, st.delivered, (long)(expected - st.delivered), (double)st.delivered / secs);
    report_usage(b, usage_now(true), secs, st.delivered);
    expect_close = true;
    disconnect_all(sub, opt.subs);
    st.out_of_order = 0; /* retained messages have no order between topics */
    if (opt.cleanup) retained_publish(1, 0);
    disconnect_all(pub, 1);
}

/* ------------------------------------------------------------------ main */

static const char *const usage_text =
    "mqload [options]; see README.md\n"
    "  --scenario pubsub|offline|crash|idle|storm|retained|start   --topology pairs|fanout|fanin|shared\n"
    "  --host A --port N --version 4|5 --qos Q --size BYTES --pubs P --subs S --clients C\n"
    "  --messages N (per publisher) | --seconds N --warmup N   --rate MSG/S (0: as fast as possible)\n"
    "  --window N (unacknowledged per publisher) --e2e N (undelivered per publisher, 0: no limit)\n"
    "  --persistent 0|1 --reset 0|1 --cleanup 0|1 --filter F --prefix P --idle-ms MS --timeout S\n"
    "  --connect-window N --bind-spread 0|1 --subscribe-idle 0|1 --broker-pid PID --label TEXT\n"
    "  --start-cmd CMD --kill-after SECONDS\n";

int main(int argc, char **argv) {
    static const struct { const char *name; int *i; long *l; const char **s; } names[] = {
        {"host", 0, 0, &opt.host}, {"port", &opt.port, 0, 0}, {"version", &opt.version, 0, 0}, {"qos", &opt.qos, 0, 0},
        {"scenario", 0, 0, &opt.scenario}, {"topology", 0, 0, &opt.topology}, {"pubs", &opt.pubs, 0, 0}, {"subs", &opt.subs, 0, 0},
        {"clients", &opt.clients, 0, 0}, {"topics", &opt.topics, 0, 0}, {"size", &opt.size, 0, 0}, {"rate", 0, &opt.rate, 0}, {"messages", 0, &opt.messages, 0},
        {"window", &opt.window, 0, 0}, {"e2e", 0, &opt.e2e, 0}, {"seconds", &opt.seconds, 0, 0}, {"warmup", &opt.warmup, 0, 0},
        {"persistent", &opt.persistent, 0, 0}, {"reset", &opt.reset, 0, 0}, {"cleanup", &opt.cleanup, 0, 0}, {"filter", 0, 0, &opt.filter},
        {"prefix", 0, 0, &opt.prefix}, {"idle-ms", &opt.idle_ms, 0, 0}, {"timeout", &opt.timeout, 0, 0}, {"label", 0, 0, &opt.label},
        {"connect-window", &opt.connect_window, 0, 0}, {"bind-spread", &opt.spread, 0, 0}, {"broker-pid", &opt.broker, 0, 0},
        {"subscribe-idle", &opt.subscribe_idle, 0, 0}, {"start-cmd", 0, 0, &opt.start_cmd}, {"kill-after", 0, 0, 0}};
    static const struct { const char *name; void (*run)(void); } scenarios[] = {
        {"pubsub", scenario_pubsub}, {"offline", scenario_offline}, {"crash", scenario_crash}, {"idle", scenario_idle},
        {"storm", scenario_storm}, {"retained", scenario_retained}, {"start", scenario_start}};
    static const char *const topologies[] = {"pairs", "fanout", "fanin", "shared"};
    enum { OPTIONS = sizeof names / sizeof *names };
    struct option longs[OPTIONS + 1] = {{0}};
    for (int i = 0; i < OPTIONS; i++) longs[i] = (struct option){names[i].name, required_argument, 0, i};
    for (int o; (o = getopt_long(argc, argv, "", longs, NULL)) != -1;) {
        if (o < 0 || o >= OPTIONS) { fputs(usage_text, stderr); return 2; }
        if (names[o].i) *names[o].i = atoi(optarg);
        else if (names[o].l) *names[o].l = atol(optarg);
        else if (names[o].s) *names[o].s = optarg;
        else opt.kill_after = atof(optarg);
    }
    if (opt.size < HEADER || opt.size > 1 << 20) die("--size must be %d..1048576", HEADER);
    if (opt.version != 4 && opt.version != 5) die("--version must be 4 or 5");
    topology = -1;
    for (int i = 0; i < 4; i++) if (!strcmp(opt.topology, topologies[i])) topology = i;
    if (topology < 0) die("unknown topology %s", opt.topology);
    if (topology == FANOUT) opt.pubs = 1;
    signal(SIGPIPE, SIG_IGN);
    prctl(PR_SET_TIMERSLACK, 1);
    run_id = (uint32_t)now_ns() | 1;
    ep = epoll_create1(EPOLL_CLOEXEC);
    field("\"label\": \"%s\", \"scenario\": \"%s\", \"topology\": \"%s\", \"version\": %d, \"qos\": %d, \"size\": %d", opt.label,
          opt.scenario, opt.topology, opt.version, opt.qos, opt.size);
    field("\"pubs\": %d, \"subs\": %d, \"window\": %d, \"e2e\": %ld, \"rate\": %ld", opt.pubs,
          topology == PAIRS ? opt.pubs : opt.subs, opt.window, opt.e2e, opt.rate);
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++)
        if (!strcmp(opt.scenario, scenarios[i].name)) {
            scenarios[i].run();
            report_end();
            return 0;
        }
    die("unknown scenario %s", opt.scenario);
}
