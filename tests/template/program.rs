//! The call graph of the source, by names.
//!
//! The types of expressions are not known, so a method call leads to every method of that name whose
//! type can be there at all: one that is named in a function that is reached, or in the fields of such
//! a type (rapid type analysis; Bacon and Sweeney, 1996). What is reached is never too little, and
//! sometimes too much. Code for tests is left out.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, Expr, ImplItem, Item, TraitItem, UseTree};

/// A function with a body.
#[derive(Debug)]
pub struct Function {
    /// Path of its module, as `["wafwatch", "store", "dynamodb"]`.
    pub module: Vec<String>,
    /// The type or trait that it is a method of.
    pub owner: Option<String>,
    pub name: String,
    pub calls: BTreeSet<Call>,
    /// Types that its signature and body name.
    pub types: BTreeSet<String>,
    /// Where its file is.
    pub folder: PathBuf,
    scope: Scope,
}

/// What a body names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Call {
    /// `a::b::f`, called or handed on.
    Path { segments: Vec<String>, called: bool },
    /// `x.f(...)`, with the number of its arguments.
    Method { name: String, arguments: usize },
}

/// Functions of all modules below some roots.
#[derive(Debug, Default)]
pub struct Program {
    pub functions: Vec<Function>,
    /// The text of each folder's files.
    pub folders: BTreeMap<PathBuf, String>,
    by_name: BTreeMap<String, Vec<usize>>,
    /// Every type, alias and constant, by name.
    made: BTreeMap<String, Vec<Made>>,
    traits: BTreeSet<String>,
}

/// A type, alias or constant with the types that it is made of.
#[derive(Debug)]
struct Made {
    scope: Scope,
    parts: BTreeSet<String>,
}

/// What names mean in a file.
#[derive(Debug, Clone)]
struct Scope {
    module: Vec<String>,
    imports: Rc<BTreeSet<Vec<String>>>,
}

impl Scope {
    /// Whether `name` is declared in or imported from `module`.
    fn sees(&self, name: &str, module: &[String]) -> bool {
        let is_imported = self.imports.iter().any(|import| {
            let [.., from, last] = import.as_slice() else {
                return false;
            };
            let is_relative = ["self", "super", "crate"].contains(&from.as_str());
            last == name && (module.contains(from) || is_relative)
        });
        self.module == module || is_imported
    }
}

/// Types that can be there: the name of each, and its place among those of that name.
pub type Live = BTreeSet<(String, usize)>;

impl Program {
    /// Adds a crate, or a program, from its root file on.
    pub fn add(&mut self, name: &str, root: &Path) {
        let folder = root.parent().expect("a file has a folder").to_owned();
        self.add_file(root, &folder, vec![name.to_owned()]);
    }

    fn add_file(&mut self, file: &Path, children: &Path, module: Vec<String>) {
        let text = fs::read_to_string(file)
            .unwrap_or_else(|error| panic!("{} cannot be read: {error}", file.display()));
        let parsed = syn::parse_file(&text)
            .unwrap_or_else(|error| panic!("{} cannot be parsed: {error}", file.display()));
        let folder = file.parent().expect("a file has a folder").to_owned();
        self.folders.entry(folder).or_default().push_str(&text);
        let mut imports = BTreeSet::new();
        for item in &parsed.items {
            if let Item::Use(tree) = item {
                add_imports(&tree.tree, &mut Vec::new(), &mut imports);
            }
        }
        let place = Place {
            file,
            children,
            imports: Rc::new(imports),
        };
        self.add_items(&parsed.items, &place, &module);
    }

