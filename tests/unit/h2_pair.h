// SPDX-License-Identifier: MIT
/* h2_pair.h - one server and one client of HTTP/2, which is what most of its tests want. */
#ifndef H2_PAIR_H
#define H2_PAIR_H

#include "h2_rig.h"

static struct rig rig;
static struct h2_client h;

static void begin(void)
{
    rig_init(&rig);
    rig_start(&rig);
    h2_dial(&h, &rig);
}

static void end(void)
{
    h2_hang_up(&h);
    rig_stop(&rig);
}

#endif
