# What one makefile of a mini kernel builds, by GNU make itself:
# make -f minis.mk dir=mm auto=auto.conf ARCH=x86 SRCARCH=x86 prints y:mm/sparse.o m:...
srctree := .
include $(auto)
include Makefile
# Trees up to 6.0 name their folders in the top Makefile, later ones in Kbuild.
# make starts anew in each directory and inherits only what is exported.
top := $(core-y) $(drivers-y)
core-y :=
obj-y :=
obj-m :=
include $(firstword $(wildcard $(dir)/Kbuild $(dir)/Makefile))

parts = $($(1:.o=-y)) $($(1:.o=-objs))
each = $(foreach o,$(2),$(addprefix $(1):$(dir)/,$(or $(strip $(call parts,$(o))),$(o))))

.DEFAULT_GOAL := print
.PHONY: print
print:
	@echo $(if $(ARCH_CORE)$(obj-y),,$(if $(filter .,$(dir)),$(call each,y,$(top)))) \
	      $(call each,y,$(obj-y)) $(call each,m,$(obj-m))
