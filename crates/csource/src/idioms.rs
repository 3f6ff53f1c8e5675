//! What the kernel's own macros mean where the grammar of C cannot know it. Data, not logic: each
//! list says what its members have in common.

/// Attributes of a function that need not be used.
pub(crate) const UNUSED: &[&str] = &["__always_unused", "__maybe_unused", "__unused", "unused"];

/// Words in front of or behind a declarator that say nothing about calls. With arguments or without.
pub(crate) const ATTRIBUTES: &[&str] = &[
    "__acquires",
    "__aligned",
    "__alloc_size",
    "__always_inline",
    "__always_unused",
    "__assume_aligned",
    "__attribute_const__",
    "__bitwise",
    "__cacheline_aligned",
    "__cacheline_aligned_in_smp",
    "__cold",
    "__cond_acquires",
    "__counted_by",
    "__cpuidle",
    "__deprecated",
    "__designated_init",
    "__devinit",
    "__diagnose_as",
    "__exit",
    "__exitdata",
    "__flatten",
    "__force",
    "__head",
    "__hot",
    "__init",
    "__init_memblock",
    "__init_or_module",
    "__initconst",
    "__initdata",
    "__initdata_memblock",
    "__initdata_or_meminfo",
    "__iomem",
    "__irq_entry",
    "__kernel",
    "__kprobes",
    "__latent_entropy",
    "__lsm_ro_after_init",
    "__malloc",
    "__maybe_unused",
    "__meminit",
    "__meminitdata",
    "__must_check",
    "__must_hold",
    "__net_exit",
    "__net_init",
    "__net_initdata",
    "__no_caller_saved_registers",
    "__no_kasan_or_inline",
    "__no_kcsan",
    "__no_profile",
    "__no_randomize_layout",
    "__no_sanitize_address",
    "__no_sanitize_or_inline",
    "__no_stack_protector",
    "__nocast",
    "__nocfi",
    "__noclone",
    "__noendbr",
    "__noinitretpoline",
    "__noreturn",
    "__noscs",
    "__overloadable",
    "__packed",
    "__page_aligned_bss",
    "__page_aligned_data",
    "__pcpu",
    "__percpu",
    "__private",
    "__printf",
    "__pure",
    "__randomize_layout",
    "__rcu",
    "__read_mostly",
    "__ref",
    "__refconst",
    "__refdata",
    "__releases",
    "__ro_after_init",
    "__safe",
    "__sched",
    "__scanf",
    "__section",
    "__signed",
    "__softirq_entry",
    "__used",
    "__user",
    "__visible",
    "__weak",
    "__xfunc",
    "asmlinkage",
    "fallthrough",
    "noinline",
    "noinline_for_stack",
    "noinstr",
    "notrace",
    "nokprobe_inline",
    "__fortify_function",
    "__bpf_kfunc",
    "__net_ro_after_init",
];

/// Macros that lead from a member to the structure around it, whose tag is their second argument.
pub const CONTAINERS: &[&str] = &["container_of"];

/// Types that are written as one word, beside those that end in `_t`.
pub(crate) const TYPE_NAMES: &[&str] = &[
    "u8",
    "u16",
    "u32",
    "u64",
    "u128",
    "s8",
    "s16",
    "s32",
    "s64",
    "s128",
    "__u8",
    "__u16",
    "__u32",
    "__u64",
    "__u128",
    "__s8",
    "__s16",
    "__s32",
    "__s64",
    "__s128",
    "__le16",
    "__le32",
    "__le64",
    "__be16",
    "__be32",
    "__be64",
    "__wsum",
    "__sum16",
    "__poll_t",
    "bool",
    "uint",
    "ulong",
    "ushort",
    "uchar",
    "u_char",
    "u_short",
    "u_int",
    "u_long",
    "unchar",
    "Elf_Addr",
    "Elf32_Addr",
    "Elf64_Addr",
    "ACPI_SIZE",
    "UINT8",
    "UINT16",
    "UINT32",
    "UINT64",
    "U8",
    "U16",
    "U32",
    "U64",
    "BYTE",
];

/// How the type of an expression is written.
pub const TYPEOF: &[&str] = &["typeof", "__typeof__", "__typeof", "typeof_unqual"];

/// What the grammar reads `_Generic` as: a call, whose types are left out.
pub const SELECTION: &str = "_generic";

/// Attributes whose argument is called when the variable behind them goes.
pub(crate) const CLEANUPS: &[&str] = &["__cleanup", "__cleanup__"];

