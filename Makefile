# prebind: build, install and test. `make help` lists the targets.

VERSION = 0.1.0

# You may set these: make PREFIX=/usr CFLAGS='-O3 -g'
PREFIX     ?= /usr/local
SYSCONFDIR ?= /etc/prebind
ifeq ($(origin CC),default)
CC          = gcc
endif
CFLAGS     ?= -O2 -g
MUSL_GCC   ?= musl-gcc
PKG_CONFIG ?= pkg-config
ANALYZER_GCC ?= gcc
CLANG_TIDY ?= clang-tidy
CPPCHECK   ?= cppcheck
BUILD      ?= build
SANITIZE   ?=
WERROR     ?=

BINDIR  = $(PREFIX)/bin
LIBDIR  = $(PREFIX)/lib/prebind
DATADIR = $(PREFIX)/share/prebind
MANDIR  = $(PREFIX)/share/man
UNITDIR = $(PREFIX)/lib/systemd/system
BASHDIR = $(PREFIX)/share/bash-completion/completions

# ---- sources: one list for each layer, the lowest layer first (docs/architecture.md) ----

BASE     = address blocking clock codec codec_base64 crypto error file history inflate json json_scan json_write \
	key_list log log_line log_target log_writer metrics name recent_failures secret secret_file status stopping \
	strbuf unix_crypt xml
CONF     = amount check conf cookie_name databases keys list load number place placeholder print realm rooms shipped site_uri text value
STORE    = adhoc_caller backup connection copy database_site jid_map limit limit_file migrate pool \
	postgresql_connection postgresql_setup postgresql_statement provisioned query query_sql session sqlite_backup \
	sqlite_connection sqlite_error sqlite_file sqlite_foreign sqlite_setup sqlite_statement token_record user
DB       = library libpq postgresql postgresql_result resolve socket_wait
SITEDB   = grants grants_beyond kinds mariadb mariadb_row mariadb_statement pool postgresql postgresql_statement select \
	select_comparison site_query site_query_say site_rows sqlite sqlite_guard tokens
XMPP     = adhoc_add_user adhoc_bind adhoc_client adhoc_form adhoc_json adhoc_server adhoc_xml bosh \
	bosh_write jid jid_name jid_prepare jwt login_token sasl tigase_error
NET      = http_call http_client http_settings http_url
WEB      = basic_auth csrf forwarded request request_fields request_path request_proxies response router
TEMPLATE = cache html nodes parse render template texts
SERVE    = cgi fcgi fcgi_records peers privileges processes server socket system_calls systemd threads
PASSWORD = argon2 crypt digest hash password stretch
IDENTITY = django_session guest guest_cookie identity login_account login_count login_query login_session packed_php people_query php_lexer \
	php_serialize php_session remote_user site_cookie site_http site_http_answer site_http_cache site_rule site_session site_time token token_keys token_text \
	wordpress wordpress_config wordpress_cookie wordpress_secret wordpress_tables
ACCOUNT  = jid_deny jid_domain jid_owner jid_rule people xmpp_login
PREBIND  = backends bosh_auth bosh_auth_anonymous bosh_auth_key bosh_auth_oauth bosh_auth_password bosh_login bosh_session \
	bosh_url breaker breaker_text bulkhead chat_session ejabberd_api ejabberd_register oauth_tokens prebind provision \
	tigase tigase_call tigase_check upstream upstream_breaker
SITE     = open_max pages site sites
SETUP    = answers conf files find mend names part plan questions site_database text xmpp
PAGE     = adhoc adhoc_error app behind_proxy bind caller chat cookie device error gate guest_visit health metrics login \
	login_circle login_limit operator page people routes status status_page status_report

LIB_OBJECTS = \
	$(BASE:%=$(BUILD)/base/%.o) $(CONF:%=$(BUILD)/conf/%.o) $(DB:%=$(BUILD)/db/%.o) $(STORE:%=$(BUILD)/store/%.o) $(SITEDB:%=$(BUILD)/sitedb/%.o) \
	$(XMPP:%=$(BUILD)/xmpp/%.o) $(NET:%=$(BUILD)/net/%.o) $(WEB:%=$(BUILD)/web/%.o) \
	$(TEMPLATE:%=$(BUILD)/template/%.o) $(SERVE:%=$(BUILD)/serve/%.o) \
	$(PASSWORD:%=$(BUILD)/password/%.o) $(IDENTITY:%=$(BUILD)/identity/%.o) $(ACCOUNT:%=$(BUILD)/account/%.o) \
	$(PREBIND:%=$(BUILD)/prebind/%.o) $(SITE:%=$(BUILD)/site/%.o) $(PAGE:%=$(BUILD)/page/%.o) $(SETUP:%=$(BUILD)/setup/%.o) \
	$(BUILD)/migrations.o $(BUILD)/migrations_postgresql.o $(BUILD)/status_texts.o

