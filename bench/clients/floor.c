/*
 * The floor: a client of WebSocket or Socket.IO that does as little as Linux allows. One thread, one epoll set. It
 * counts messages and keeps nothing of them.
 *
 *     floor PORT PATH CONNECTIONS REQUESTS_PER_SECOND REQUEST
 *
 * It prints a line of JSON when all connections are open, and one for each SIGUSR2. From then on it sends REQUEST at
 * the given rate, over its connections in turn; 0 only receives.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum { OPENING_AT_ONCE = 100, HEAD = 16, TEXT = 1, CLOSE = 8 };
enum stage { CONNECTING, UPGRADING, ENTERING, OPEN };

/* Events that are not those of a peer. */
static const uint32_t SIGNAL = UINT32_MAX, TIMER = UINT32_MAX - 1;

struct peer {
  int fd;
  enum stage stage;
  /* Bytes of a frame that are still to come, and the first bytes of one whose header is incomplete. */
  uint64_t skip;
  size_t held;
  unsigned char head[HEAD];
};

static struct peer *peers;
static int epoll, planned, started, opened, is_socketio;
static long received;
static const char *path;
static struct sockaddr_in server;
static unsigned char buffer[1 << 16];

static void fail(const char *what) {
  fprintf(stderr, "%s: %s\n", what, strerror(errno));
  exit(1);
}

static void watch(int operation, int fd, uint32_t events, uint32_t which) {
  struct epoll_event event = {.events = events, .data.u32 = which};
  if (epoll_ctl(epoll, operation, fd, &event) != 0) fail("epoll_ctl");
}

