# What scripts/Makefile.build knows of one directory, and of those below it: a file for each directory,
# so that makes that run beside each other do not mix their lines.
include $(srctree)/scripts/Makefile.build

.PHONY: vmemmlint-objects
below := $(addprefix vmemmlint/,$(subdir-ym))
.PHONY: $(below)

# What only `subdir-y` leads to is linked into no kernel (boot wrappers, vdso objects), unless the top
# makefile names its library.
built-in := $(if $(linked),$(if $(need-builtin),$(real-obj-y)) $(lib-y) $(extra-y))
$(file >$(VMEMMLINT)/objects/of+$(subst /,+,$(obj)),Y $(built-in))
$(file >>$(VMEMMLINT)/objects/of+$(subst /,+,$(obj)),M $(real-obj-m))

descended := $(patsubst %/built-in.a,%,$(subdir-builtin)) \
	$(patsubst %/modules.order,%,$(subdir-modorder)) $(patsubst ./%,%,$(KBUILD_VMLINUX_LIBS))

vmemmlint-objects: $(below) ;
$(below): vmemmlint/%:
	@+$(MAKE) -f $(VMEMMLINT)/directory.mk obj=$* vmemmlint-objects \
		linked=$(if $(filter $(descended),$* $*/lib.a),$(linked)) \
		need-builtin=$(if $(filter $*/built-in.a,$(subdir-builtin)),1) \
		need-modorder=$(if $(filter $*/modules.order,$(subdir-modorder)),1)
