#include "report.h"

#include <stdio.h>
#include <stdlib.h>

#include "checkup.h"

struct report {
	struct loop *loop;
	struct checkup *checkup;
};

static void
on_examined(void *arg, const struct finding *list, size_t n)
{
	struct report *r = arg;
	int status = STATUS_OK;

	r->checkup = NULL;
	for (size_t i = 0; i < n; i++) {
		printf("%-4s  %s\n", finding_name(list[i].level),
		    list[i].what);
		if (list[i].next[0])
			printf("      -> %s\n", list[i].next);
		if (list[i].level == FINDING_BAD)
			status = STATUS_UNAVAILABLE;
	}
	if (fflush(stdout) != 0)
		status = STATUS_FAILURE;
	loop_stop(r->loop, status);
}

struct report *
report_open(struct loop *l, struct net *n)
{
	struct report *r = mem_new(sizeof(*r));

	r->loop = l;
	r->checkup = checkup_start(n, on_examined, r);
	return r;
}

void
report_close(struct report *r)
{
	if (!r)
		return;
	checkup_free(r->checkup);
	free(r);
}
