/*
 * upnp - the child that speaks UPnP IGD, the only user of miniupnpc.
 *
 * p2ptui runs itself with UPNP_CHILD_OPTION as its only argument; main hands
 * over before it opens anything.  The child reads requests from descriptor
 * 0 and answers them there (upnpline.h), until its end of input or 20 s.
 *
 * Before it reads a byte of the network it gives up what it does not need
 * (sandbox.h): miniupnpc through 2.3.3 reads past its memory when a gateway
 * wants it to.  Only the device at the gateway's own address is listened
 * to: whoever else on the LAN answers the search could only lie.
 */
#ifndef UPNP_H
#define UPNP_H

#include <stdbool.h>

#define UPNP_CHILD_OPTION "--upnp-child"

bool upnp_is_child(int argc, char **argv);
/* Does not return to whoever would open more: exits. */
_Noreturn void upnp_child_main(void);

#endif
