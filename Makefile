# make            build/release/latchkey                  make check     unit tests, fuzz seeds, house rules
# make asan tsan  the same checks in builds of their own  make clang     the same with another compiler
# make fuzz       the fuzzers, build/fuzz/fuzz/* (clang)  make T='jwt log' check   only these
# make install DESTDIR= PREFIX=/usr/local                 make clean
# Engines: MYSQL and PGSQL are built in when pkg-config finds their clients; MYSQL=no leaves one out.
BUILD  ?= release
MYSQL  ?= $(call have,mysql,libmariadb)
PGSQL  ?= $(call have,pgsql,libpq)
PREFIX ?= /usr/local

HOSTCC := $(or $(HOSTCC),$(CC))

have = $(if $(wildcard src/store/db_$(1).c),$(shell pkg-config --exists $(2) && echo yes || echo no))
O    = build/$(BUILD)

CC_clang = clang
CC_fuzz  = clang
CC_arm64 = aarch64-linux-gnu-gcc
CC      := $(or $(CC_$(BUILD)),$(CC))

# Where the tree lies is told nowhere, so two builds of it have the same bytes.
CSTD   = -std=gnu2x -D_GNU_SOURCE -Isrc -I$(O)/gen -ffile-prefix-map='$(CURDIR)'=.
WARN   = -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wformat=2 -Wstrict-prototypes \
         -Wmissing-prototypes -Wvla -Wno-missing-field-initializers -Werror
MACHINE := $(firstword $(subst -, ,$(shell $(CC) -dumpmachine)))
BRANCH_x86_64  = -fcf-protection=full
BRANCH_aarch64 = -mbranch-protection=standard
HARDEN = -fPIE -D_FORTIFY_SOURCE=3 -fstack-protector-strong -fstack-clash-protection \
         $(BRANCH_$(MACHINE)) -ftrivial-auto-var-init=zero -fzero-call-used-regs=used-gpr
FLAGS_release = -O2 -g $(HARDEN)
FLAGS_static  = $(FLAGS_release)
FLAGS_arm64   = $(FLAGS_release)
FLAGS_clang   = -O2 -g -fPIE -D_FORTIFY_SOURCE=2 -fstack-protector-strong
FLAGS_asan    = -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
FLAGS_tsan    = -O1 -g -fsanitize=thread
FLAGS_cov     = -O0 -g --coverage -fprofile-update=atomic -fno-inline -fdata-sections
FLAGS_fuzz    = -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
LINK_release  = -pie $(LINK_HARDEN)
LINK_static   = -static-pie $(LINK_HARDEN)
LINK_arm64    = $(LINK_static)
LINK_cov      = -Wl,-T,tests/coverage/counters.ld \
                -Wl,--wrap=__gcov_exit,--wrap=__gcov_fork,--wrap=__gcov_execve
LINK_HARDEN   = -Wl,--as-needed -Wl,-z,relro,-z,now,-z,noexecstack,-z,separate-code

ENGINES = sqlite $(if $(filter yes,$(MYSQL)),mysql) $(if $(filter yes,$(PGSQL)),pgsql)
LIBS    = sqlite3 libssl libcrypto libnghttp2 libsodium libcrypt zlib libseccomp
# The clients of MariaDB and PostgreSQL give their headers only: they are loaded when a database asks.
CLIENTS = $(if $(filter yes,$(MYSQL)),libmariadb) $(if $(filter yes,$(PGSQL)),libpq)

SRC  = $(filter-out src/main.c src/store/db_%.c src/store/client%.c,$(shell find src -name '*.c' | LC_ALL=C sort)) \
       $(wildcard $(ENGINES:%=src/store/db_%.c) $(ENGINES:%=src/store/client_%.c)) $(if $(CLIENTS),src/store/client.c)
OBJ  = $(SRC:%.c=$(O)/%.o) $(O)/gen/migrations.o $(O)/gen/pi.o $(O)/gen/common.o
UNIT = $(patsubst tests/unit/%.c,$(O)/tests/%,$(wildcard tests/unit/*_test.c))
FUZZ = $(patsubst tests/fuzz/%.c,$(O)/fuzz/%,$(filter-out tests/fuzz/replay.c,$(wildcard tests/fuzz/*.c)))

CALLS_release = $(O)/tests/calls.so $(O)/tests/record.so $(O)/tests/latchkey-arena
CALLS_cov     = $(CALLS_release)

CFLAGS_ALL = $(CSTD) $(WARN) $(FLAGS_$(BUILD)) $(ENGINES:%=-DWITH_%) $(shell pkg-config --cflags $(LIBS) $(CLIENTS)) $(CFLAGS)
LDLIBS_ALL = $(shell pkg-config $(if $(findstring static,$(LINK_$(BUILD))),--static) --libs $(LIBS)) -lunistring -lpthread $(LDLIBS)

$(O)/latchkey: $(O)/src/main.o $(OBJ)
	$(CC) $(FLAGS_$(BUILD)) $(LINK_$(BUILD)) -o $@ $^ $(LDLIBS_ALL)

$(O)/%.o: %.c $(O)/flags
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

# Unrolled lanes are too much for gcc's variable tracking: fewer debug facts, no complaint; and for
# sanitizers, which therefore watch them rolled up. Where lines are counted they are not left slow.
$(O)/src/crypto/bcrypt_lanes.o: private CFLAGS_ALL += -g1 $(LANES_$(BUILD))
LANES_asan = -DLANES_ROLLED
LANES_tsan = -DLANES_ROLLED
LANES_fuzz = -DLANES_ROLLED
LANES_cov  = -O1

$(O)/gen/%.o: $(O)/gen/%.c $(O)/flags
	$(CC) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

# tools/embed turns the migrations into a C table.
$(O)/gen/migrations.c: tools/embed $(wildcard src/store/migrations/*.sql)
	@mkdir -p $(@D)
	tools/embed $(wildcard src/store/migrations/*.sql) > $@

# The list of common passwords as bytes.
$(O)/gen/common.c: data/common-passwords.txt
	@mkdir -p $(@D)
	{ echo '#include "auth/common.h"'; echo 'const char common_passwords[] = {'; \
	  od -An -v -tu1 $< | sed 's/ *\([0-9][0-9]*\)/\1,/g'; \
	  echo '};'; echo 'const size_t common_passwords_n = sizeof common_passwords;'; } > $@

# Blowfish starts from the digits of pi: computed here, not kept.
$(O)/gen/pi.c: tools/pi.c
	@mkdir -p $(@D)
	$(HOSTCC) -O2 -o $(O)/gen/pi $<
	$(O)/gen/pi > $@

# In front of each stands what lets chosen calls fail, when a test asks for that.
$(O)/tests/%: $(O)/tests/unit/%.o $(O)/tests/test.o $(O)/tests/fault.o $(OBJ)
	@mkdir -p $(@D)
	$(CC) $(FLAGS_$(BUILD)) $(LINK_$(BUILD)) $(WRAPS_UNIT:%=-Wl,--wrap=%) -o $@ $^ $(LDLIBS_ALL)
WRAPS_UNIT = $(WRAPS) malloc calloc sqlite3_step sqlite3_exec sqlite3_extended_errcode

# Where calls of the system fail too, and in other threads: tests/unit/calls.h.
$(O)/tests/%_calls_test: private LDLIBS_ALL += $(WRAPS_CALLED:%=-Wl,--wrap=%)
WRAPS_CALLED = socket bind connect listen accept4 recv send getsockname getsockopt setsockopt fcntl epoll_create1 \
               epoll_ctl eventfd getrandom fstat lstat chmod fchmod unlink setpriority sysconf \
               pthread_attr_init pthread_attr_setstacksize pthread_create

# Counters of lines and branches that are kept however a process ends.
KEPT_cov = $(O)/tests/coverage/counters.o
$(O)/latchkey $(O)/tests/latchkey-arena $(UNIT) $(FUZZ): $(KEPT_$(BUILD))
$(O)/tests/coverage/counters.o: tests/coverage/counters.c $(O)/flags
	@mkdir -p $(@D)
	$(CC) $(CSTD) $(WARN) -O1 -g -DCOUNTING='"$(CURDIR)/$(O)/counting"' -c -o $@ $<

# The reference implementation, as an oracle for our own fill.
$(O)/tests/argon2_test $(O)/bench/argon2: private LDLIBS_ALL += -largon2

# What bench/ measures from inside: ./dev bench NAME.
$(O)/bench/%: $(O)/bench/%.o $(OBJ)
	$(CC) $(FLAGS_$(BUILD)) $(LINK_$(BUILD)) -o $@ $^ $(LDLIBS_ALL) -lm

# What stands before the C library: to let chosen calls fail, to write down what reaches the disk.
$(O)/tests/calls.so: tests/calls/preload.c $(O)/flags
$(O)/tests/record.so: tests/power/record.c $(O)/flags
$(O)/tests/%.so:
	@mkdir -p $(@D)
	$(CC) -std=gnu2x -D_GNU_SOURCE -O2 -g -fPIC -shared -fno-builtin -Wall -Wextra -Werror -o $@ $<

# The program with an arena and a database that can fail.
$(O)/tests/latchkey-arena: $(O)/tests/calls/arena.o $(O)/tests/calls/query.o $(O)/src/main.o $(OBJ)
	@mkdir -p $(@D)
	$(CC) $(FLAGS_$(BUILD)) $(LINK_$(BUILD)) -rdynamic $(WRAPS_CALLS:%=-Wl,--wrap=%) -o $@ $^ $(LDLIBS_ALL)
WRAPS = arena_alloc arena_array arena_dup arena_cstr arena_printf
WRAPS_CALLS = $(WRAPS) db_open db_open_raw db_one db_each db_exec db_insert db_write db_script

# Under BUILD=fuzz a fuzzer; else the same code with a main that replays the seeds.
$(O)/fuzz/%: $(O)/tests/fuzz/%.o $(if $(filter fuzz,$(BUILD)),,$(O)/tests/fuzz/replay.o) $(OBJ)
	@mkdir -p $(@D)
	$(CC) $(FLAGS_$(BUILD)) $(if $(filter fuzz,$(BUILD)),-fsanitize=fuzzer,$(LINK_$(BUILD))) -o $@ $^ $(LDLIBS_ALL)

# Rewritten only when they change, so another option or compiler rebuilds.
$(O)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(CC) $(CFLAGS_ALL)' | cmp -s - $@ || echo '$(CC) $(CFLAGS_ALL)' > $@

programs: $(O)/latchkey $(UNIT) $(FUZZ) $(CALLS_$(BUILD))

check: programs
	tests/run $(O)

asan tsan clang:
	$(MAKE) BUILD=$@ check

fuzz:
	$(MAKE) BUILD=fuzz fuzzers

fuzzers: $(FUZZ)

# One file without libraries, for this machine and for 64-bit ARM; only SQLite has no library to load.
static arm64:
	$(MAKE) BUILD=$@ MYSQL=no PGSQL=no build/$@/latchkey

arm64: export PKG_CONFIG_LIBDIR = /usr/lib/aarch64-linux-gnu/pkgconfig:/usr/share/pkgconfig

deb: $(O)/latchkey
	tools/deb $< build

install: $(O)/latchkey
	install -D -s $(O)/latchkey $(DESTDIR)$(PREFIX)/bin/latchkey
	install -D -m 644 docs/latchkey.8 $(DESTDIR)$(PREFIX)/share/man/man8/latchkey.8
	install -D -m 644 docs/latchkey.conf.5 $(DESTDIR)$(PREFIX)/share/man/man5/latchkey.conf.5
	install -d $(DESTDIR)$(PREFIX)/share/doc/latchkey
	$(O)/latchkey settings > $(DESTDIR)$(PREFIX)/share/doc/latchkey/latchkey.conf

clean:
	rm -rf build

-include $(shell find build/$(BUILD) -name '*.d' 2>/dev/null)
FORCE:
.PHONY: programs check asan tsan clang static arm64 deb fuzz fuzzers install clean FORCE
.SECONDARY:
