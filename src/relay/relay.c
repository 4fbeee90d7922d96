#include "relay.h"

const struct relay_limits relay_limits_default = {
	.clients = 20000,
	.clients_source = 512,
	.pending = 1024,
	.pending_source = 64,
	.handshakes_s = 20,
	.handshakes_turn = 32,
	.sends_source_s = 50,
	.sends_queue_s = 20,
	.out_bytes = 4 * 1024 * 1024,
	.pipes = 256,
	.queues = 4096,
	.meets = 3 * 1024,
	.cards = 1024,
	.handshake_s = RELAY_HANDSHAKE_MS / 1000,
	.silent_s = 3 * RELAY_KEEPALIVE_S,
	.stalled_s = 30
};