CTL      = account backup check check_accounts check_grants check_guests check_bind check_names check_server check_visitor check_web check_web_address check_web_bosh check_web_fault check_web_page \
	check_wordpress conf csv ctl gateway guest_walls map map_import people prebind server_call session setup setup_form setup_page setup_secret \
	status token trial user web_call web_server wordpress

EXTAUTH  = packet

# prebindctl setup takes the XMPP server's settings from these, and the commands that start everything.
SETUP_DOCS = docs/prosody.md docs/ejabberd.md docs/tigase.md docs/own-server.md

PROGRAMS = $(BUILD)/prebind.fcgi $(BUILD)/prebindctl $(BUILD)/prebind-extauth

UNIT_TESTS = address_test adhoc_add_user_test adhoc_caller_test adhoc_form_test adhoc_mutants_test \
	adhoc_recorded_test adhoc_server_test adhoc_test backup_test blocking_test bosh_test breaker_test bulkhead_test caller_test \
	codec_test conf_databases_test conf_find_test conf_load_test conf_memory_test conf_print_test conf_value_test \
	cookie_test csrf_test device_test django_session_test fcgi_head_test fcgi_record_test file_test forwarded_test \
	grants_test guest_test http_client_test http_url_test identity_mutants_test jid_claim_test jid_map_test jid_name_test \
	jid_test json_test jwt_test limit_test log_test log_writer_test login_test login_token_test mariadb_row_test \
	near_miss_test oauth_tokens_test password_differential_test password_hash_test php_differential_test \
	php_session_test privileges_test provisioned_test query_sql_test reader_memory_test request_fields_test \
	request_path_test request_test response_test router_test sasl_test secret_test select_test session_test \
	site_http_cache_test site_pool_test site_query_test site_value_test sites_test socket_test status_report_test \
	store_reader_test store_test strbuf_test system_calls_test template_test template_texts_test threads_test \
	token_test upstream_test used_nonce_test user_test wordpress_config_test wordpress_cookie_test xml_test \
	xmpp_login_test

BENCH = floor load peer

FUZZ = adhoc_answer adhoc_request basic_auth bosh codec conf cookie csv django extauth fcgi form forwarded header jid jid_name json \
	json_script jwt log login_token name next password_hash path php_session query_guard request sasl select site_answer \
	site_uri template token wordpress wordpress_config xml

