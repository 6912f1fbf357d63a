//! What the requests of a band ask for.

use crate::catalog::{Catalog, TextId};
use crate::dice::Dice;
use crate::request::{Method, Numbered};
use crate::rules::{Ruling, RulingId};
use crate::weighted::Weighted;

/// Something to ask for.
#[derive(Debug, Clone)]
pub(crate) struct Wish {
    pub(crate) method: Method,
    pub(crate) path: TextId,
    /// With a number from one up to this at the end of the path; zero for none.
    pub(crate) numbers: u32,
    /// Query strings, one of which is sent.
    pub(crate) args: Vec<TextId>,
    /// With a number from one up to this at the end of the query string; zero for none.
    pub(crate) arg_numbers: u32,
    /// What becomes of it, where that does not depend on who asks.
    pub(crate) ruling: Option<RulingId>,
}

impl Wish {
    pub(crate) fn get(catalog: &mut Catalog, path: &str) -> Self {
        Self {
            method: Method::Get,
            path: catalog.text(path),
            numbers: 0,
            args: vec![catalog.text("")],
            arg_numbers: 0,
            ruling: None,
        }
    }

    pub(crate) fn post(catalog: &mut Catalog, path: &str) -> Self {
        Self {
            method: Method::Post,
            ..Self::get(catalog, path)
        }
    }

    pub(crate) fn with_args(mut self, catalog: &mut Catalog, args: &[&str]) -> Self {
        self.args = args.iter().map(|text| catalog.text(text)).collect();
        self
    }

    pub(crate) fn with_numbers(mut self, numbers: u32) -> Self {
        self.numbers = numbers;
        self
    }

    pub(crate) fn with_arg_numbers(mut self, numbers: u32) -> Self {
        self.arg_numbers = numbers;
        self
    }

    pub(crate) fn ruled(mut self, catalog: &mut Catalog, ruling: impl Into<Ruling>) -> Self {
        self.ruling = Some(catalog.ruling(ruling));
        self
    }

    /// Path and query string of one request.
    fn texts(&self, dice: &mut Dice) -> (Numbered, Numbered) {
        let uri = numbered(self.path, self.numbers, dice);
        let args = match self.args.len() {
            1 => self.args[0],
            several => self.args[dice.index(several)],
        };
        (uri, numbered(args, self.arg_numbers, dice))
    }
}

fn numbered(text: TextId, numbers: u32, dice: &mut Dice) -> Numbered {
    let number = match numbers {
        0 => 0,
        _ => 1 + dice.below(u64::from(numbers)) as u32,
    };
    Numbered { text, number }
}

/// Which wish is the next.
#[derive(Debug, Clone)]
pub(crate) enum Order {
    /// The first ones often, the last ones rarely.
    Skewed,
    /// By weight.
    Weighted(Weighted),
}

/// The wishes of a band.
#[derive(Debug, Clone)]
pub(crate) struct Wishes {
    list: Vec<Wish>,
    order: Order,
}

impl Wishes {
    /// The list must not be empty.
    pub(crate) fn skewed(list: Vec<Wish>) -> Self {
        Self {
            list,
            order: Order::Skewed,
        }
    }

    /// The list must not be empty, nor all of no weight.
    pub(crate) fn weighted(list: Vec<(u64, Wish)>) -> Self {
        let order = Order::Weighted(Weighted::new(list.iter().map(|(weight, _)| *weight)));
        Self {
            list: list.into_iter().map(|(_, wish)| wish).collect(),
            order,
        }
    }

    pub(crate) fn one(wish: Wish) -> Self {
        Self::skewed(vec![wish])
    }

    /// Method, path and query string of the next request, and its ruling where the wish has one.
    pub(crate) fn pick(&self, dice: &mut Dice) -> (Method, Numbered, Numbered, Option<RulingId>) {
        let index = match (self.list.len(), &self.order) {
            (1, _) => 0,
            (several, Order::Skewed) => dice.skewed(several as u64) as usize,
            (_, Order::Weighted(weights)) => weights.pick(dice),
        };
        let wish = &self.list[index];
        let (uri, args) = wish.texts(dice);
        (wish.method, uri, args, wish.ruling)
    }
}
