//! Where an expression is evaluated: which function, in which unit, with which macro arguments.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use condition::Condition;
use csource::{Body, File, FlowId, FunctionId, Param};
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
    /// Macros that are being expanded: they do not expand again, but in what was given to them.
    pub(crate) expanding: Rc<[Name]>,
    /// Where arguments stand in a text that a macro made, and where they begin in the text around it.
    pub(crate) given: Rc<[(Span, u32)]>,
    /// Tells two uses of one macro apart.
    pub(crate) site: Name,
    /// How many calls and macros are around.
    pub(crate) depth: u32,
    /// What is known of the body's flows.
    pub(crate) flows: Rc<RefCell<FxHashMap<FlowId, Condition>>>,
}

impl Frame {
    /// The surroundings of what stands at the top of a file.
    pub(crate) fn new(unit: UnitId, visit: VisitId, file: Arc<File>) -> Frame {
        Frame {
            unit,
            visit,
            file,
            body: Arc::default(),
            params: Rc::from([]),
            bound: Rc::from([]),
            user: None,
            under: Condition::TRUE,
            used: Span::default(),
            moment: None,
            expanding: Rc::from([]),
            given: Rc::from([]),
            site: Name::new(""),
            depth: 0,
            flows: Rc::default(),
        }
    }

    /// The text of another function, as far as declarations and macros tell what it does.
    pub(crate) fn of_function(&self, file: &Arc<File>, id: FunctionId) -> Frame {
        Frame {
            body: file.body(id),
            params: file.function(id).params.iter().cloned().collect(),
            ..Frame::new(self.unit, self.visit, file.clone())
        }
    }

    /// The surroundings of what the macro `name` makes in `file`, used here at `used`.
    pub(crate) fn inside(
        &self,
        (name, used): (Name, Span),
        file: Arc<File>,
        given: Rc<[(Span, u32)]>,
    ) -> Frame {
        let site = format!("{}@{}:{}", self.site, self.file.path(), used.start);
        let around = self.expanding_at(used);
        Frame {
            user: Some(Rc::new(self.clone())),
            under: self.under,
            used,
            moment: self.moment,
            expanding: around.iter().copied().chain([name]).collect(),
            given,
            site: site.as_str().into(),
            depth: self.depth + 1,
            ..Frame::new(self.unit, self.visit, file)
        }
    }

    /// Macros that do not expand at a place of this text. What was given to a macro is expanded
    /// before it is put in, where that macro was not yet expanding.
    pub(crate) fn expanding_at(&self, place: Span) -> Rc<[Name]> {
        let holds = |given: &&(Span, u32)| given.0.start <= place.start && place.end <= given.0.end;
        match (self.given.iter().find(holds), &self.user) {
            (Some((_, start)), Some(user)) => user.expanding_at(Span {
                start: *start,
                end: *start,
            }),
            _ => self.expanding.clone(),
        }
    }

    /// Whether a macro that is used at `place` stays as it is, because that is what it stands for.
    pub(crate) fn is_expanding(&self, name: Name, place: Span) -> bool {
        self.expanding_at(place).contains(&name)
    }

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

    /// Whether `name` is a variable or a parameter of the function.
    pub(crate) fn is_local(&self, name: Name) -> bool {
        let mut locals = self.body.locals.iter();
        self.param(name).is_some() || locals.any(|local| local.declarator.name == name)
    }

    /// The number of the parameter called `name`.
    pub(crate) fn param(&self, name: Name) -> Option<u32> {
        let found = self.params.iter().position(|param| param.name == name)?;
        u32::try_from(found).ok()
    }
}