/// Macros that stand for such an attribute.
pub(crate) const CLEANUP_MACROS: &[&str] = &["__free"];

/// Words that make a definition one that another may replace.
pub(crate) const WEAK: &[&str] = &["__weak"];

/// Words that make a definition visible in its own file, or only where its header is included.
pub(crate) const INLINE: &[&str] = &[
    "inline",
    "__inline",
    "__inline__",
    "__always_inline",
    "nokprobe_inline",
    "__fortify_function",
];

/// Calls after which control does not come back.
pub const NO_RETURN: &[&str] = &[
    "BUG",
    "__builtin_unreachable",
    "do_exit",
    "make_task_dead",
    "panic",
    "unreachable",
    "BUILD_BUG",
    "do_group_exit",
    "machine_restart",
    "nmi_panic",
];

/// Calls after which control comes back only if their first argument is false.
pub const NO_RETURN_IF: &[&str] = &["BUG_ON", "VM_BUG_ON", "BUILD_BUG_ON"];

/// Calls whose value is the truth of their first argument.
pub const TRANSPARENT: &[&str] = &[
    "likely",
    "unlikely",
    "__builtin_expect",
    "WARN",
    "WARN_ON",
    "WARN_ON_ONCE",
    "WARN_ONCE",
    "WARN_TAINT",
    "WARN_TAINT_ONCE",
    "VM_WARN_ON",
    "VM_WARN_ON_ONCE",
    "data_race",
    "READ_ONCE",
    "ACCESS_ONCE",
    "smp_load_acquire",
    "unqual_scalar_typeof",
];

/// What enters a function that a system call's generator makes.
pub const SYSTEM_CALL: &str = "system call";

/// Macros at the top of a file that define a function whose body follows, and what calls it.
pub(crate) const FUNCTION_GENERATORS: &[(&str, &str)] = &[
    ("SYSCALL_DEFINE", SYSTEM_CALL),
    ("COMPAT_SYSCALL_DEFINE", SYSTEM_CALL),
    ("SYSCALL32_DEFINE", SYSTEM_CALL),
    ("PPC32_SYSCALL_DEFINE", SYSTEM_CALL),
    ("DEFINE_IDTENTRY", "interrupt or exception"),
    ("DEFINE_INTERRUPT_HANDLER", "interrupt or exception"),
];

/// Macros at the top of a file that have the functions among their arguments called.
pub(crate) const ENTRY_MACROS: &[&str] = &[
    "module_init",
    "module_exit",
    "early_initcall",
    "pure_initcall",
    "core_initcall",
    "core_initcall_sync",
    "postcore_initcall",
    "postcore_initcall_sync",
    "arch_initcall",
    "arch_initcall_sync",
    "subsys_initcall",
    "subsys_initcall_sync",
    "fs_initcall",
    "fs_initcall_sync",
    "rootfs_initcall",
    "device_initcall",
    "device_initcall_sync",
    "late_initcall",
    "late_initcall_sync",
    "__initcall",
    "console_initcall",
    "security_initcall",
    "early_param",
    "__setup",
    "module_param_cb",
    "module_param_call",
    "machine_device_initcall",
    "machine_arch_initcall",
    "machine_subsys_initcall",
    "machine_core_initcall",
    "machine_late_initcall",
    "machine_fs_initcall",
    "machine_postcore_initcall",
];

/// Whether a macro at the top of a file has a function called as the kernel comes up, or as a module is
/// loaded.
pub fn is_initcall(name: &str) -> bool {
    name == "module_init" || name.trim_end_matches("_sync").ends_with("initcall")
}

/// Macros that ask whether a symbol is on.
pub(crate) const OPTION_TESTS: &[&str] = &[
    "IS_ENABLED",
    "IS_BUILTIN",
    "IS_MODULE",
    "IS_REACHABLE",
    "IF_ENABLED",
    "config_enabled",
];

/// Keywords before a parenthesis that are not calls.
pub(crate) const KEYWORDS: &[&str] = &[
    "if",
    "while",
    "for",
    "switch",
    "return",
    "sizeof",
    "typeof",
    "__typeof__",
    "_Alignof",
    "__alignof__",
    "do",
    "else",
    "case",
    "goto",
    "asm",
    "__asm__",
    "defined",
    "__attribute__",
    "typeof_unqual",
    "alignof",
    "__typeof",
    "__alignof",
    "_Generic",
    "_Static_assert",
];
