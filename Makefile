# prebind: build, install and test. `make help` lists the targets.

VERSION = 0.1.0

# Yours to set: make PREFIX=/usr CFLAGS='-O3 -g'
PREFIX     ?= /usr/local
SYSCONFDIR ?= /etc/prebind
CC         ?= gcc
CFLAGS     ?= -O2 -g
PKG_CONFIG ?= pkg-config
CLANG_TIDY ?= clang-tidy
CPPCHECK   ?= cppcheck
BUILD      ?= build
SANITIZE   ?=
WERROR     ?=

BINDIR  = $(PREFIX)/bin
LIBDIR  = $(PREFIX)/lib/prebind
DATADIR = $(PREFIX)/share/prebind
MANDIR  = $(PREFIX)/share/man

# ---- what it is made of: one list a layer, downward (docs/architecture.md) ----

BASE     = clock codec error json log secret status strbuf xml
CONF     = conf keys print value
STORE    = jid_map limit migrate session site_key store user
XMPP     = adhoc bosh jid sasl
NET      = http_client
WEB      = csrf request response router server template
IDENTITY = identity jid_rule login_session password
PREBIND  = bosh_login prebind tigase
PAGE     = app chat error health login prebind_json routes

LIB_OBJECTS = \
	$(BASE:%=$(BUILD)/base/%.o) $(CONF:%=$(BUILD)/conf/%.o) $(STORE:%=$(BUILD)/store/%.o) \
	$(XMPP:%=$(BUILD)/xmpp/%.o) $(NET:%=$(BUILD)/net/%.o) $(WEB:%=$(BUILD)/web/%.o) \
	$(IDENTITY:%=$(BUILD)/identity/%.o) $(PREBIND:%=$(BUILD)/prebind/%.o) $(PAGE:%=$(BUILD)/page/%.o) \
	$(BUILD)/migrations.o

PROGRAMS = $(BUILD)/prebind.fcgi $(BUILD)/prebindctl

UNIT_TESTS = \
	adhoc_test bosh_test codec_test conf_test csrf_test http_client_test jid_map_test jid_test json_test \
	limit_test login_test request_test response_test router_test sasl_test secret_test session_test \
	store_test template_test user_test xml_test

MIGRATIONS = $(sort $(wildcard sql/migrations/*.sql))
STATIC     = prebind.js chat.js chat.css
VENDOR     = static/vendor/strophe.js

# ---- libraries ----

PACKAGES = fcgi libcurl sqlite3 libcjson expat libsodium libgsasl libidn inih
LIB_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(PACKAGES) 2>/dev/null)
LIB_LDLIBS := $(shell $(PKG_CONFIG) --libs $(PACKAGES) 2>/dev/null)
TEST_CFLAGS := $(shell $(PKG_CONFIG) --cflags cmocka 2>/dev/null)
TEST_LDLIBS := $(shell $(PKG_CONFIG) --libs cmocka 2>/dev/null)

# ---- flags ----

WARNINGS = -Wall -Wextra -Wformat=2 -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes \
	-Wvla -Wpointer-arith -Wwrite-strings -Wundef $(if $(WERROR),-Werror)

HARDENING_CFLAGS  = -fstack-protector-strong -fstack-clash-protection -fcf-protection -fPIE \
	-fno-delete-null-pointer-checks -ftrivial-auto-var-init=zero -D_FORTIFY_SOURCE=2
HARDENING_LDFLAGS = -pie -Wl,-z,relro,-z,now,-z,noexecstack

ifneq ($(SANITIZE),)
HARDENING_CFLAGS  = -fsanitize=$(SANITIZE) -fno-omit-frame-pointer
HARDENING_LDFLAGS = -fsanitize=$(SANITIZE)
endif

DEFINES = -D_GNU_SOURCE -DPREBIND_VERSION='"$(VERSION)"' -DPREBIND_SYSCONFDIR='"$(SYSCONFDIR)"' \
	-DPREBIND_DATADIR='"$(DATADIR)"'

ALL_CFLAGS  = -std=gnu11 -Icgi $(DEFINES) $(WARNINGS) $(HARDENING_CFLAGS) $(LIB_CFLAGS) -pthread $(CFLAGS)
ALL_LDFLAGS = $(HARDENING_LDFLAGS) -pthread $(LDFLAGS)

# ---- build ----

all: $(PROGRAMS) $(VENDOR:%=$(if $(wildcard node_modules),%))

$(BUILD)/prebind.fcgi: $(BUILD)/main.o $(BUILD)/libprebind.a
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIB_LDLIBS)

$(BUILD)/prebindctl: $(BUILD)/ctl.o $(BUILD)/libprebind.a
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIB_LDLIBS)

$(BUILD)/libprebind.a: $(LIB_OBJECTS)
	$(AR) rcs $@ $^

$(BUILD)/%.o: cgi/%.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/migrations.c: sql/embed $(MIGRATIONS)
	@mkdir -p $(@D)
	sql/embed $(MIGRATIONS) > $@.part
	mv $@.part $@

$(BUILD)/migrations.o: $(BUILD)/migrations.c
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/unit/%: tests/unit/%.c $(BUILD)/libprebind.a
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(TEST_CFLAGS) -MMD -MP -MF $@.d $(ALL_LDFLAGS) -o $@ $< $(BUILD)/libprebind.a \
		$(LIB_LDLIBS) $(TEST_LDLIBS)

unit: $(UNIT_TESTS:%=$(BUILD)/unit/%)

-include $(LIB_OBJECTS:.o=.d) $(BUILD)/main.d $(BUILD)/ctl.d $(UNIT_TESTS:%=$(BUILD)/unit/%.d)

.PHONY: all unit
.DELETE_ON_ERROR:
