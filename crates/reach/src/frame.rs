//! Where an expression is evaluated: which function, in which unit, with which macro arguments.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use condition::Condition;
use csource::{Body, File, FlowId, Param};
use rustc_hash::FxHashMap;
use text::{Name, Span};

use crate::expand::Bound;
use crate::unit::{Moment, UnitId, VisitId};

/// The surroundings of an expression.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub(crate) unit: UnitId,
    pub(crate) visit: VisitId,
    /// The file whose text the spans belong to.
    pub(crate) file: Arc<File>,
    /// The facts that local variables are looked up in.
    pub(crate) body: Arc<Body>,
    /// The parameters of the function; none inside a macro.
    pub(crate) params: Rc<[Param]>,
    /// What the parameters of a macro stand for.
    pub(crate) bound: Rc<[Bound]>,
    /// For a macro: where it is used, which is where its other words are looked up.
    pub(crate) user: Option<Rc<Frame>>,
    /// For a macro: when it is this one, as far as macros decide. Nothing else need be understood.
    pub(crate) under: Condition,
    /// For a macro: the use, in the text around it.
    pub(crate) used: Span,
    /// For a macro: the moment at which its words are expanded.
    pub(crate) moment: Option<Moment>,
    /// Macros that are being expanded: they do not expand again.
    pub(crate) expanding: Rc<[Name]>,
    /// Tells two uses of one macro apart.
    pub(crate) site: Name,
    /// How many calls and macros are around.
    pub(crate) depth: u32,
    /// What is known of the body's flows.
    pub(crate) flows: Rc<RefCell<FxHashMap<FlowId, Condition>>>,
}

impl Frame {
    /// The name of a place, unlike that of any other.
    pub(crate) fn place(&self, span: Span) -> Name {
        let words = format!(
            "{}:{}-{}{}",
            self.file.path(),
            span.start,
            span.end,
            self.site
        );
        Name::new(&words)
    }

    /// What the parameter `name` of a macro stands for.
    pub(crate) fn bound(&self, name: Name) -> Option<&Bound> {
        self.bound.iter().find(|bound| bound.name == name)
    }

    /// The place in the function's own text of what stands at `span`: of the outermost macro.
    pub(crate) fn in_function(&self, span: Span) -> Span {
        match &self.user {
            Some(user) => user.in_function(self.used),
            None => span,
        }
    }

    /// The number of the parameter called `name`.
    pub(crate) fn param(&self, name: Name) -> Option<u32> {
        let found = self.params.iter().position(|param| param.name == name)?;
        u32::try_from(found).ok()
    }
}
