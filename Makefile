# SPDX-License-Identifier: GPL-2.0-only
# migwarden. `make help` lists the targets.

SHELL := /bin/bash
.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SECONDARY:
MAKEFLAGS += --no-builtin-rules

# V=1 shows the commands.
ifeq ($(V),)
Q := @
say = @printf '  %-5s %s\n' $(1) $(2)
endif

BUILD ?= build
PREFIX ?= /usr/local
DESTDIR ?=
CC ?= gcc
ifeq ($(origin CC),default)
CC := gcc
endif
CLANG ?= clang
BPFTOOL ?= $(firstword $(wildcard /usr/sbin/bpftool /usr/local/sbin/bpftool) bpftool)
LLVM_STRIP ?= llvm-strip
PKG_CONFIG ?= pkg-config
VERSION := 0.1.0

WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Wmissing-prototypes -Wvla
ifneq ($(or $(WERROR),$(CI)),)
WARNINGS += -Werror
endif
CFLAGS ?= -O2 -g
SANITIZE ?=
SANITIZERS := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
ifneq ($(SANITIZE),)
# What gcc warns of by the flow of a program is often wrong in one that has the sanitizers' code in it; the
# build without them is the one to be clean.
WARNINGS := $(filter-out -Werror,$(WARNINGS))
CFLAGS += $(SANITIZERS)
LDFLAGS += -fsanitize=address,undefined
endif
CPPFLAGS += -Iuser -Iinclude -isystem $(BUILD)/gen -D_GNU_SOURCE -DMW_VERSION='"$(VERSION)"'
C_STD := -std=gnu17

# Folder: the libraries it may use (DESIGN 1 and 5). Order is link order.
PARTS := lib cli daemon libvirt sinks kern host config core base
LIBRARIES := libbpf libfyaml jansson libsystemd libsodium libmnl sqlite3 ncursesw
# Loaded at run time by the verbs that need them (base/library.h): linked, each exec would pay for some
# fifty libraries that come with these.
LOADED := libmicrohttpd libcurl
LIB_LIBS = $(shell $(PKG_CONFIG) --libs $(LIBRARIES) 2>/dev/null) -lelf -lz -lm

# libvirt is optional: without it, or with WITH_LIBVIRT=0, its verbs say that they are not there.
WITH_LIBVIRT ?= $(if $(shell $(PKG_CONFIG) --exists libvirt libxml-2.0 && echo yes),1,0)
ifeq ($(WITH_LIBVIRT),1)
LOADED += libvirt libxml-2.0
NOT_BUILT := user/cli/verb_no_libvirt.c
else
NOT_BUILT := $(addprefix user/cli/,verb_hook.c verb_stamp.c libvirt_hook_text.c libvirt_stamper.c) \
	$(addprefix user/libvirt/,calls.c connection.c domain_request_make.c domain_xml.c event_loop.c follow.c stamping.c)
NOT_TESTED := $(wildcard tests/unit/libvirt/*.c) tests/fuzz/fuzz_domain_xml.c
endif

# NAME FILE: the name under which what is built against will be found when it runs.
soname = -DSONAME_$(1)='"$(shell objdump -p $$($(CC) -print-file-name=lib$(2).so) | awk '$$1 == "SONAME" { print $$2 }')"'
SONAMES := $(call soname,MICROHTTPD,microhttpd) $(call soname,CURL,curl)
ifeq ($(WITH_LIBVIRT),1)
SONAMES += $(call soname,LIBVIRT,virt) $(call soname,XML,xml2)
endif
LIB_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(LIBRARIES) $(LOADED) 2>/dev/null) $(SONAMES)

ARCHIVES := $(foreach p,$(PARTS),$(BUILD)/lib/$(p).a)
# main.c stays out of its archive: the unit tests have a main of their own.
MAIN := $(BUILD)/obj/user/cli/main.o
sources = $(filter-out user/cli/main.c $(NOT_BUILT),$(sort $(wildcard user/$(1)/*.c)))
objects = $(patsubst %.c,$(BUILD)/obj/%.o,$(call sources,$(1)))

BPF_SOURCES := $(sort $(wildcard bpf/*.bpf.c))
BPF_OBJECTS := $(patsubst bpf/%.c,$(BUILD)/bpf/%.o,$(BPF_SOURCES))
SKELETONS := $(patsubst bpf/%.bpf.c,$(BUILD)/gen/%.skel.h,$(BPF_SOURCES))
# The BTF names the sources: by their place in the tree, wherever that lies.
# linux/types.h wants asm/types.h, which Debian keeps in the multiarch folder.
BPF_CFLAGS := -g -O2 -ffile-prefix-map=$(CURDIR)=. -mcpu=v3 -target bpf -D__TARGET_ARCH_x86 -Ivmlinux -Iinclude -Ibpf \
	-I/usr/include/$(shell $(CC) -print-multiarch) \
	-Wall -Wextra -Werror -Wno-unused-parameter -Wno-missing-declarations

UNIT_SOURCES := $(filter-out $(NOT_TESTED),$(sort $(wildcard tests/unit/*/*.c)))
UNIT_OBJECTS := $(patsubst %.c,$(BUILD)/obj/%.o,$(UNIT_SOURCES))
CLIENT_BPF := $(wildcard tests/vm/client/*.bpf.c)
CLIENTS := $(patsubst tests/vm/client/%.c,$(BUILD)/tests/%,\
	$(filter-out $(CLIENT_BPF),$(sort $(wildcard tests/vm/client/*.c)))) \
	$(CLIENT_BPF:tests/vm/client/%.c=$(BUILD)/tests/%.o) $(BUILD)/tests/attack-preload.so
FUZZERS := $(patsubst tests/fuzz/fuzz_%.c,%,$(filter-out $(NOT_TESTED),$(sort $(wildcard tests/fuzz/fuzz_*.c))))

.PHONY: all deps check check-vm test sanitize memcheck coverage soak demo fuzz install uninstall man deb clean format help units clients kmod

##@ Building
all: $(BUILD)/migwarden ## build build/migwarden
clients: $(CLIENTS) ## build the test programs that run in the lab
units: $(BUILD)/tests/unit $(BUILD)/tests/audit-writer ## build the unit tests
kmod: $(BUILD)/kmod/mwtest.ko ## build the test devices for the lab's kernel

$(BUILD)/migwarden: $(MAIN) $(ARCHIVES)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(MAIN) -Wl,--start-group $(ARCHIVES) -Wl,--end-group $(LIB_LIBS)

define archive_rule
$$(BUILD)/lib/$(1).a: $$(call objects,$(1))
	@mkdir -p $$(@D)
	@rm -f $$@
	$$(call say,AR,$$@)
	$$(Q)$$(AR) rcsD $$@ $$^
endef
$(foreach p,$(PARTS),$(eval $(call archive_rule,$(p))))

$(BUILD)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(C_STD) $(WARNINGS) $(CPPFLAGS) $(CFLAGS) $(PIC) $(LIB_CFLAGS) -MMD -MP -c -o $@ $<

# -MMD leaves out what comes by -isystem, and only user/kern includes skeletons.
$(call objects,kern): $(SKELETONS)

# The page's files come in by .incbin, which -MMD does not see.
$(BUILD)/obj/user/daemon/assets.o: $(wildcard user/daemon/web/*)

$(BUILD)/bpf/%.bpf.o: bpf/%.bpf.c
	@mkdir -p $(@D)
	$(call say,BPF,$@)
	$(Q)$(CLANG) $(BPF_CFLAGS) -MMD -MP -MT $@ -c -o $@ $<
	$(Q)$(LLVM_STRIP) -g $@

$(BUILD)/gen/%.skel.h: $(BUILD)/bpf/%.bpf.o
	@mkdir -p $(@D)
	$(call say,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name $*_bpf > $@

$(BUILD)/tests/unit: $(UNIT_OBJECTS) $(ARCHIVES)
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(UNIT_OBJECTS) -Wl,--start-group $(ARCHIVES) \
		-Wl,--end-group $(LIB_LIBS) -lcriterion

# The same tests with another main, to which a test costs half as much.
$(BUILD)/tests/units-forked: $(BUILD)/obj/tests/memcheck/main.o $(UNIT_OBJECTS) $(ARCHIVES)
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $< $(UNIT_OBJECTS) -Wl,--start-group $(ARCHIVES) \
		-Wl,--end-group $(LIB_LIBS) -lcriterion

$(BUILD)/tests/%.bpf.o: tests/vm/client/%.bpf.c
	@mkdir -p $(@D)
	$(call say,BPF,$@)
	$(Q)$(CLANG) $(BPF_CFLAGS) -c -o $@ $<

$(BUILD)/tests/%: tests/vm/client/%.c
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(C_STD) $(WARNINGS) -Iinclude -D_GNU_SOURCE $(CFLAGS) -MMD -MP -MF $@.d -o $@ $< -pthread

$(BUILD)/tests/%.so: tests/vm/client/preload/%.c
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(C_STD) $(WARNINGS) -D_GNU_SOURCE $(CFLAGS) -fPIC -shared -o $@ $<

$(BUILD)/tests/audit-writer: $(BUILD)/obj/tests/audit/writer.o $(ARCHIVES)
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $< -Wl,--start-group $(ARCHIVES) -Wl,--end-group $(LIB_LIBS)

$(BUILD)/kmod/mwtest.ko: $(wildcard tests/kmod/*)
	$(call say,KMOD,$@)
	$(Q)tests/kmod/build $(@D)
	@touch $@

##@ Set-up
deps: ## install what is missing (Debian 12 and 13, as root)
	@tests/setup/deps

##@ Testing
check: units all ## unit tests, layers, headers, verbs: no root, no lab, under 30 seconds
	@tests/run check

check-vm: all clients kmod bench-programs $(BUILD)/deb/made ## every scenario of the lab, in a guest with a real kernel
	@tests/run vm

test: deps ## set up, build, then every test
	@$(MAKE) --no-print-directory "-j$$(nproc)" WERROR=1 all units clients kmod bench-programs fuzz-build
	@tests/run all

# Each file after its object, which knows the headers; what was clean and did not change stays so.
TIDY ?= clang-tidy
TIDIED := $(patsubst %.c,$(BUILD)/tidy/%.ok,$(filter-out $(NOT_BUILT),$(sort $(wildcard user/*/*.c))))

.PHONY: tidy
tidy: $(TIDIED) ## clang-tidy over user/, as .clang-tidy says

$(BUILD)/tidy/%.ok: $(BUILD)/obj/%.o .clang-tidy
	@mkdir -p $(@D)
	$(call say,TIDY,$*.c)
	$(Q)$(TIDY) --quiet $*.c -- $(C_STD) $(CPPFLAGS) $(LIB_CFLAGS) 2>/dev/null
	@touch $@

# -O1: what is looked for is the same, and the tests run as fast as they compile.
sanitize: ## the unit tests under the address and undefined behaviour sanitizers
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/sanitize SANITIZE=1 CFLAGS='-O1 -g $(SANITIZERS)' \
		$(BUILD)/sanitize/tests/units-forked
	@tests/checks/sanitize $(BUILD)/sanitize/tests/units-forked

# MEMCHECK=tests/unit/sinks: those alone.
memcheck: $(BUILD)/tests/units-forked ## the unit tests under valgrind
	@tests/checks/memcheck $(MEMCHECK)

COVERAGE := $(BUILD)/coverage
coverage: ## lines and branches of user/ that the unit tests reach
	@$(MAKE) --no-print-directory BUILD=$(COVERAGE) CFLAGS='-O0 -g --coverage' \
		LDFLAGS=--coverage units
	@$(COVERAGE)/tests/unit
	@gcovr --root . --filter user/ --print-summary $(COVERAGE)

soak: all clients kmod bench-programs ## the attacks of the lab at full length: an hour or more
	@tests/soak/run

demo: deps ## one real migration seen, one refused, in the lab
	@$(MAKE) --no-print-directory "-j$$(nproc)" all clients
	@tests/vm/demo

##@ Fuzzing
FUZZ_SECONDS ?= 60
FUZZ_FLAGS := -g -O1 -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined
FUZZ_PARTS := libvirt host sinks config core base
FUZZ_OBJECTS := $(foreach p,$(FUZZ_PARTS),$(patsubst %.c,$(BUILD)/fuzz/obj/%.o,$(call sources,$(p))))
FUZZ_DAEMON := $(patsubst %.c,$(BUILD)/fuzz/obj/%.o,$(call sources,daemon) $(call sources,kern))
.PHONY: fuzz-build
fuzz-build: $(FUZZERS:%=$(BUILD)/fuzz/%)

fuzz: fuzz-build ## run every fuzz target for FUZZ_SECONDS (60)
	@tests/fuzz/run $(BUILD)/fuzz $(FUZZ_SECONDS) $(FUZZERS)

$(BUILD)/fuzz/obj/%.o: %.c
	@mkdir -p $(@D)
	$(call say,FUZZ,$@)
	$(Q)$(CLANG) $(C_STD) $(CPPFLAGS) $(FUZZ_FLAGS) $(LIB_CFLAGS) -MMD -MP -c -o $@ $<

# The reader of the ring without libbpf's half, and the daemon with all that it needs.
$(BUILD)/fuzz/ring: $(BUILD)/fuzz/obj/user/kern/ring.o
$(BUILD)/fuzz/control: $(FUZZ_DAEMON)
$(FUZZ_DAEMON): $(SKELETONS)

$(BUILD)/fuzz/%: $(BUILD)/fuzz/obj/tests/fuzz/fuzz_%.o $(FUZZ_OBJECTS)
	$(call say,LINK,$@)
	$(Q)$(CLANG) -fsanitize=fuzzer,address,undefined -o $@ $^ $(LIB_LIBS)

##@ Measuring
.PHONY: bench bench-programs
BENCH := cost-client cost-probe cost-empty.bpf.o cost-floor.bpf.o
bench-programs: $(BENCH:%=$(BUILD)/bench/%)
bench: ## set up, build, then every cost, beside its peers; writes docs/COST.md and docs/SPEED.md
	@tests/setup/deps --bench
	@$(MAKE) --no-print-directory all clients kmod bench-programs bench-judge
	@tests/bench/cost-run

$(BUILD)/bench/cost-%.bpf.o: tests/bench/cost-%.bpf.c
	@mkdir -p $(@D)
	$(call say,BPF,$@)
	$(Q)$(CLANG) $(BPF_CFLAGS) -c -o $@ $<

$(BUILD)/bench/cost-%: tests/bench/cost-%.c
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(C_STD) $(WARNINGS) -Iinclude -D_GNU_SOURCE $(CFLAGS) -MMD -MP -MF $@.d -o $@ $< -lbpf

.PHONY: bench-judge
bench-judge: all $(BUILD)/bench/judge ## pairs a second, match over an inventory, both beside npm's; writes docs/SPEED.md
	@tests/bench/judge-run

##@ House-keeping
# Where libvirt looks, whatever our PREFIX is.
HOOK_FOLDER ?= /etc/libvirt/hooks/qemu.d

