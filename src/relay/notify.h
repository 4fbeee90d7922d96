/*
 * notify - tells the service manager how we are: sd_notify(3), whose
 * protocol is one datagram to $NOTIFY_SOCKET.  Without one nothing happens.
 */
#ifndef NOTIFY_H
#define NOTIFY_H

#include <stdint.h>

void notify_ready(void);
void notify_reloading(int64_t mono_us);
void notify_stopping(void);
void notify_alive(void);
/* How often notify_alive is expected; 0: it is not. */
int64_t notify_watchdog_us(void);

#endif