    fn add_items(&mut self, items: &[Item], place: &Place<'_>, module: &[String]) {
        for item in items {
            match item {
                Item::Fn(function) if !is_test(&function.attrs) => {
                    self.add_function(place, module, None, &function.sig, &function.block);
                }
                Item::Impl(block) if !is_test(&block.attrs) => {
                    let owner = type_name(&block.self_ty);
                    for item in &block.items {
                        if let ImplItem::Fn(method) = item {
                            let owner = owner.clone();
                            self.add_function(place, module, owner, &method.sig, &method.block);
                        }
                    }
                }
                Item::Trait(block) => {
                    self.traits.insert(block.ident.to_string());
                    for item in &block.items {
                        if let TraitItem::Fn(method) = item
                            && let Some(body) = &method.default
                        {
                            let owner = Some(block.ident.to_string());
                            self.add_function(place, module, owner, &method.sig, body);
                        }
                    }
                }
                Item::Mod(child) if !is_test(&child.attrs) => {
                    let mut path = module.to_vec();
                    path.push(child.ident.to_string());
                    match &child.content {
                        Some((_, items)) => self.add_items(items, place, &path),
                        None => self.add_module(child, place, path),
                    }
                }
                Item::Struct(made) => {
                    self.add_made(&made.ident, place.scope(module), |names| {
                        names.visit_fields(&made.fields)
                    });
                }
                Item::Enum(made) => self.add_made(&made.ident, place.scope(module), |names| {
                    names.visit_item_enum(made)
                }),
                Item::Type(alias) => self.add_made(&alias.ident, place.scope(module), |names| {
                    names.visit_type(&alias.ty)
                }),
                Item::Const(value) => self.add_made(&value.ident, place.scope(module), |names| {
                    names.visit_item_const(value)
                }),
                Item::Static(value) => {
                    self.add_made(&value.ident, place.scope(module), |names| {
                        names.visit_item_static(value)
                    });
                }
                _ => {}
            }
        }
    }

    fn add_made(&mut self, name: &syn::Ident, scope: Scope, visit: impl FnOnce(&mut Names)) {
        let mut names = Names::default();
        visit(&mut names);
        let parts = names.types;
        let known = self.made.entry(name.to_string()).or_default();
        known.push(Made { scope, parts });
    }

    fn add_module(&mut self, child: &syn::ItemMod, place: &Place<'_>, module: Vec<String>) {
        let name = child.ident.to_string();
        let beside = place.children.join(format!("{name}.rs"));
        let inside = place.children.join(&name).join("mod.rs");
        let file = match path_attribute(&child.attrs) {
            Some(path) => place.file.with_file_name(path),
            None if beside.exists() => beside,
            None => inside,
        };
        self.add_file(&file, &place.children.join(&name), module);
    }

    fn add_function(
        &mut self,
        place: &Place<'_>,
        module: &[String],
        owner: Option<String>,
        signature: &syn::Signature,
        body: &syn::Block,
    ) {
        let mut names = Names::default();
        names.visit_signature(signature);
        names.visit_block(body);
        let name = signature.ident.to_string();
        self.by_name
            .entry(name.clone())
            .or_default()
            .push(self.functions.len());
        self.functions.push(Function {
            module: module.to_vec(),
            owner,
            name,
            calls: names.calls,
            types: names.types,
            folder: place.file.parent().expect("a file has a folder").to_owned(),
            scope: place.scope(module),
        });
    }

    /// The types that `name` may mean in `scope`; none where it is not one of ours.
    fn meant(&self, name: &str, scope: &Scope) -> Vec<(String, usize)> {
        let known = self.made.get(name).map_or(&[][..], Vec::as_slice);
        let all = 0..known.len();
        let near = all
            .clone()
            .filter(|place| scope.sees(name, &known[*place].scope.module));
        let near: Vec<usize> = near.collect();
        let places = if near.is_empty() { all.collect() } else { near };
        let named = places.into_iter().map(|place| (name.to_owned(), place));
        named.collect()
    }

    /// Adds to `live` the types that a function names, and what they are made of.
    pub fn enliven(&self, function: &Function, live: &mut Live) {
        let named = function.types.iter();
        let named = named.flat_map(|name| self.meant(name, &function.scope));
        let mut waiting: Vec<_> = named.collect();
        while let Some(meant) = waiting.pop() {
            let made = &self.made[&meant.0][meant.1];
            if live.insert(meant) {
                let parts = made.parts.iter();
                waiting.extend(parts.flat_map(|part| self.meant(part, &made.scope)));
            }
        }
    }

    /// Whether a method can be called: its type can be there, or is not one of ours.
    fn is_live(&self, method: &Function, live: &Live) -> bool {
        let Some(owner) = &method.owner else {
            return false;
        };
        let meant = self.meant(owner, &method.scope);
        let is_foreign = meant.is_empty();
        is_foreign || self.traits.contains(owner) || meant.iter().any(|meant| live.contains(meant))
    }

