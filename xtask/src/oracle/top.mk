# The top makefile of a kernel with three more goals: the objects that a build would make, without making
# them; and the objects of the folders in GOALS, or those in OBJECTS, without what the kernel as a whole
# would need before.
# To be run in a folder that has a .config, with the variables that xtask/src/oracle/build.rs sets.
include $(abs_srctree)/Makefile

.PHONY: vmemmlint-objects
vmemmlint-objects:
	@+for dir in $(or $(build-dirs),$(build-dir)); do \
		$(MAKE) -f $(VMEMMLINT)/directory.mk obj=$$dir linked=1 need-builtin=1 need-modorder=1 $@ || exit; \
	done

.PHONY: vmemmlint-compile
vmemmlint-compile:
	@+for dir in $(GOALS); do \
		$(MAKE) $(build)=$$dir need-builtin=1 need-modorder=1; \
	done

.PHONY: vmemmlint-each
vmemmlint-each:
	@+for object in $(OBJECTS); do \
		$(MAKE) $(build)=$$(dirname $$object) $$object; \
	done
