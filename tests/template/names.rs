//! What a piece of code names: functions that it calls or hands on, and types.

use std::collections::BTreeSet;

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::Expr;
use syn::visit::{self, Visit};

/// What a body names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Call {
    /// `a::b::f`, called or handed on.
    Path { segments: Vec<String>, called: bool },
    /// `x.f(...)`, with the number of its arguments.
    Method { name: String, arguments: usize },
}

/// Gathers what a body names.
#[derive(Default)]
pub struct Names {
    pub calls: BTreeSet<Call>,
    pub types: BTreeSet<String>,
}

impl Names {
    fn path(&mut self, path: &syn::Path, called: bool) {
        let segments = path.segments.iter();
        let segments: Vec<String> = segments.map(|segment| segment.ident.to_string()).collect();
        // The last one is a type only where it is called, as a tuple is made, or a constant, which
        // stands for its type; else it may be a variant with the name of a type.
        let is_constant = |name: &String| !name.contains(|c: char| c.is_ascii_lowercase());
        let typed = match segments.split_last() {
            Some((last, before)) if !called && !is_constant(last) => before,
            _ => segments.as_slice(),
        };
        let is_type = |name: &&String| name.starts_with(|c: char| c.is_ascii_uppercase());
        self.types.extend(typed.iter().filter(is_type).cloned());
        self.calls.insert(Call::Path { segments, called });
    }

    /// The tokens of a macro that is no list of expressions.
    fn tokens(&mut self, tokens: TokenStream) {
        let trees: Vec<TokenTree> = tokens.into_iter().collect();
        for (place, tree) in trees.iter().enumerate() {
            match tree {
                TokenTree::Group(group) => self.tokens(group.stream()),
                TokenTree::Ident(name) => {
                    let name = name.to_string();
                    if name.starts_with(|c: char| c.is_ascii_uppercase()) {
                        self.types.insert(name.clone());
                    }
                    self.token(&trees, place, name);
                }
                _ => {}
            }
        }
    }

    fn token(&mut self, trees: &[TokenTree], place: usize, name: String) {
        let Some(TokenTree::Group(group)) = trees.get(place + 1) else {
            return;
        };
        if group.delimiter() != Delimiter::Parenthesis {
            return;
        }
        let before = place.checked_sub(1).map(|before| trees[before].to_string());
        let call = if before.as_deref() == Some(".") {
            let arguments = usize::from(!group.stream().is_empty());
            Call::Method { name, arguments }
        } else {
            let segments = vec![name];
            Call::Path {
                segments,
                called: true,
            }
        };
        self.calls.insert(call);
    }
}

impl<'ast> Visit<'ast> for Names {
    fn visit_expr_call(&mut self, call: &'ast syn::ExprCall) {
        match &*call.func {
            Expr::Path(path) => self.path(&path.path, true),
            other => self.visit_expr(other),
        }
        for argument in &call.args {
            self.visit_expr(argument);
        }
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        self.calls.insert(Call::Method {
            name: call.method.to_string(),
            arguments: call.args.len(),
        });
        visit::visit_expr_method_call(self, call);
    }

    fn visit_type_path(&mut self, named: &'ast syn::TypePath) {
        let segments = named.path.segments.iter();
        self.types
            .extend(segments.map(|segment| segment.ident.to_string()));
        visit::visit_type_path(self, named);
    }

    fn visit_trait_bound(&mut self, bound: &'ast syn::TraitBound) {
        let segments = bound.path.segments.iter();
        self.types
            .extend(segments.map(|segment| segment.ident.to_string()));
        visit::visit_trait_bound(self, bound);
    }

    fn visit_expr_struct(&mut self, made: &'ast syn::ExprStruct) {
        let segments = made.path.segments.iter();
        self.types
            .extend(segments.map(|segment| segment.ident.to_string()));
        visit::visit_expr_struct(self, made);
    }

    fn visit_expr_path(&mut self, path: &'ast syn::ExprPath) {
        self.path(&path.path, false);
    }

    fn visit_macro(&mut self, invoked: &'ast syn::Macro) {
        let list = syn::punctuated::Punctuated::<Expr, syn::Token![,]>::parse_terminated;
        // A macro's input is not this body's, so it is owned and cannot be visited as part of it.
        match invoked.parse_body_with(list) {
            Ok(expressions) => {
                let mut inner = Self::default();
                for expression in &expressions {
                    inner.visit_expr(expression);
                }
                self.calls.extend(inner.calls);
                self.types.extend(inner.types);
            }
            Err(_) => self.tokens(invoked.tokens.clone()),
        }
    }
}