MIGRATIONS = $(sort $(wildcard sql/migrations/*.sql))
MIGRATIONS_POSTGRESQL = $(MIGRATIONS:sql/migrations/%=sql/postgresql/%)
STATIC     = alerts.js archive.js attach.js avatar.js banner.js bind.js bookmarks.js chat.css contacts.js conversation.js converse.css converse.js departure.js directory.js displayed.js dom.js embed.css emoji.js finder.js filepicker.js files.js \
	environment.js guest.js handover.js holder.js icon.svg late.js lang/de.js lang/en.js lang/fr.js lastwords.js launcher.js life.js lines.js listener.js log.js logout.js messages.js more.js order.js ownlist.js pace.js page.js pagedots.js pagelinks.js panel.js parse.js peeractions.js peermenu.js people.js prebind.js repeats.js report.js rooms.js session.js setup.css share.js roomsetup.js site.js sound.js spacing.js staff.js stanza.js storage.js \
	siteparts.js styles.js supply.js tabs.js talks.js texts.js ui.js uploads.js voice.js
BUNDLES    = static/chat.js static/embed.js static/embed-panel.js static/chat-more.js
VENDOR     = static/vendor/strophe.js
CONVERSE   = static/vendor/converse/converse.min.js

# ---- libraries ----

PACKAGES = fcgi libcurl sqlite3 libcjson expat libsodium libxcrypt libcrypto zlib libgsasl libidn
LIB_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(PACKAGES) 2>/dev/null)
LIB_LDLIBS := $(shell $(PKG_CONFIG) --libs $(PACKAGES) 2>/dev/null) -lunistring
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

# `make V=1` shows the commands
Q   = $(if $(V),,@)
SAY = @$(if $(V),:,printf '  %-4s %s\n')

# ---- build ----

all: $(PROGRAMS) $(patsubst %,$(if $(wildcard node_modules),%),$(VENDOR) $(CONVERSE) $(BUNDLES))

$(BUILD)/prebind.fcgi: $(BUILD)/main.o $(BUILD)/libprebind.a
	$(SAY) LINK $@
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIB_LDLIBS)

$(BUILD)/prebindctl: $(BUILD)/ctl.o $(CTL:%=$(BUILD)/ctl/%.o) $(BUILD)/libprebind.a
	$(SAY) LINK $@
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIB_LDLIBS)

$(BUILD)/prebind-extauth: $(BUILD)/extauth.o $(EXTAUTH:%=$(BUILD)/extauth/%.o) $(BUILD)/libprebind.a
	$(SAY) LINK $@
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIB_LDLIBS)

$(BUILD)/libprebind.a: $(LIB_OBJECTS)
	$(SAY) AR $@
	$(Q)rm -f $@ && $(AR) rcs $@ $^

# `make coverage` links this into each program, so it comes first.
$(BUILD)/exit.o: tests/coverage/exit.c
	@mkdir -p $(@D)
	$(SAY) CC $<
	$(Q)$(CC) -std=gnu11 $(WARNINGS) -O2 -c -o $@ $<

# The paths are compiled in. If PREFIX or SYSCONFDIR changes, everything is compiled again.
$(BUILD)/defines: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' '$(subst ','\'',$(DEFINES))' | cmp -s - $@ || printf '%s\n' '$(subst ','\'',$(DEFINES))' > $@

$(BUILD)/%.o: cgi/%.c $(BUILD)/defines
	@mkdir -p $(@D)
	$(SAY) CC $<
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/migrations.c: sql/embed $(MIGRATIONS)
	@mkdir -p $(@D)
	$(SAY) SQL $@
	$(Q)sql/embed $(MIGRATIONS) > $@.part && mv $@.part $@

$(BUILD)/migrations_postgresql.c: sql/embed $(MIGRATIONS_POSTGRESQL)
	@mkdir -p $(@D)
	$(SAY) SQL $@
	$(Q)sql/embed $(MIGRATIONS_POSTGRESQL) > $@.part && mv $@.part $@

$(BUILD)/status_texts.c: cgi/base/status_texts templates/lang/en.json
	@mkdir -p $(@D)
	$(SAY) TEXT $@
	$(Q)cgi/base/status_texts templates/lang/en.json > $@.part && mv $@.part $@

$(BUILD)/migrations.o $(BUILD)/migrations_postgresql.o $(BUILD)/status_texts.o: $(BUILD)/%.o: $(BUILD)/%.c
	$(SAY) CC $<
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/unit/unit.o: tests/unit/unit.c $(BUILD)/defines
	@mkdir -p $(@D)
	$(SAY) CC $<
	$(Q)$(CC) $(ALL_CFLAGS) $(TEST_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/unit/%: tests/unit/%.c $(BUILD)/unit/unit.o $(BUILD)/libprebind.a
	@mkdir -p $(@D)
	$(SAY) TEST $<
	$(Q)$(CC) $(ALL_CFLAGS) $(TEST_CFLAGS) -MMD -MP -MF $@.d $(ALL_LDFLAGS) -o $@ $(filter %.c %.o,$^) \
		$(BUILD)/libprebind.a $(LIB_LDLIBS) $(TEST_LDLIBS)

# This test needs an object file that is not in the library.
$(BUILD)/unit/reader_memory_test: $(BUILD)/ctl/csv.o

unit: $(UNIT_TESTS:%=$(BUILD)/unit/%)

$(BUILD)/bench/%: tests/bench/%.c
	@mkdir -p $(@D)
	$(SAY) CC $<
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $(filter %.c,$^) $(BENCH_LDLIBS)

$(BUILD)/bench/load: tests/bench/load_http.c tests/bench/load_http.h tests/bench/load_times.c \
	tests/bench/load_times.h

# The floor of the benchmark needs only these of the program's libraries.
$(BUILD)/bench/floor: BENCH_LDLIBS = $(shell $(PKG_CONFIG) --libs fcgi libcurl sqlite3 libsodium)

bench-programs: $(BENCH:%=$(BUILD)/bench/%)

# A fuzz target gets its inputs from libFuzzer (`make fuzz`), or from files.
FUZZ_MAIN = tests/fuzz/replay.c
$(BUILD)/fuzz/%: tests/fuzz/%.c tests/fuzz/fuzz.h $(FUZZ_MAIN) $(BUILD)/libprebind.a
	@mkdir -p $(@D)
	$(SAY) FUZZ $<
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) $(if $(FUZZ_MAIN),,-fsanitize=fuzzer) -o $@ $(filter %.c %.o,$^) \
		$(BUILD)/libprebind.a $(LIB_LDLIBS)

# These need object files that are not in the library.
$(BUILD)/fuzz/csv: $(BUILD)/ctl/csv.o
$(BUILD)/fuzz/extauth: $(BUILD)/extauth/packet.o

# broken tests the tests.
fuzz-programs: $(FUZZ:%=$(BUILD)/fuzz/%) $(BUILD)/fuzz/broken

# ---- browser side ----

# A release archive (`make dist`) holds these files already. It is known by its file RELEASE. If npm has made node_modules
# in it, they are made again like in the repository.
ifneq ($(wildcard RELEASE)$(wildcard node_modules),RELEASE)

# Strophe.js is not in the repository: npm installs it from the lock file. We serve its small build and remove one line,
# which points a debugger at a file that we do not serve.
static/vendor/strophe.js: node_modules/strophe.js/dist/strophe.umd.min.js
	@mkdir -p $(@D)
	cp node_modules/strophe.js/LICENSE.txt $(@D)/strophe.LICENSE.txt
	sed '/^\/\/# sourceMappingURL=/d' $< > $@.part
	mv $@.part $@

# Converse.js is for client = converse. We leave out its source maps and the files that only OMEMO needs. The lock file
# omits the packages that Converse.js is built from. dist/ is complete without them, and one of them is a link that
# npm 9.2 cannot install.
CONVERSE_DIST = node_modules/converse.js/dist
$(CONVERSE): $(CONVERSE_DIST)/converse.min.js
	rm -rf $(@D) && mkdir -p $(@D)
	cp node_modules/converse.js/LICENSE $(@D)/LICENSE.txt
	cp -R $(addprefix $(CONVERSE_DIST)/,converse.min.css emoji.json chunkjs images sounds webfonts) $(@D)
	find $(@D) -name '*.map' -exec rm {} +
	sed '/^\/\/# sourceMappingURL=/d' $< > $@.part
	mv $@.part $@

# Each of these files holds a module with all that it imports. They are made again when a package is installed, because
# without esbuild they are only imports.
static/chat.js: static/bundle.mjs $(STATIC:%=static/%) $(VENDOR) $(wildcard node_modules/.package-lock.json)
	node static/bundle.mjs
static/embed.js static/embed-panel.js static/chat-more.js: static/chat.js ;

else

# Without this rule a change of a module would have no effect.
static/chat.js: static/bundle.mjs $(STATIC:%=static/%)
	@echo 'make: $? changed, and static/chat.js contains it. Run tests/install scripts, then make again.' >&2; exit 1

endif

vendor: $(VENDOR) $(CONVERSE) $(BUNDLES)

# ---- run, test ----

# `make demo`, `make test`, `make bench`, `make soak`, `make pages-soak` and `make scenes` install missing packages (tests/packages). Other
# targets expect them to be there. After the installation a second make finds pkg-config and node_modules; the first could not.

RUN_TESTS = PREBIND_BUILD=$(BUILD) tests/run
# near_miss_test needs databases: tests/program/site_near_miss starts them, and runs it.
UNIT_PROGRAMS = $(patsubst %,$(BUILD)/unit/%,$(filter-out near_miss_test,$(UNIT_TESTS)))

demo:
	@tests/install build demo
	@$(MAKE) -j$$(nproc) all vendor
	@exec node tests/demo.mjs

test:
	tests/install build demo test
	$(MAKE) -j$$(nproc) WERROR=1 all unit vendor bench-programs $(BUILD)/kit/launch
	$(MAKE) -j$$(nproc) $(ASAN) fuzz-programs
	$(MAKE) slice-programs
	$(RUN_TESTS) tests/browser tests/servers tests/program tests/torture tests/fuzz tests/bench tests/coverage tests/lint $(UNIT_PROGRAMS) $(SLICE_PROGRAMS)

# Has its own build, so that the measured program is optimised, whatever build/ holds.
ROUNDS ?= 5
ONLY   ?=
bench:
	@tests/install build bench
	@$(MAKE) -j$$(nproc) BUILD=build/optimised CFLAGS='-O2 -g' all bench-programs
	@PREBIND_BUILD=build/optimised node tests/bench/bench.mjs --only '$(ONLY)' --rounds $(ROUNDS) --json $(BUILD)/bench.json

# Asks for enough pages to show a leak, while processes are reloaded, drained and killed.
REQUESTS ?= 1000000
soak:
	@tests/install build bench
	@$(MAKE) -j$$(nproc) BUILD=build/optimised CFLAGS='-O2 -g' all bench-programs
	@PREBIND_BUILD=build/optimised node tests/bench/soak.mjs --requests $(REQUESTS)

# Changes pages at random in three tabs, while two people write, with and without an archive. A number as SEED= repeats a run.
# Then ends the tab that holds the session of all tabs, ENDS times on each XMPP server.
CHANGES ?= 1000
SEED    ?=
ENDS    ?= 50
pages-soak:
	@tests/install build demo test
	@$(MAKE) -j$$(nproc) all vendor
	@node tests/bench/page_changes.mjs --changes $(CHANGES) $(if $(SEED),--seed $(SEED))
	@node tests/bench/holder.mjs --ends $(ENDS)

# `make test` plays all of these with one tab and without an archive, and a part of them with an archive.
SCENES  = life tabs outages losses holder bosh
ARCHIVE ?= yes
TABS    ?= 1
WEB_SERVER ?=
scenes:
	@tests/install build demo test
	@$(MAKE) -j$$(nproc) all vendor
	@PREBIND_ARCHIVE=$(ARCHIVE) PREBIND_TABS=$(TABS) PREBIND_WEB_SERVER=$(WEB_SERVER) LIMIT=900 $(RUN_TESTS) $(wildcard $(SCENES:%=tests/browser/%_*.test.mjs))

# Shows how long a page takes over a long way, and what goes over it.
trips:
	@tests/install build bench test
	@$(MAKE) -j$$(nproc) all vendor
	@node tests/bench/trips.mjs --rounds $(ROUNDS)

# Installs the kit on Apache in fresh systems of Debian 11, 12 and 13. This needs root, debootstrap and a mirror.
kit-systems: kit
	tests/kit/run $(KIT).tar.gz

# Follows docs/own-server.md with the package in a fresh Debian 12 with Apache, then with lighttpd; updates, removes and purges it. This needs root,
# debootstrap, a mirror, and the groups `deb` and `kit` of tests/packages.
deb-systems: deb
	tests/deb/run prebind_$(VERSION)_$$(dpkg --print-architecture).deb

# Runs the systemd units under a separate systemd. This needs root, and a machine that can make control groups.
systemd: all vendor
	@node tests/systemd/run.mjs

screenshots: all vendor
	@node tests/screenshots.mjs

check: all unit
	$(RUN_TESTS) tests/lint $(UNIT_PROGRAMS)

lint:
	$(RUN_TESTS) tests/lint

# The sanitizers have their own builds. They run the unit, program and server tests.
SANITIZED = unit program servers
ASAN = BUILD=build/asan SANITIZE=address,undefined CFLAGS='-O1 -g -fno-sanitize-recover=undefined'
asan:
	$(MAKE) $(ASAN) sanitized

# The ThreadSanitizer of gcc 12 does not start if the kernel randomises more address bits than it supports.
NO_ASLR = $(shell setarch -R true 2>/dev/null && echo setarch -R)
TSAN = BUILD=build/tsan SANITIZE=thread CFLAGS='-O1 -g'
tsan:
	$(NO_ASLR) $(MAKE) $(TSAN) sanitized

# `make test` runs a part of the unit tests under one of the two. The commit chooses (tests/slice); TURN=0 to 11 is that part.
# Not the tests that measure time or memory, which sanitizers change, nor near_miss_test, which needs databases.
SLICE          = $(shell TURN=$(TURN) tests/slice $(filter-out conf_memory_test http_client_test near_miss_test reader_memory_test,$(UNIT_TESTS)))
SLICE_KIND     = $(firstword $(SLICE))
SLICE_TESTS    = $(filter-out $(SLICE_KIND),$(SLICE))
SLICE_PROGRAMS = $(SLICE_TESTS:%=$(BUILD)/slice/$(SLICE_KIND)/%)
slice-programs:
	@echo '$(SLICE_KIND): $(SLICE_TESTS)'
	$(MAKE) -j$$(nproc) $(if $(filter asan,$(SLICE_KIND)),$(ASAN),$(TSAN)) $(SLICE_TESTS:%=build/$(SLICE_KIND)/unit/%)
	@rm -rf $(BUILD)/slice && mkdir -p $(BUILD)/slice/$(SLICE_KIND)
	@for test in $(SLICE_TESTS); do \
		printf '#!/bin/sh\nexec $(NO_ASLR) build/$(SLICE_KIND)/unit/%s\n' $$test > $(BUILD)/slice/$(SLICE_KIND)/$$test || exit 1; done
	@chmod +x $(SLICE_PROGRAMS)

slice: slice-programs
	$(RUN_TESTS) $(SLICE_PROGRAMS)

slices:
	@for turn in 0 1 2 3 4 5 6 7 8 9 10 11; do $(MAKE) slice TURN=$$turn || exit 1; done

sanitized: all unit
	LIMIT=600 $(RUN_TESTS) $(UNIT_PROGRAMS) tests/program tests/servers

# Has its own build too, of programs that count each line and branch that they run. tests/coverage/floor holds the lowest
# figures that pass. They are for all these tests: with fewer, nothing is compared. Then one call of each place in the programs
# fails. -fno-builtin-fork: or gcov would forget what a child ran inside fork.
COVERED ?= unit program servers torture/drivers.test.mjs
FAILED   = torture sites server
COVERAGE = BUILD=build/coverage CC=gcc HARDENING_CFLAGS= HARDENING_LDFLAGS= CFLAGS='-O0 -g --coverage -fprofile-update=atomic -fno-builtin-fork'
coverage:
	$(MAKE) $(COVERAGE) build/coverage/exit.o
	$(MAKE) -j$$(nproc) $(COVERAGE) LDFLAGS='--coverage -Wl,--wrap=_exit,--wrap=__gcov_exit build/coverage/exit.o' all unit
	$(MAKE) BUILD=build/coverage covered

covered:
	LIMIT=600 PREBIND_BUILD=$(BUILD) node tests/coverage/coverage.mjs \
		$(if $(filter 3,$(words $(filter unit program servers,$(COVERED)))),--floor tests/coverage/floor --reasons tests/coverage/unreached $(FAILED:%=--then 'tests/torture/%.mjs --places --once')) \
		$(if $(filter unit,$(COVERED)),$(UNIT_PROGRAMS)) $(patsubst %,tests/%,$(filter-out unit,$(COVERED)))

valgrind: unit
	UNDER='valgrind -q --leak-check=full --errors-for-leak-kinds=definite --error-exitcode=99' LIMIT=900 \
		$(RUN_TESTS) $(UNIT_PROGRAMS)

# Calls that fail, one after the other: each Nth of more than 200,000. A part of them runs under the sanitizers, which see a leak.
# Then lines to databases that break, kill -9 during writes, answers that must belong to who asked, and malformed requests.
EVERY   ?= 10
FAULTS  ?= 2000
KILLS   ?= 1000
ANSWERS ?= 1000000
torture: all
	$(MAKE) $(ASAN) all
	PREBIND_BUILD=$(BUILD) node tests/torture/torture.mjs --every $(EVERY)
	PREBIND_BUILD=build/asan node tests/torture/torture.mjs --every $$((20 * $(EVERY)))
	PREBIND_BUILD=$(BUILD) node tests/torture/sites.mjs --every $(EVERY)
	PREBIND_BUILD=$(BUILD) node tests/torture/server.mjs --every $(EVERY)
	PREBIND_BUILD=$(BUILD) node tests/torture/drivers.mjs --faults $(FAULTS)
	PREBIND_BUILD=$(BUILD) node tests/torture/kills.mjs --kills $(KILLS)
	PREBIND_BUILD=$(BUILD) node tests/torture/identity.mjs --answers $(ANSWERS)
	PREBIND_BUILD=$(BUILD) node tests/torture/malformed.mjs

# Looks for inputs that break the program, by libFuzzer with AddressSanitizer and UBSan, for so many seconds altogether.
# Exits with 1 if one does, and keeps it. build/fuzz/corpus/ holds what was found: a later campaign goes on from there.
# With EXECUTIONS= the quickest targets go on after that time until all together have run so often.
TIME       ?= 600
EXECUTIONS ?= 0
fuzz:
	@tests/install build fuzz
	@$(MAKE) -j$$(nproc) BUILD=build/fuzz CC=clang SANITIZE=address,undefined,fuzzer-no-link WARNINGS= FUZZ_MAIN= \
		CFLAGS='-O2 -g -fno-sanitize-recover=undefined' fuzz-programs
	@node tests/fuzz/run.mjs --time $(TIME) --executions $(EXECUTIONS) --only '$(ONLY)'

# Reads cgi/ with three analyzers. tests/analyze/known holds what they find and somebody has found false.
analyze:
	@tests/install build analyze
	@node tests/analyze/analyze.mjs --gcc '$(ANALYZER_GCC)' --clang-tidy '$(CLANG_TIDY)' --cppcheck '$(CPPCHECK)' -- \
		-std=gnu11 -Icgi $(DEFINES) $(LIB_CFLAGS) -pthread

# ---- install, release ----

# The path in the web servers' files. `prebindctl setup` replaces the one that is compiled into it.
SNIPPET_DATADIR = $(DATADIR)

MAN8 = $(wildcard docs/man/*.8)
MAN_PATHS = sed 's|/usr/local/share/prebind|$(DATADIR)|; s|/etc/prebind/|$(SYSCONFDIR)/|'

INSTALL         = install
INSTALL_PROGRAM = $(INSTALL) -m 755
INSTALL_DATA    = $(INSTALL) -m 644

install: all vendor
	$(INSTALL) -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(LIBDIR) $(DESTDIR)$(DATADIR)/templates/partials $(DESTDIR)$(DATADIR)/templates/lang \
		$(DESTDIR)$(DATADIR)/static/vendor $(DESTDIR)$(DATADIR)/lighttpd $(DESTDIR)$(DATADIR)/apache \
		$(DESTDIR)$(DATADIR)/ejabberd $(DESTDIR)$(DATADIR)/nginx $(DESTDIR)$(DATADIR)/prosody \
		$(DESTDIR)$(DATADIR)/sql/sites $(DESTDIR)$(DATADIR)/docs
	$(INSTALL) -d $(DESTDIR)$(SYSCONFDIR)
	sed 's|/usr/local/share/prebind|$(DATADIR)|; s|/etc/prebind/|$(SYSCONFDIR)/|' docs/prebind.conf.example \
		> $(DESTDIR)$(SYSCONFDIR)/prebind.conf.example
	$(INSTALL_PROGRAM) $(BUILD)/prebindctl $(BUILD)/prebind-extauth $(DESTDIR)$(BINDIR)
	$(INSTALL_PROGRAM) $(BUILD)/prebind.fcgi $(DESTDIR)$(LIBDIR)
	$(INSTALL_DATA) templates/*.html $(DESTDIR)$(DATADIR)/templates
	$(INSTALL_DATA) sql/sites/*.sql $(DESTDIR)$(DATADIR)/sql/sites
	$(INSTALL_DATA) $(SETUP_DOCS) $(DESTDIR)$(DATADIR)/docs
	for folder in sql/sites/*/; do \
		$(INSTALL) -d $(DESTDIR)$(DATADIR)/$$folder && \
		$(INSTALL_DATA) $$folder*.sql $(DESTDIR)$(DATADIR)/$$folder || exit 1; done
	$(INSTALL_DATA) templates/partials/*.html $(DESTDIR)$(DATADIR)/templates/partials
	$(INSTALL_DATA) templates/lang/*.json $(DESTDIR)$(DATADIR)/templates/lang
	$(INSTALL) -d $(DESTDIR)$(DATADIR)/static/lang
	for file in $(STATIC); do \
		case $$file in *.js|*.css) script=static/strip.sed ;; *) script=/dev/null ;; esac; \
		sed -f $$script static/$$file > $(DESTDIR)$(DATADIR)/static/$$file || exit 1; \
		chmod 644 $(DESTDIR)$(DATADIR)/static/$$file; done
	$(INSTALL_DATA) $(BUNDLES:%=%*) $(DESTDIR)$(DATADIR)/static
	$(INSTALL_DATA) prosody/*.lua $(DESTDIR)$(DATADIR)/prosody
	$(INSTALL_DATA) ejabberd/*.erl $(DESTDIR)$(DATADIR)/ejabberd
	$(INSTALL_DATA) $(VENDOR) $(VENDOR:.js=.LICENSE.txt) $(DESTDIR)$(DATADIR)/static/vendor
	cp -R $(dir $(CONVERSE)) $(DESTDIR)$(DATADIR)/static/vendor
	chmod -R u=rwX,go=rX $(DESTDIR)$(DATADIR)/static/vendor
	for file in lighttpd/*.conf apache/*.conf apache/htaccess nginx/*.conf; do \
		sed 's|/usr/local/share/prebind|$(SNIPPET_DATADIR)|; s|/usr/local/lib/prebind|$(LIBDIR)|' $$file \
			> $(DESTDIR)$(DATADIR)/$$file || exit 1; done
	$(INSTALL) -d $(DESTDIR)$(UNITDIR)
	$(INSTALL_DATA) systemd/prebind.socket $(DESTDIR)$(UNITDIR)
	sed 's|/usr/local/lib/prebind|$(LIBDIR)|; s|/etc/prebind/|$(SYSCONFDIR)/|' systemd/prebind.service \
		> $(DESTDIR)$(UNITDIR)/prebind.service
	$(INSTALL) -d $(DESTDIR)$(BASHDIR)
	$(INSTALL_DATA) completions/prebindctl $(DESTDIR)$(BASHDIR)
	$(INSTALL) -d $(DESTDIR)$(MANDIR)/man5 $(DESTDIR)$(MANDIR)/man8
	docs/man/conf-page docs/prebind.conf.example | $(MAN_PATHS) > $(DESTDIR)$(MANDIR)/man5/prebind.conf.5
	for file in $(MAN8); do $(MAN_PATHS) $$file > $(DESTDIR)$(MANDIR)/man8/$${file##*/} || exit 1; done

# Removes only what `make install` made. The configuration, the databases and the account stay.
uninstall:
	rm -f $(DESTDIR)$(BINDIR)/prebindctl $(DESTDIR)$(BINDIR)/prebind-extauth
	rm -rf $(DESTDIR)$(LIBDIR) $(DESTDIR)$(DATADIR)
	rm -f $(DESTDIR)$(UNITDIR)/prebind.socket $(DESTDIR)$(UNITDIR)/prebind.service
	rm -f $(DESTDIR)$(MANDIR)/man5/prebind.conf.5 $(MAN8:docs/man/%=$(DESTDIR)$(MANDIR)/man8/%)
	rm -f $(DESTDIR)$(BASHDIR)/prebindctl
	rm -f $(DESTDIR)$(SYSCONFDIR)/prebind.conf.example

# What browsers load and npm installs or makes is in the archive, so whoever builds from it needs no npm.
DIST = prebind-$(VERSION)
dist: vendor
	release/dist $(DIST) static/vendor $(BUNDLES) $(BUNDLES:%=%.map)

# A Debian package, built from the release archive. This needs the group `deb` of tests/packages.
deb: dist
	rm -rf $(BUILD)/deb && mkdir -p $(BUILD)/deb
	tar -C $(BUILD)/deb -xf $(DIST).tar.gz
	cd $(BUILD)/deb/$(DIST) && MAKEFLAGS= dpkg-buildpackage -b -us -uc --jobs-try=2
	lintian --fail-on error,warning $(BUILD)/deb/*.changes
	cp $(BUILD)/deb/prebind_*.deb .

# For shared hosting: the programs with all their libraries. The same programs as everywhere, found by their launcher.
KIT = $(DIST)-linux-x86_64
KIT_ROOT = $(BUILD)/kit/root
kit: all vendor $(BUILD)/kit/launch
	rm -rf $(KIT_ROOT)
	$(MAKE) -s -o all -o vendor install DESTDIR=$(abspath $(KIT_ROOT)) SNIPPET_DATADIR=$(DATADIR) DATADIR=/share SYSCONFDIR=/etc PREFIX=/usr
	release/kit $(KIT) $(BUILD) $(KIT_ROOT)

# Each CGI request starts it: with musl that takes 0.1 ms, with glibc 0.4.
$(BUILD)/kit/launch: kit/launch.c $(BUILD)/defines
	@mkdir -p $(@D)
	$(SAY) CC $<
	$(Q)$(MUSL_GCC) -std=gnu11 -D_GNU_SOURCE $(WARNINGS) -O2 -static -o $@ $<

clean:
	rm -rf $(BUILD) $(if $(wildcard RELEASE),,static/vendor $(BUNDLES:%=%*)) artifacts

help:
	@echo 'make           builds the programs, in $(BUILD)/'
	@echo 'make demo      installs missing packages, starts everything on loopback, prints the address'
	@echo 'make test      installs missing packages, runs everything that CI runs'
	@echo 'make bench     installs missing packages, measures what a page costs; you may set ROUNDS= and ONLY='
	@echo 'make soak      installs missing packages, asks for a million pages; you may set REQUESTS='
	@echo 'make pages-soak  installs missing packages, changes pages at random 1,000 times, ends the tab with the session 50 times; you may set CHANGES=, SEED= and ENDS='
	@echo 'make scenes    installs missing packages, plays what people do to pages on XMPP servers with an archive; you may set ARCHIVE=no,'
	@echo '               TABS= (how many tabs one of them has) and WEB_SERVER= (lighttpd or apache, for all scenes)'
	@echo 'make trips     counts round trips and bytes from a page to the list of contacts, over a slow network'
	@echo 'make systemd   runs the units under a real systemd, in namespaces; needs root'
	@echo 'make kit-systems  installs the kit in fresh systems of Debian 11, 12 and 13; needs root and debootstrap'
	@echo 'make deb-systems  installs, updates and removes the package in a fresh Debian 12; needs root and debootstrap'
	@echo 'make screenshots  writes a picture of every page and state to artifacts/screenshots/'
	@echo 'make check     runs the quick tests: lint and unit tests'
	@echo 'make lint      checks the rules of the repository, runs linters, checks formatting'
	@echo 'make asan      runs unit, program and server tests under AddressSanitizer and UBSan'
	@echo 'make tsan      runs the same tests under ThreadSanitizer'
	@echo 'make slice     runs a part of the unit tests under one sanitizer, as make test does; you may set TURN= (0 to 11); make slices: all'
	@echo 'make coverage  runs unit, program and server tests, prints how much of cgi/ they run, fails if it is less than before;'
	@echo '               you may set COVERED='
	@echo 'make valgrind  runs the unit tests under valgrind'
	@echo 'make torture   makes calls of the program and lines to databases fail; kills it; checks whose answers are whose;'
	@echo '               you may set EVERY=, FAULTS=, KILLS= and ANSWERS='
	@echo 'make analyze   installs missing packages, reads cgi/ with gcc -fanalyzer, clang-tidy and cppcheck;'
	@echo '               it fails if a finding is not in tests/analyze/known'
	@echo 'make fuzz      installs missing packages, feeds made-up inputs to every reader; you may set TIME=, EXECUTIONS= and ONLY='
	@echo 'make install   installs to $(PREFIX); you may set PREFIX= and DESTDIR='
	@echo 'make uninstall removes what make install made'
	@echo 'make dist      makes a release archive, which builds without Node.js and npm'
	@echo 'make deb       makes a Debian package'
	@echo 'make kit       makes an archive for shared hosting, which holds all libraries'
	@echo 'make clean     removes what was built'

-include $(LIB_OBJECTS:.o=.d) $(CTL:%=$(BUILD)/ctl/%.d) $(BUILD)/main.d $(BUILD)/ctl.d $(EXTAUTH:%=$(BUILD)/extauth/%.d) $(BUILD)/extauth.d \
	$(UNIT_TESTS:%=$(BUILD)/unit/%.d) $(BUILD)/unit/unit.d

.PHONY: all unit screenshots bench-programs fuzz-programs vendor demo test bench fuzz soak trips pages-soak scenes systemd check lint asan tsan sanitized slice slices slice-programs coverage covered valgrind torture analyze install uninstall dist deb deb-systems kit kit-systems clean help FORCE
.DELETE_ON_ERROR:
