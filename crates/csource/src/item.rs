//! What can stand at the top of a file: functions, variables, macro calls.

use text::{Name, Span};

use crate::directives::BranchId;
use crate::idioms;

/// How a function is visible.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Linkage {
    /// `static`.
    pub is_static: bool,
    /// `inline` in one of its spellings.
    pub is_inline: bool,
    /// Another definition replaces it.
    pub is_weak: bool,
}

/// A function with a body.
#[derive(Clone, Debug)]
pub struct Function {
    /// Its name; for a generator such as `SYSCALL_DEFINE3(name, …)` its first argument.
    pub name: Name,
    /// Where the name stands.
    pub name_span: Span,
    /// The parameters, by name; one without a name is empty.
    pub params: Vec<Param>,
    /// From its brace to its brace.
    pub body: Span,
    /// How it is visible.
    pub linkage: Linkage,
    /// The words before its name.
    pub return_type: Name,
    /// Under which branch the head stands.
    pub branch: BranchId,
    /// The macro that makes its head: `SYSCALL_DEFINE3(name, …) { … }`.
    pub maker: Option<Maker>,
    /// What calls it, where the generator that defines it says so.
    pub entry: Option<&'static str>,
}

impl Function {
    /// Whether it is called by the name that its head shows, rather than by one that a macro puts
    /// together.
    pub fn has_own_name(&self) -> bool {
        self.entry.is_some() || self.maker.is_none_or(|maker| !maker.is_sure)
    }

    /// Whether its head says that it need not be used.
    pub fn is_marked_unused(&self) -> bool {
        let mut words = self
            .return_type
            .split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        words.any(|word| idioms::UNUSED.contains(&word))
    }
}

/// The use of a macro that makes a function's head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Maker {
    /// The macro with its arguments.
    pub used: Span,
    /// The parameter list, where the macro makes only the name: `TREE(init)(struct tree *t)`.
    pub behind: Option<Span>,
    /// Whether it looks like one. A head without a type may as well be a function's own.
    pub is_sure: bool,
}

/// A parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Param {
    /// Its name; empty where it has none.
    pub name: Name,
    /// The rest of its words, as a type.
    pub type_text: Name,
    /// Whether it is a pointer or an array.
    pub pointer: bool,
}

/// A variable at the top of a file that has an initialiser or is a structure.
#[derive(Clone, Debug)]
pub struct Variable {
    /// Its name.
    pub name: Name,
    /// `static`: nobody else sees it.
    pub is_static: bool,
    /// Whether it is a pointer or an array.
    pub pointer: bool,
    /// `dax_device_driver` in `struct dax_device_driver x = …`.
    pub struct_tag: Option<Name>,
    /// Behind the `=`; empty where there is none, and all is zero.
    pub init: Span,
    /// Under which branch it stands.
    pub branch: BranchId,
}

/// A macro used at the top of a file: `module_init(f);`.
#[derive(Clone, Debug)]
pub struct TopMacro {
    /// The macro.
    pub name: Name,
    /// Where its name stands.
    pub name_span: Span,
    /// Between its parentheses.
    pub args: Span,
    /// Whether it has the functions among its arguments called (`module_init`).
    pub enters: bool,
    /// Under which branch it stands.
    pub branch: BranchId,
}

impl TopMacro {
    /// From its name to its closing parenthesis.
    #[must_use]
    pub fn whole(&self) -> Span {
        Span {
            start: self.name_span.start,
            end: self.args.end + 1,
        }
    }
}