# A page for each verb is made of its --help; the others are written.
VERBS = $(shell sed -n 's/^\t\.name = "\([a-z]*\)",/\1/p' user/cli/verb_*.c)
MAN_PAGES = $(patsubst docs/%.scd,$(BUILD)/man/%,$(wildcard docs/*.scd)) \
	$(VERBS:%=$(BUILD)/man/migwarden-%.1) $(BUILD)/man/migwarden-policy.5 \
	$(BUILD)/man/migwarden-descriptor.5

man: $(MAN_PAGES) ## build the manual pages

$(BUILD)/man/migwarden-%.1: $(BUILD)/migwarden contrib/man/verb
	@mkdir -p $(@D)
	$(call say,MAN,$@)
	$(Q)contrib/man/verb $< $* | scdoc > $@

$(BUILD)/man/migwarden-policy.5: $(BUILD)/migwarden contrib/man/schema policies/gvt-g.yaml
	@mkdir -p $(@D)
	$(call say,MAN,$@)
	$(Q)$< policy schema | contrib/man/schema migwarden-policy 'which migrations are compatible, and allowed' \
		'migwarden-policy(1), docs/policy.md' policies/gvt-g.yaml | scdoc > $@

$(BUILD)/man/migwarden-descriptor.5: $(BUILD)/migwarden contrib/man/schema
	@mkdir -p $(@D)
	$(call say,MAN,$@)
	$(Q)$< describe --schema | contrib/man/schema migwarden-descriptor 'what is known of a VFIO device' \
		'migwarden-describe(1), migwarden-check(1)' | scdoc > $@

$(BUILD)/man/%: docs/%.scd
	@mkdir -p $(@D)
	$(call say,MAN,$@)
	$(Q)scdoc < $< > $@

install: all man ## install under $(DESTDIR)$(PREFIX)
	install -D -m 0755 $(BUILD)/migwarden $(DESTDIR)$(PREFIX)/bin/migwarden
	install -d $(DESTDIR)$(PREFIX)/share/migwarden/policies
	install -m 0644 $(filter-out %.test.yaml,$(wildcard policies/*.yaml)) $(DESTDIR)$(PREFIX)/share/migwarden/policies/
	install -D -m 0644 contrib/prometheus/migwarden.rules.yaml $(DESTDIR)$(PREFIX)/share/migwarden/prometheus/migwarden.rules.yaml
	install -D -m 0644 contrib/grafana/migwarden.json $(DESTDIR)$(PREFIX)/share/migwarden/grafana/migwarden.json
	install -d $(DESTDIR)$(PREFIX)/lib/systemd/system
	sed 's|@BINDIR@|$(PREFIX)/bin|' contrib/systemd/migwarden.service > $(DESTDIR)$(PREFIX)/lib/systemd/system/migwarden.service
ifeq ($(WITH_LIBVIRT),1)
	install -d $(DESTDIR)$(HOOK_FOLDER)
	sed 's|@BINDIR@|$(PREFIX)/bin|' contrib/libvirt/50-migwarden > $(DESTDIR)$(HOOK_FOLDER)/50-migwarden
	chmod 0755 $(DESTDIR)$(HOOK_FOLDER)/50-migwarden
endif
	install -D -m 0644 contrib/systemd/migwarden.catalog $(DESTDIR)$(PREFIX)/lib/systemd/catalog/migwarden.catalog
	install -D -m 0644 contrib/systemd/migwarden.sysusers $(DESTDIR)$(PREFIX)/lib/sysusers.d/migwarden.conf
	for page in $(MAN_PAGES); do \
		install -D -m 0644 $$page $(DESTDIR)$(PREFIX)/share/man/man$${page##*.}/$${page##*/} || exit; \
	done
	install -D -m 0644 contrib/completion/migwarden.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/migwarden
	install -D -m 0644 contrib/completion/_migwarden $(DESTDIR)$(PREFIX)/share/zsh/vendor-completions/_migwarden

uninstall: ## remove what install put there
	rm -f $(DESTDIR)$(HOOK_FOLDER)/50-migwarden
	rm -f $(DESTDIR)$(PREFIX)/bin/migwarden
	rm -f $(foreach page,$(notdir $(MAN_PAGES)),$(DESTDIR)$(PREFIX)/share/man/man$(patsubst .%,%,$(suffix $(page)))/$(page))
	rm -f $(DESTDIR)$(PREFIX)/share/bash-completion/completions/migwarden
	rm -f $(DESTDIR)$(PREFIX)/share/zsh/vendor-completions/_migwarden
	rm -rf $(DESTDIR)$(PREFIX)/share/migwarden
	rm -f $(DESTDIR)$(PREFIX)/lib/systemd/catalog/migwarden.catalog
	rm -f $(DESTDIR)$(PREFIX)/lib/systemd/system/migwarden.service $(DESTDIR)$(PREFIX)/lib/sysusers.d/migwarden.conf

deb: ## build Debian packages of the tree into build/deb
	@contrib/deb $(BUILD)/deb

# For the lab, which installs them; tests/package/run builds them by itself.
$(BUILD)/deb/made: $(shell git ls-files bpf contrib include user vmlinux Makefile)
	$(Q)DEB_BUILD_OPTIONS=nocheck contrib/deb $(@D)
	@touch $@

format: ## put the spacing of .clang-format on every C file
	clang-format -i $$(git ls-files '*.c' '*.h')

clean: ## remove build/
	rm -rf $(BUILD)

help: ## this list
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} \
		/^[a-z-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

include user/lib/library.mk
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