    /// The functions that `call` in `caller` may lead to where these types can be there.
    pub fn targets(&self, caller: &Function, call: &Call, live: &Live) -> Vec<usize> {
        match call {
            Call::Method { name, .. } => {
                self.matching(name, |function| self.is_live(function, live))
            }
            Call::Path { segments, called } => self.qualified(caller, segments, *called),
        }
    }

    fn matching(&self, name: &str, is: impl Fn(&Function) -> bool) -> Vec<usize> {
        let named = self.by_name.get(name).into_iter().flatten().copied();
        named.filter(|index| is(&self.functions[*index])).collect()
    }

    fn qualified(&self, caller: &Function, segments: &[String], called: bool) -> Vec<usize> {
        let [before @ .., name] = segments else {
            return Vec::new();
        };
        let Some(qualifier) = before.last() else {
            return self.unqualified(caller, name, called);
        };
        if qualifier == "Self" {
            return self.matching(name, |function| function.owner == caller.owner);
        }
        if qualifier.starts_with(char::is_uppercase) {
            return self.matching(name, |function| function.owner.as_ref() == Some(qualifier));
        }
        let is_relative = ["self", "super", "crate"].contains(&qualifier.as_str());
        self.matching(name, |function| {
            function.owner.is_none() && (is_relative || function.module.contains(qualifier))
        })
    }

    fn unqualified(&self, caller: &Function, name: &str, called: bool) -> Vec<usize> {
        let free = self.matching(name, |function| function.owner.is_none());
        let near = |function: &Function| caller.scope.sees(name, &function.module);
        let nearest = free
            .iter()
            .copied()
            .filter(|index| near(&self.functions[*index]));
        let nearest: Vec<usize> = nearest.collect();
        // A name that is handed on and stands for nothing near is a local variable.
        if nearest.is_empty() && called {
            return free;
        }
        nearest
    }
}

struct Place<'a> {
    file: &'a Path,
    /// Where the files of child modules are.
    children: &'a Path,
    imports: Rc<BTreeSet<Vec<String>>>,
}

impl Place<'_> {
    fn scope(&self, module: &[String]) -> Scope {
        Scope {
            module: module.to_vec(),
            imports: Rc::clone(&self.imports),
        }
    }
}

fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let text = attribute
            .meta
            .require_list()
            .map(|list| list.tokens.to_string());
        attribute.path().is_ident("cfg") && text.is_ok_and(|text| text == "test")
    })
}

fn path_attribute(attributes: &[Attribute]) -> Option<String> {
    let found = attributes
        .iter()
        .find(|attribute| attribute.path().is_ident("path"))?;
    let value = &found.meta.require_name_value().ok()?.value;
    match value {
        Expr::Lit(literal) => match &literal.lit {
            syn::Lit::Str(path) => Some(path.value()),
            _ => None,
        },
        _ => None,
    }
}

fn type_name(of: &syn::Type) -> Option<String> {
    match of {
        syn::Type::Path(path) => Some(path.path.segments.last()?.ident.to_string()),
        syn::Type::Reference(reference) => type_name(&reference.elem),
        _ => None,
    }
}

fn add_imports(tree: &UseTree, path: &mut Vec<String>, imports: &mut BTreeSet<Vec<String>>) {
    match tree {
        UseTree::Path(step) => {
            path.push(step.ident.to_string());
            add_imports(&step.tree, path, imports);
            path.pop();
        }
        UseTree::Name(name) => {
            let mut whole = path.clone();
            whole.push(name.ident.to_string());
            imports.insert(whole);
        }
        UseTree::Rename(name) => {
            let mut whole = path.clone();
            whole.push(name.ident.to_string());
            imports.insert(whole);
        }
        UseTree::Group(group) => {
            for tree in &group.items {
                add_imports(tree, path, imports);
            }
        }
        UseTree::Glob(_) => {}
    }
}

/// Gathers what a body names.
#[derive(Default)]
struct Names {
    calls: BTreeSet<Call>,
    types: BTreeSet<String>,
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
