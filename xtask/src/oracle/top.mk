# The top makefile of a kernel with one more goal: the objects that a build would make, without making
# them. To be run in a folder that has a .config, with the variables that xtask/src/oracle/build.rs sets.
include $(abs_srctree)/Makefile

.PHONY: vmemmlint-objects
vmemmlint-objects:
	@+for dir in $(or $(build-dirs),$(build-dir)); do \
		$(MAKE) -f $(VMEMMLINT)/directory.mk obj=$$dir linked=1 need-builtin=1 need-modorder=1 $@ || exit; \
	done
