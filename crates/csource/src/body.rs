//! What happens in one function: calls, returns, stores, local variables, each with its [`FlowId`].

use std::sync::Arc;

use text::{Name, Span};

use crate::directives::{BranchId, Directives};
use crate::flow::{FlowId, Flows};
use crate::recover::{Masked, recover};
use crate::syntax::{Declarator, Expr};
use crate::walk::Walk;
use crate::{mask, parse, substitute};

/// A call, or the use of a function-like macro.
#[derive(Clone, Debug)]
pub struct Call {
    /// What is called: a name, a field, any expression.
    pub callee: Arc<Expr>,
    /// The arguments.
    pub args: Vec<Expr>,
    /// The whole call.
    pub span: Span,
    /// When it happens.
    pub flow: FlowId,
    /// Under which branch it stands.
    pub branch: BranchId,
}

impl Call {
    /// The name that is called, if it is a plain one.
    pub fn name(&self) -> Option<Name> {
        self.callee.as_ident()
    }
}

/// A `return`.
#[derive(Clone, Debug)]
pub struct Return {
    /// What is returned.
    pub value: Option<Expr>,
    /// When.
    pub flow: FlowId,
    /// Under which branch it stands.
    pub branch: BranchId,
    /// Where.
    pub span: Span,
}

/// An assignment.
#[derive(Clone, Debug)]
pub struct Store {
    /// What gets the value.
    pub target: Expr,
    /// The value; none where it depends on the old one (`+=`, `++`).
    pub value: Option<Expr>,
    /// When.
    pub flow: FlowId,
    /// Where.
    pub span: Span,
    /// Under which branch it stands.
    pub branch: BranchId,
}

/// A local variable.
#[derive(Clone, Debug)]
pub struct Definition {
    /// The variable and what it begins with.
    pub declarator: Declarator,
    /// Where.
    pub span: Span,
    /// Under which branch it stands.
    pub branch: BranchId,
}

/// The facts of one function. All lists are in the order of the text.
#[derive(Clone, Debug, Default)]
pub struct Body {
    /// The formulas that `flow` fields name.
    pub flows: Flows,
    /// Calls.
    pub calls: Vec<Call>,
    /// Returns; the end of the body is one without value where control gets there.
    pub returns: Vec<Return>,
    /// Assignments, also those hidden in `++`.
    pub stores: Vec<Store>,
    /// Local variables.
    pub locals: Vec<Definition>,
    /// Variables whose address is taken, and names used as values, with their places.
    pub values: Vec<(Name, Span, FlowId)>,
    /// Local variables whose address is taken.
    pub addressed: Vec<Name>,
    /// Fields whose address is taken, of whatever object: who has it may store to them.
    pub addressed_fields: Vec<Name>,
    /// Variables whose address goes elsewhere than into a call.
    pub escaping: Vec<Name>,
    /// Whether control can get to the end of the body.
    pub end: Option<FlowId>,
    /// Statements and conditional parts of expressions with their flows, by place; an inner one
    /// follows the one around it.
    pub regions: Vec<(Span, FlowId)>,
}

impl Body {
    /// When control gets to the expression at `span`.
    pub fn flow_at(&self, span: Span) -> FlowId {
        let around = self
            .regions
            .iter()
            .filter(|(r, _)| r.start <= span.start && span.end <= r.end);
        around
            .min_by_key(|(r, _)| r.end - r.start)
            .map_or(FlowId::ALWAYS, |(_, flow)| *flow)
    }
}

/// A macro's replacement, read.
#[derive(Clone, Debug)]
pub struct MacroBody {
    /// The value, where the replacement is an expression.
    pub value: Option<Arc<Expr>>,
    /// What happens in it.
    pub facts: Arc<Body>,
    /// Whether it is no C before its arguments are known: `class_##name##_t`.
    pub is_textual: bool,
}

impl MacroBody {
    /// Reads the replacement `text` of a macro with `params`, which stands at `start`.
    pub(crate) fn read(
        text: &[u8],
        start: u32,
        params: &[Name],
        directives: &Directives,
    ) -> MacroBody {
        let branch = directives.branch_at(start);
        let mut walk = Walk::new(directives, Some(branch));
        let original = splice(text);
        let mut is_textual = substitute::is_textual(&original, params);
        let mut masked = original.clone();
        blank_tails(&mut masked);
        let hidden = mask::mask_tokens(&mut masked);
        let value = parse::expression(&masked, start);
        if let Some(value) = &value {
            walk.recording = true;
            walk.expr(value, FlowId::ALWAYS);
        } else {
            is_textual |= !params.is_empty() && !parse::is_sound(&masked);
            let statement = parse::statements(&masked, start);
            walk.note_loops(start, &hidden);
            walk.whole(&statement);
        }
        let text = Masked {
            original: &original,
            grammar: &masked,
            hidden: &hidden,
            start,
        };
        recover(&mut walk, &text);
        MacroBody {
            value: value.map(Arc::new),
            facts: Arc::new(walk.finish()),
            is_textual,
        }
    }
}

/// Blanks the `##` of `, ##__VA_ARGS__`, which no grammar knows.
fn blank_tails(text: &mut [u8]) {
    let pastes: Vec<usize> = memchr::memmem::find_iter(text, b"##").collect();
    for at in pastes {
        if text[..at].trim_ascii_end().last() == Some(&b',') {
            text[at..at + 2].fill(b' ');
        }
    }
}

/// Continued lines joined, in a text of the same length.
fn splice(text: &[u8]) -> Vec<u8> {
    let mut out = text.to_vec();
    let mut at = 0;
    while at < out.len() {
        for byte in out
            .iter_mut()
            .skip(at)
            .take(crate::lexer::continuation(text, at))
        {
            *byte = b' ';
        }
        at += crate::lexer::continuation(text, at).max(1);
    }
    out
}

impl Body {
    /// Reads the function body at `span`.
    pub(crate) fn read(text: &[u8], directives: &Directives, span: Span) -> Body {
        let mut walk = Walk::new(directives, None);
        for variant in 0..mask::variants(directives, span) {
            let (masked, hidden) = mask::masked(text, directives, span, variant);
            let statement = parse::body(&masked, span.start);
            walk.note_loops(span.start, &hidden);
            walk.whole(&statement);
            let text = Masked {
                original: span.of(text),
                grammar: &masked,
                hidden: &hidden,
                start: span.start,
            };
            recover(&mut walk, &text);
        }
        walk.finish()
    }
}
