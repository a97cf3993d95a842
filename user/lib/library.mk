# SPDX-License-Identifier: GPL-2.0-only
#
# libmigwarden, static and shared, out of the objects that the program is made of.

ABI := $(shell awk '$$2 == "MW_ABI" { print $$3 }' include/migwarden/version.h)
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
OBJCOPY ?= objcopy

LIBRARY_HEADERS := $(addprefix include/migwarden/,\
	descriptor.h error.h policy.h reason.h verdict.h version.h)
LIBRARY_MAP := user/lib/libmigwarden.map
LIBRARY_PARTS := config core base
LIBRARY_ARCHIVES := $(LIBRARY_PARTS:%=$(BUILD)/lib/%.a)
LIBRARY_STATIC := $(BUILD)/libmigwarden.a
LIBRARY_SONAME := libmigwarden.so.$(ABI)
LIBRARY_SHARED := $(BUILD)/libmigwarden.so.$(VERSION)
LIBRARY_LIBS = $(shell $(PKG_CONFIG) --libs libfyaml jansson 2>/dev/null)

$(foreach p,lib $(LIBRARY_PARTS),$(call objects,$(p))): PIC := -fPIC -fno-semantic-interposition

.PHONY: library install-library uninstall-library
all: library
install: install-library
uninstall: uninstall-library

library: $(LIBRARY_STATIC) $(LIBRARY_SHARED)

$(LIBRARY_SHARED): $(call objects,lib) $(LIBRARY_ARCHIVES) $(LIBRARY_MAP)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -shared -Wl,-soname,$(LIBRARY_SONAME) \
		-Wl,--version-script,$(LIBRARY_MAP) $(if $(SANITIZE),,-Wl,--no-undefined) -o $@ \
		$(call objects,lib) -Wl,--start-group $(LIBRARY_ARCHIVES) -Wl,--end-group $(LIBRARY_LIBS)

# One object in which only our names are global: a program's own `compare` must not meet the core's.
$(BUILD)/lib/libmigwarden.o: $(call objects,lib) $(LIBRARY_ARCHIVES)
	$(Q)$(CC) -r -nostdlib -o $@ $(call objects,lib) \
		-Wl,--start-group $(LIBRARY_ARCHIVES) -Wl,--end-group
	$(Q)$(OBJCOPY) --wildcard --keep-global-symbol='mw_*' $@

$(LIBRARY_STATIC): $(BUILD)/lib/libmigwarden.o
	$(call say,AR,$@)
	@rm -f $@
	$(Q)$(AR) rcsD $@ $<

install-library: library
	install -d $(DESTDIR)$(LIBDIR)/pkgconfig $(DESTDIR)$(INCLUDEDIR)/migwarden
	install -m 0644 $(LIBRARY_HEADERS) $(DESTDIR)$(INCLUDEDIR)/migwarden/
	install -m 0644 $(LIBRARY_STATIC) $(DESTDIR)$(LIBDIR)/
	install -m 0755 $(LIBRARY_SHARED) $(DESTDIR)$(LIBDIR)/
	ln -sf $(notdir $(LIBRARY_SHARED)) $(DESTDIR)$(LIBDIR)/$(LIBRARY_SONAME)
	ln -sf $(LIBRARY_SONAME) $(DESTDIR)$(LIBDIR)/libmigwarden.so
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' -e 's|@INCLUDEDIR@|$(INCLUDEDIR)|' \
		-e 's|@VERSION@|$(VERSION)|' user/lib/libmigwarden.pc.in \
		> $(DESTDIR)$(LIBDIR)/pkgconfig/libmigwarden.pc
	chmod 0644 $(DESTDIR)$(LIBDIR)/pkgconfig/libmigwarden.pc

uninstall-library:
	rm -f $(addprefix $(DESTDIR)$(INCLUDEDIR)/migwarden/,$(notdir $(LIBRARY_HEADERS))) \
		$(addprefix $(DESTDIR)$(LIBDIR)/,libmigwarden.a libmigwarden.so $(LIBRARY_SONAME) \
			$(notdir $(LIBRARY_SHARED)) pkgconfig/libmigwarden.pc)
	rmdir $(DESTDIR)$(INCLUDEDIR)/migwarden 2>/dev/null || true

# The whole library under the thread sanitizer, for tests/lib/run.
TSAN_FLAGS := -g -O1 -fsanitize=thread
TSAN_OBJECTS := $(foreach p,lib $(LIBRARY_PARTS),$(patsubst %.c,$(BUILD)/tsan/obj/%.o,$(call sources,$(p))))

$(BUILD)/tsan/obj/%.o: %.c
	@mkdir -p $(@D)
	$(call say,TSAN,$@)
	$(Q)$(CC) $(C_STD) $(CPPFLAGS) $(TSAN_FLAGS) $(LIB_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/tsan/library.a: $(TSAN_OBJECTS)
	@rm -f $@
	$(Q)$(AR) rcsD $@ $^

$(BUILD)/tsan/threads: $(BUILD)/tsan/obj/tests/lib/threads.o $(BUILD)/tsan/library.a
	$(call say,LINK,$@)
	$(Q)$(CC) -fsanitize=thread -o $@ $^ $(LIBRARY_LIBS) -pthread

$(BUILD)/bench/judge: $(BUILD)/obj/tests/bench/judge.o $(LIBRARY_ARCHIVES)
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $< -Wl,--start-group $(LIBRARY_ARCHIVES) -Wl,--end-group \
		$(LIBRARY_LIBS)
