//! Small trees of makefiles, and when their files are built.

use std::fmt::Write;
use std::sync::Arc;

use condition::Store;
use source::Memory;

use crate::Kbuild;

const TOP: &str = "//- Makefile\ninclude $(srctree)/arch/$(SRCARCH)/Makefile\nexport BITS\n";

/// Each of `questions` is a file, a directory (`foo/`) or `-I file`; the answers are what a user
/// would see, then the problems.
fn ask(tree: &str, questions: &[&str]) -> String {
    let tree = Memory::new(&format!("{TOP}{tree}"));
    let (mut kbuild, mut store) = (Kbuild::new(&tree, Arc::default(), "x"), Store::new());
    let mut answer = String::new();
    for question in questions {
        if let Some(file) = question.strip_prefix("-I ") {
            let dirs = kbuild.include_dirs(&mut store, file);
            writeln!(answer, "{question}: {}", dirs.join(" ")).unwrap();
            continue;
        }
        let built = if question.ends_with('/') {
            kbuild.entered(&mut store, question)
        } else {
            kbuild.built(&mut store, question)
        };
        write!(answer, "{question}: {}", store.display(built.yes)).unwrap();
        if !built.module.is_false() {
            write!(answer, "; module {}", store.display(built.module)).unwrap();
        }
        answer.push('\n');
    }
    for problem in kbuild.problems() {
        writeln!(
            answer,
            "{}:{}: {}",
            problem.file, problem.line, problem.message
        )
        .unwrap();
    }
    answer
}

/// Compares, line by line, without the blanks that indent the expectation.
#[track_caller]
fn check(tree: &str, questions: &[&str], expected: &str) {
    let expected: Vec<&str> = expected
        .lines()
        .map(str::trim)
        .filter(|l| !l.is_empty())
        .collect();
    let answer = ask(tree, questions);
    assert_eq!(answer.lines().collect::<Vec<_>>(), expected);
}

/// One makefile, mm/Makefile, in a tree that enters mm/.
#[track_caller]
fn check_mm(makefile: &str, questions: &[&str], expected: &str) {
    let tree =
        format!("//- arch/x/Makefile\n//- Kbuild\nobj-y += mm/\n//- mm/Makefile\n{makefile}");
    check(&tree, questions, expected);
}

#[test]
fn objects_follow_symbols() {
    check_mm(
        "obj-y := a.o \\\n  b.o # c.o\nobj-$(CONFIG_V) += v.o\nlib-$(CONFIG_L) += l.o\nextra-y := h.o\nalways-y := n.o\n",
        &[
            "mm/a.c", "mm/b.c", "mm/c.c", "mm/v.c", "mm/l.c", "mm/h.S", "mm/n.c",
        ],
        "mm/a.c: always
         mm/b.c: always
         mm/c.c: never
         mm/v.c: V=y; module V=m
         mm/l.c: L
         mm/h.S: always
         mm/n.c: never",
    );
}

#[test]
fn a_directory_guards_its_files() {
    check(
        "//- arch/x/Makefile
//- Kbuild
obj-$(CONFIG_A) += a/
//- a/Kbuild
obj-y += b/ y.o
obj-$(CONFIG_M) += m.o
//- a/Makefile
obj-y += not-read.o
//- a/b/Makefile
obj-$(CONFIG_B) += b.o",
        &["a/", "a/b/", "a/y.c", "a/m.c", "a/b/b.c", "a/not-read.c"],
        "a/: A=y; module A=m
         a/b/: A=y; module A=m
         a/y.c: A=y
         a/m.c: A=y && M=y; module A && M=m
         a/b/b.c: A=y && B=y; module A && B=m
         a/not-read.c: never",
    );
}

#[test]
fn parts_are_built_as_their_whole() {
    check_mm(
        "obj-$(CONFIG_D) += d.o\nd-y := one.o d-core.o\nd-$(CONFIG_X) += x.o\nd-objs += sub/two.o\nobj-y += alone.o\n",
        &["mm/d.c", "mm/one.c", "mm/x.c", "mm/sub/two.c", "mm/alone.c"],
        "mm/d.c: never
         mm/one.c: D=y; module D=m
         mm/x.c: D=y && X=y; module D=m && X=m || D=m && X=y
         mm/sub/two.c: D=y; module D=m
         mm/alone.c: always",
    );
}

#[test]
fn conditionals_are_followed_both_ways() {
    check_mm(
        "ifdef CONFIG_A\nobj-y += a.o\nelse ifeq ($(CONFIG_B),y)\nobj-y += b.o\nelse\nobj-y += c.o\nendif\n\
         ifeq ($(CONFIG_S),\"bar\")\nobj-y += s.o\nendif\nifneq ($(CONFIG_P)$(CONFIG_Q),)\nobj-y += p.o\nendif\n\
         ifeq ($(call cc-option,-mx),-mx)\nobj-y += t.o\nendif\n",
        &["mm/a.c", "mm/b.c", "mm/c.c", "mm/s.c", "mm/p.c", "mm/t.c"],
        "mm/a.c: A
         mm/b.c: !A && B=y
         mm/c.c: !A && B!=y
         mm/s.c: S=bar
         mm/p.c: P || Q
         mm/t.c: $(call cc-option,-mx) = -mx",
    );
}

