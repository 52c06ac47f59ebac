# make            build/release/latchkey                  make check     unit tests and house rules
# make asan tsan  the same checks in builds of their own  make fuzz      build the fuzzers (clang)
# make install DESTDIR= PREFIX=/usr/local                 make clean
# Engines: MYSQL and PGSQL are built in when pkg-config finds their clients; MYSQL=no leaves one out.
BUILD  ?= release
MYSQL  ?= $(call have,libmariadb)
PGSQL  ?= $(call have,libpq)
PREFIX ?= /usr/local

HOSTCC ?= $(CC)

have = $(shell pkg-config --exists $(1) && echo yes || echo no)
O    = build/$(BUILD)

CSTD   = -std=gnu2x -D_GNU_SOURCE -Isrc -I$(O)/gen
WARN   = -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wformat=2 -Wstrict-prototypes \
         -Wmissing-prototypes -Wvla -Wno-missing-field-initializers -Werror
HARDEN = -fPIE -D_FORTIFY_SOURCE=3 -fstack-protector-strong -fstack-clash-protection \
         -fcf-protection=full -ftrivial-auto-var-init=zero -fzero-call-used-regs=used-gpr
FLAGS_release = -O2 -g $(HARDEN)
FLAGS_asan    = -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
FLAGS_tsan    = -O1 -g -fsanitize=thread
LINK_release  = -pie -Wl,-z,relro,-z,now,-z,noexecstack,-z,separate-code

ENGINES = sqlite $(if $(filter yes,$(MYSQL)),mysql) $(if $(filter yes,$(PGSQL)),pgsql)
LIBS    = sqlite3 libcrypto libsodium libcrypt zlib \
          $(if $(filter yes,$(MYSQL)),libmariadb) $(if $(filter yes,$(PGSQL)),libpq)

SRC  = $(filter-out src/main.c src/store/db_%.c,$(shell find src -name '*.c' | sort)) \
       $(wildcard $(ENGINES:%=src/store/db_%.c))
OBJ  = $(SRC:%.c=$(O)/%.o) $(O)/gen/migrations.o $(O)/gen/pi.o
UNIT = $(patsubst tests/unit/%.c,$(O)/tests/%,$(wildcard tests/unit/*_test.c))

CFLAGS_ALL = $(CSTD) $(WARN) $(FLAGS_$(BUILD)) $(ENGINES:%=-DWITH_%) $(shell pkg-config --cflags $(LIBS)) $(CFLAGS)
LDLIBS_ALL = $(shell pkg-config --libs $(LIBS)) -lunistring -lpthread $(LDLIBS)

$(O)/latchkey: $(O)/src/main.o $(OBJ)
	$(CC) $(FLAGS_$(BUILD)) $(LINK_$(BUILD)) -o $@ $^ $(LDLIBS_ALL)

$(O)/%.o: %.c $(O)/flags
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

# Unrolled lanes are too much for gcc's variable tracking: fewer debug facts, no complaint.
$(O)/src/crypto/bcrypt_lanes.o: private CFLAGS_ALL += -g1

$(O)/gen/%.o: $(O)/gen/%.c
	$(CC) $(CFLAGS_ALL) -c -o $@ $<

# tools/embed turns the migrations into a C table.
$(O)/gen/migrations.c: tools/embed $(wildcard src/store/migrations/*.sql)
	@mkdir -p $(@D)
	tools/embed $(wildcard src/store/migrations/*.sql) > $@

# Blowfish starts from the digits of pi: computed here, not kept.
$(O)/gen/pi.c: tools/pi.c
	@mkdir -p $(@D)
	$(HOSTCC) -O2 -o $(O)/gen/pi $<
	$(O)/gen/pi > $@

$(O)/tests/%: $(O)/tests/unit/%.o $(O)/tests/test.o $(OBJ)
	@mkdir -p $(@D)
	$(CC) $(FLAGS_$(BUILD)) -o $@ $^ $(LDLIBS_ALL)

$(O)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(CC) $(CFLAGS_ALL)' | cmp -s - $@ || echo '$(CC) $(CFLAGS_ALL)' > $@

check: $(O)/latchkey $(UNIT)
	tests/run $(O)

asan tsan:
	$(MAKE) BUILD=$@ check

install: $(O)/latchkey
	install -D -s $(O)/latchkey $(DESTDIR)$(PREFIX)/bin/latchkey

clean:
	rm -rf build

-include $(shell find build/$(BUILD) -name '*.d' 2>/dev/null)
FORCE:
.PHONY: check asan tsan install clean FORCE
.SECONDARY:
