// SPDX-License-Identifier: MIT
/* commands.h - the subcommands of main.c. Each takes its own name in argv[0] and returns the exit
 * status: 0 done, 1 failed, 2 not understood. */
#ifndef APP_COMMANDS_H
#define APP_COMMANDS_H

#define LATCHKEY_VERSION "0.1.0"

int dev_main(int argc, char **argv);         /* dev.c */
int serve_main(int argc, char **argv);       /* serve.c */
int adopt_main(int argc, char **argv);       /* adopt.c */
int move_main(int argc, char **argv);        /* move.c */
int migrate_main(int argc, char **argv);     /* commands.c */
int settings_main(int argc, char **argv);    /* commands.c */
int version_main(int argc, char **argv);     /* commands.c */

#endif