#[test]
fn functions_and_computed_names() {
    check_mm(
        "obj-$(subst m,y,$(CONFIG_A)) += a.o\nobj-$(if $(CONFIG_B),y) += b.o\n\
         obj-y += $(addprefix c, 1.o 2.o) $(filter-out %z.o,d.o z.o) $(patsubst %.x,%.o,e.x)\n\
         obj-$(and $(CONFIG_F),$(CONFIG_G)) += f.o\nobj-y += $(foreach n,g h,$(n).o)\n\
         twice = $(1).o $(1)2.o\nobj-y += $(call twice,i)\nmore-$(CONFIG_J) := j\nobj-y += $(more-y:=.o)\n\
         obj-$(filter y m,$(CONFIG_K)) += k.o\nobj-y += w$(CONFIG_WORD).o\n",
        &[
            "mm/a.c", "mm/b.c", "mm/c2.c", "mm/d.c", "mm/z.c", "mm/e.c", "mm/f.c", "mm/h.c",
            "mm/i2.c", "mm/j.c", "mm/k.c", "mm/w32.c",
        ],
        "mm/a.c: A
         mm/b.c: B
         mm/c2.c: always
         mm/d.c: always
         mm/z.c: never
         mm/e.c: always
         mm/f.c: F && G=y; module F && G=m
         mm/h.c: always
         mm/i2.c: always
         mm/j.c: J=y
         mm/k.c: K=y; module K=m
         mm/w32.c: WORD=32",
    );
}

#[test]
fn settings_come_from_the_architecture() {
    check(
        "//- arch/x/Makefile
ifdef CONFIG_64BIT
BITS := 64
else
BITS := 32
endif
SECRET := y
core-y += $(addprefix arch/x/,$(machine-y))
machine-$(CONFIG_M) += mach-m/
libs-y := arch/x/lib/
head-y := arch/x/head.o
//- Kbuild
obj-y += mm/
//- mm/Makefile
obj-y += init_$(BITS).o
obj-$(SECRET) += secret.o
//- arch/x/mach-m/Makefile
obj-y += m.o
//- arch/x/lib/Makefile
lib-y += l.o",
        &[
            "mm/init_64.c",
            "mm/init_32.c",
            "mm/secret.c",
            "arch/x/mach-m/m.c",
            "arch/x/lib/l.S",
            "arch/x/head.S",
        ],
        "mm/init_64.c: 64BIT
         mm/init_32.c: !64BIT
         mm/secret.c: never
         arch/x/mach-m/m.c: M=y
         arch/x/lib/l.S: always
         arch/x/head.S: always",
    );
}

#[test]
fn files_are_found_where_others_name_them() {
    check(
        "//- arch/x/Makefile
//- Kbuild
obj-y += arch/x/kvm/
//- arch/x/kvm/Makefile
include $(srctree)/virt/kvm/Makefile.kvm
obj-$(CONFIG_KVM) += kvm.o
//- virt/kvm/Makefile.kvm
KVM ?= ../../../virt/kvm
kvm-y := $(KVM)/kvm_main.o",
        &["virt/kvm/kvm_main.c", "virt/kvm/other.c"],
        "virt/kvm/kvm_main.c: KVM=y; module KVM=m
         virt/kvm/other.c: never",
    );
}

#[test]
fn a_module_can_be_told_to_be_built_in() {
    check_mm(
        "obj-$(CONFIG_A:m=y) += a.o\nobj-$(patsubst %m,%y,$(CONFIG_B)) += b.o\n",
        &["mm/a.c", "mm/b.c"],
        "mm/a.c: A
         mm/b.c: B",
    );
}

#[test]
fn include_directories_add_up() {
    check(
        "//- arch/x/Makefile
KBUILD_CPPFLAGS += -I$(srctree)/arch/x/include/mach
export KBUILD_CPPFLAGS
//- Kbuild
obj-y += d/
//- d/Makefile
subdir-ccflags-y += -I$(src)/all
ccflags-y += -I $(src)/own
obj-y += e/ a.o
CFLAGS_a.o := -I$(src)
//- d/e/Makefile
ccflags-$(CONFIG_X) += -I$(srctree)/$(src)/../own
obj-y += b.o",
        &["-I d/a.c", "-I d/e/b.c"],
        "-I d/a.c: arch/x/include/mach d/all d/own d
         -I d/e/b.c: arch/x/include/mach d/all d/own",
    );
}

#[test]
fn what_is_broken_is_told_and_the_rest_goes_on() {
    check_mm(
        "endif\ninclude mm/missing.mk\n-include mm/silent.mk\nobj-y += $(shell ls)\nobj-y += a.o\na.o: b.c\n\tobj-y += never.o\nloop = $(loop)\nifeq ($(loop),)\nobj-y += l.o\nendif\nifdef X\nobj-y += x.o\n",
        &["mm/a.c", "mm/never.c", "mm/x.c"],
        "mm/a.c: always
         mm/never.c: never
         mm/x.c: never
         mm/Makefile:1: endif without a conditional
         mm/Makefile:2: include of mm/missing.mk: no such file in the tree
         mm/Makefile:8: expansions nest too deeply
         mm/Makefile:12: this conditional has no endif
         mm/Makefile:4: obj-y has $(shell ls), which is not known",
    );
}

#[test]
fn growing_text_is_bounded() {
    let mut makefile = String::from("a := aa\nobj-y += a.o\n");
    for _ in 0..40 {
        makefile.push_str("a := $(subst a,aaaaaaaa,$(a))$(a)\n");
    }
    makefile.push_str("b := $(foreach x,1 2 3 4 5 6 7 8,");
    makefile.push_str(&"$(foreach y,1 2 3 4 5 6 7 8,".repeat(12));
    makefile.push_str(&")".repeat(13));
    let tree =
        format!("//- arch/x/Makefile\n//- Kbuild\nobj-y += mm/\n//- mm/Makefile\n{makefile}\n");
    assert!(ask(&tree, &["mm/a.c"]).starts_with("mm/a.c: "));
}
