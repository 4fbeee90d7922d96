/*
 * doctor - what is reachable, and what to do about the rest.
 *
 * Facts in, findings out; measuring them is checkup.c's.  Each finding says
 * what was found and, where something can be done, the next step with the
 * exact command or router rule, values filled in.
 */
#ifndef DOCTOR_H
#define DOCTOR_H

#include "portmap.h"
#include "probe.h"
#include "relay.h"

enum {
	DOCTOR_ADDRS_MAX = 16,
	FINDINGS_MAX = 24
};

enum finding_level {
	FINDING_GOOD,
	FINDING_NOTE,			/* worth knowing */
	FINDING_BAD			/* something should be done */
};

struct finding {
	enum finding_level level;
	char what[240];
	char next[320];			/* or "" */
};

/* Which firewall of this machine seems to be in charge. */
enum firewall { FIREWALL_UNKNOWN, FIREWALL_UFW, FIREWALL_FIREWALLD };

struct doctor_facts {
	uint16_t tcp_port, udp_port;	/* udp 0: no UDP at all */
	size_t n_addrs;
	struct addr addrs[DOCTOR_ADDRS_MAX];	/* mine, no loopback */
	const char *lan_trouble;	/* or NULL */
	bool lan_off;
	uint16_t lan_port;
	size_t n_nearby;
	bool never_direct;		/* option direct */
	bool has_birthday;		/* option birthday */
	enum nat_class nat;
	bool has_public;
	struct addr public;		/* as STUN or a relay sees me */
	bool is_double;
	bool has_gateway;
	struct addr gateway;
	struct addr local;		/* my address towards it */
	enum portmap_state mapping;
	enum portmap_how holder;
	struct addr mapped;		/* if PORTMAP_HELD */
	const char *map_text[PORTMAP_HOWS];
	size_t n_relays;
	struct relay_state relays[RELAYS_MAX];
	int tcp_reached, udp_reached;	/* -1: not tried, 0, 1 */
	const char *reach_why;		/* why not tried, or NULL */
	enum firewall firewall;
};

/* The number of findings. */
size_t doctor_examine(const struct doctor_facts *f,
    struct finding list[FINDINGS_MAX]);
/* "good", "note", "bad" */
const char *finding_name(enum finding_level l);

#endif
