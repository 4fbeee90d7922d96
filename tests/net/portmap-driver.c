/*
 * portmap-driver - port mapping alone: says what it finds, in lines.
 *
 *	portmap-driver [-l LIFETIME] [-n] [-p] [-u] PORT
 *		-n without PCP, -p without NAT-PMP too, -u without UPnP
 *
 *	on stdin: again [PORT] | stun IP | end         end of input: end
 *	on stdout, after each change:
 *	STATE HOLDER tcp ADDR udp ADDR double YES | PCP | NAT-PMP | UPnP
 *
 * It is its own UPnP child, as p2ptui is.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "portmap.h"
#include "rand.h"
#include "upnp.h"

enum { END_MS = 3000 };

struct driver {
	struct loop *loop;
	struct ifaces *ifaces;
	struct portmap *map;
	struct watch *input;
	struct timer end;
	uint16_t port;
};

static void
print(struct driver *d)
{
	static const char *const states[] = { "off", "asking", "held",
		"none" };
	static const char *const protos[] = { "tcp", "udp" };
	enum portmap_how holder = portmap_holder(d->map);

	printf("%s %s", states[portmap_state(d->map)], holder ==
	    PORTMAP_HOWS ? "-" : portmap_how_name(holder));
	for (int i = 0; i < PORTMAP_PROTOS; i++) {
		struct addr ext;
		char text[ADDR_TEXT] = "-";

		if (portmap_get(d->map, (enum portmap_proto)i, &ext))
			addr_format(&ext, text);
		printf(" %s %s", protos[i], text);
	}
	printf(" double %s", portmap_is_double(d->map) ? "yes" : "no");
	for (int i = 0; i < PORTMAP_HOWS; i++)
		printf(" | %s", portmap_text(d->map, (enum portmap_how)i));
	printf("\n");
	fflush(stdout);
}

static void
on_change(void *ctx)
{
	struct driver *d = ctx;

	print(d);
	if (timer_is_set(&d->end) && portmap_is_done(d->map))
		loop_stop(d->loop, 0);
}

static void
on_network(void *ctx)
{
	struct driver *d = ctx;

	printf("network\n");
	portmap_again(d->map, d->port, 0);
}

/* Also looks whether it is over: that is nothing that would be told. */
static void
on_end(void *ctx)
{
	struct driver *d = ctx;

	printf("ended %s\n", portmap_is_done(d->map) ? "in time" : "late");
	loop_stop(d->loop, 0);
}

static void
on_settle(void *ctx)
{
	struct driver *d = ctx;

	if (timer_is_set(&d->end) && portmap_is_done(d->map))
		timer_set(&d->end, 0);
}

static void
end(struct driver *d)
{
	if (timer_is_set(&d->end))
		return;
	portmap_end(d->map);
	timer_set(&d->end, END_MS);
}

static void
on_input(void *ctx, unsigned events)
{
	struct driver *d = ctx;
	char line[128];
	ssize_t n = read(STDIN_FILENO, line, sizeof(line) - 1);
	struct addr a;

	(void)events;
	if (n <= 0) {
		watch_free(d->input);
		d->input = NULL;
		end(d);
		return;
	}
	line[n] = '\0';
	line[strcspn(line, "\n")] = '\0';
	if (strcmp(line, "again") == 0) {
		portmap_again(d->map, d->port, 0);
	} else if (strncmp(line, "again ", 6) == 0 &&
	    addr_parse_port(line + 6, false, &d->port) == 0) {
		portmap_again(d->map, d->port, 0);
	} else if (strncmp(line, "stun ", 5) == 0 &&
	    addr_parse_ip(&a, line + 5) == 0) {
		portmap_stun(d->map, &a);
	} else if (strcmp(line, "end") == 0) {
		end(d);
	} else {
		print(d);
	}
}

static int
run(struct driver *d, struct portmap_setup *setup)
{
	struct err e = { .what = "" };
	int status;

	d->loop = loop_new(&e);
	d->ifaces = ifaces_new(d->loop, on_network, d);
	timer_init(&d->end, d->loop, on_end, d);
	setup->loop = d->loop;
	setup->ifaces = d->ifaces;
	setup->port = d->port;
	setup->upnp_exec = "/proc/self/exe";
	setup->ctx = d;
	setup->on_change = on_change;
	memcpy(setup->nonce, "portmap-test", PCP_NONCE);
	d->map = portmap_new(setup);
	d->input = loop_watch(d->loop, STDIN_FILENO, on_input, d, &e);
	loop_hook(d->loop, LOOP_SETTLE, on_settle, d);
	print(d);
	status = loop_run(d->loop);
	portmap_free(d->map);
	ifaces_free(d->ifaces);
	watch_free(d->input);
	timer_stop(&d->end);
	loop_free(d->loop);
	return status;
}

int
main(int argc, char **argv)
{
	struct portmap_setup setup = { .pcp = true, .upnp = true };
	struct driver d = { .port = 0 };
	int c;

	if (upnp_is_child(argc, argv))
		upnp_child_main();
	while ((c = getopt(argc, argv, "l:npu")) != -1) {
		if (c == 'l')
			setup.lifetime_s = (uint32_t)strtoul(optarg, NULL,
			    10);
		else if (c == 'n')
			setup.only_natpmp = true;
		else if (c == 'p')
			setup.pcp = false;
		else if (c == 'u')
			setup.upnp = false;
		else
			return 2;
	}
	if (optind >= argc ||
	    addr_parse_port(argv[optind], false, &d.port) != 0) {
		fprintf(stderr, "usage: portmap-driver [-l S] [-npu] PORT\n");
		return 2;
	}
	return crypto_start(NULL) == 0 ? run(&d, &setup) : 1;
}