static void print_reading(void) {
  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  long cpu_us = (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000L + used.ru_utime.tv_usec + used.ru_stime.tv_usec;
  long pages = 0;
  FILE *memory = fopen("/proc/self/statm", "r");
  if (memory == NULL || fscanf(memory, "%*d %ld", &pages) != 1) fail("/proc/self/statm");
  fclose(memory);
  printf("{\"connections\":%d,\"received\":%ld,\"cpuUs\":%ld,\"rssBytes\":%ld}\n", opened, received, cpu_us,
         pages * sysconf(_SC_PAGESIZE));
  fflush(stdout);
}

/* Sends a text message of less than 64 KiB, RFC 6455 section 5.2, masked with a key of zeros. */
static void send_text(struct peer *peer, const char *text) {
  static unsigned char frame[1 << 16];
  size_t length = strlen(text), at = 2;
  frame[0] = 0x80 | TEXT;
  frame[1] = 0x80 | (length < 126 ? length : 126);
  if (length >= 126) {
    frame[at++] = length >> 8;
    frame[at++] = length & 255;
  }
  memset(frame + at, 0, 4);
  memcpy(frame + at + 4, text, length);
  if (send(peer->fd, frame, at + 4 + length, MSG_NOSIGNAL) < 0) fail("send");
}

static void start_next(void) {
  struct peer *peer = &peers[started];
  peer->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (peer->fd < 0) fail("socket");
  int on = 1;
  setsockopt(peer->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (connect(peer->fd, (struct sockaddr *)&server, sizeof server) != 0 && errno != EINPROGRESS) fail("connect");
  watch(EPOLL_CTL_ADD, peer->fd, EPOLLOUT, started++);
}

static void become_open(struct peer *peer) {
  peer->stage = OPEN;
  opened += 1;
  if (started < planned) start_next();
  if (opened == planned) print_reading();
}

static void upgrade(struct peer *peer) {
  int error = 0, size = snprintf((char *)buffer, sizeof buffer,
                                 "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                 "Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\nSec-WebSocket-Version: 13\r\n\r\n",
                                 path);
  socklen_t length = sizeof error;
  getsockopt(peer->fd, SOL_SOCKET, SO_ERROR, &error, &length);
  errno = error;
  if (error != 0 || send(peer->fd, buffer, size, MSG_NOSIGNAL) != size) fail("connect");
  peer->stage = UPGRADING;
  watch(EPOLL_CTL_MOD, peer->fd, EPOLLIN, peer - peers);
}

/* Handles a message by the types of Engine.IO 4 and Socket.IO 5, its first two characters. */
static void handle(struct peer *peer, int opcode, const unsigned char *payload, uint64_t length) {
  if (opcode == CLOSE) fail("the server closed a connection");
  if (!is_socketio) received += 1;
  else if (length > 1 && payload[0] == '4' && (payload[1] == '2' || payload[1] == '3')) received += 1;
  else if (payload[0] == '0') send_text(peer, "40");
  else if (payload[0] == '2') send_text(peer, "3");
  else if (peer->stage == ENTERING) become_open(peer);
}

/* The length of the answer's head to the upgrade. */
static size_t head_length(size_t size) {
  unsigned char *end = memmem(buffer, size, "\r\n\r\n", 4);
  if (end == NULL || memcmp(buffer, "HTTP/1.1 101 ", 13) != 0) fail("the answer to the upgrade is not 101");
  return end + 4 - buffer;
}

static void receive(struct peer *peer) {
  memcpy(buffer, peer->head, peer->held);
  ssize_t count = recv(peer->fd, buffer + peer->held, sizeof buffer - HEAD, 0);
  if (count <= 0) fail("recv");
  size_t size = peer->held + count, at = peer->skip < size ? peer->skip : size;
  peer->skip -= at;
  if (peer->stage == UPGRADING) {
    at = head_length(size);
    peer->stage = ENTERING;
    if (!is_socketio) become_open(peer);
  }
  while (size - at >= 2) {
    const unsigned char *frame = buffer + at;
    uint64_t length = frame[1] & 127;
    size_t header = length < 126 ? 2 : length == 126 ? 4 : 10;
    if (size - at < header + (length < 2 ? length : 2)) break;
    if (header > 2) length = 0;
    for (size_t byte = 2; byte < header; byte++) length = length << 8 | frame[byte];
    handle(peer, frame[0] & 15, frame + header, length);
    peer->skip = header + length > size - at ? header + length - (size - at) : 0;
    at += header + length - peer->skip;
  }
  peer->held = size - at;
  memcpy(peer->head, buffer + at, peer->held);
}

static int watch_signal(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR2);
  sigprocmask(SIG_BLOCK, &set, NULL);
  int fd = signalfd(-1, &set, SFD_CLOEXEC);
  watch(EPOLL_CTL_ADD, fd, EPOLLIN, SIGNAL);
  return fd;
}

static int watch_timer(long per_second) {
  struct itimerspec every = {.it_interval.tv_nsec = 1000000000L / per_second, .it_value.tv_nsec = 1};
  if (per_second == 1) every.it_interval = (struct timespec){.tv_sec = 1};
  int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
  if (timerfd_settime(fd, 0, &every, NULL) != 0) fail("timerfd_settime");
  watch(EPOLL_CTL_ADD, fd, EPOLLIN, TIMER);
  return fd;
}

int main(int count, char **values) {
  if (count != 6) return fprintf(stderr, "floor PORT PATH CONNECTIONS REQUESTS_PER_SECOND REQUEST\n"), 2;
  path = values[2];
  planned = atoi(values[3]);
  long per_second = atol(values[4]), asked = 0;
  is_socketio = strstr(path, "EIO=4") != NULL;
  server = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(atoi(values[1]))};
  server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  epoll = epoll_create1(EPOLL_CLOEXEC);
  peers = calloc(planned, sizeof *peers);
  int signals = watch_signal(), timer = -1;
  for (int i = 0; i < OPENING_AT_ONCE && i < planned; i++) start_next();
  static struct epoll_event events[1024];
  for (;;) {
    int ready = epoll_wait(epoll, events, 1024, -1);
    for (int i = 0; i < ready; i++) {
      uint32_t which = events[i].data.u32;
      if (which == SIGNAL) {
        struct signalfd_siginfo info;
        if (read(signals, &info, sizeof info) == sizeof info) print_reading();
      } else if (which == TIMER) {
        uint64_t due = 0;
        if (read(timer, &due, sizeof due) != sizeof due) due = 0;
        while (due-- > 0) send_text(&peers[asked++ % planned], values[5]);
      } else if (peers[which].stage == CONNECTING) upgrade(&peers[which]);
      else receive(&peers[which]);
    }
    if (opened == planned && per_second > 0 && timer < 0) timer = watch_timer(per_second);
  }
}
