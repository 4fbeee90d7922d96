/*
 * label - one name for each use of a key: p2ptui-protocol(7), Conventions.
 *
 * Nothing is hashed, keyed or signed without one of these, so that bytes
 * made for one purpose mean nothing to another.  t_kdf asserts that no two
 * are equal.
 */
#ifndef LABEL_H
#define LABEL_H

#define LABEL_TABLE(row) \
	row(LABEL_BEACON, "p2ptui/1/beacon") \
	row(LABEL_CARD, "p2ptui/1/card") \
	row(LABEL_ED25519, "p2ptui/1/ed25519") \
	row(LABEL_ENVELOPE, "p2ptui/1/env") \
	row(LABEL_KEY_ID, "p2ptui/1/rk-id") \
	row(LABEL_LAN, "p2ptui/1/lan") \
	row(LABEL_LIVE, "p2ptui/1/live") \
	row(LABEL_MAC1, "p2ptui/1/mac1") \
	row(LABEL_COOKIE, "p2ptui/1/cookie") \
	row(LABEL_MEET, "p2ptui/1/rv") \
	row(LABEL_PAIR, "p2ptui/1/pair") \
	row(LABEL_PAIR_KEY, "p2ptui/1/pairkey") \
	row(LABEL_PORTMAP, "p2ptui/1/portmap") \
	row(LABEL_PAIR_PSK, "p2ptui/1/pair-psk") \
	row(LABEL_PARCEL, "p2ptui/1/parcel") \
	row(LABEL_PARCEL_CHECK, "p2ptui/1/parcel-check") \
	row(LABEL_PLATE, "p2ptui/1/plate") \
	row(LABEL_PROBE, "p2ptui/1/probe") \
	row(LABEL_QUEUE, "p2ptui/1/queue") \
	row(LABEL_QUEUE_ID, "p2ptui/1/qid") \
	row(LABEL_QUEUE_TOKEN, "p2ptui/1/queue-token") \
	row(LABEL_RELAY, "p2ptui/1/relay") \
	row(LABEL_RELAY_AUTH, "p2ptui/1/relay-auth") \
	row(LABEL_REQUEST, "p2ptui/1/request") \
	row(LABEL_RESEAL, "p2ptui/1/reseal") \
	row(LABEL_ROUTES, "p2ptui/1/routes") \
	row(LABEL_UPLOAD, "p2ptui/1/upload") \
	row(LABEL_REQUEST_TOKEN, "p2ptui/1/request-token") \
	row(LABEL_SAFETY, "p2ptui/1/safety") \
	row(LABEL_USER_ID, "p2ptui/1/user-id") \
	row(LABEL_VAULT, "p2ptui/1/vault") \
	row(LABEL_VAULT_CHECK, "p2ptui/1/vault-check") \
	row(LABEL_WORDS, "p2ptui/1/words") \
	row(LABEL_X25519, "p2ptui/1/x25519")

#define LABEL_DECLARE(name, text) static const char name[] = text;
#if defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-variable"
#endif
LABEL_TABLE(LABEL_DECLARE)
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

#endif
