//! The call graph of the source, by names.
//!
//! Types are not known, so a method call leads to every method of that name: what is reached is never
//! too little, and sometimes too much. Code for tests is left out.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

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
    /// Crates that its module or a neighbour in the same folder names.
    pub folder: PathBuf,
    /// Paths that its file imports.
    imports: BTreeSet<Vec<String>>,
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
    pub folders: std::collections::BTreeMap<PathBuf, String>,
}

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
            imports: &imports,
        };
        self.add_items(&parsed.items, &place, &module);
    }

    fn add_items(&mut self, items: &[Item], place: &Place<'_>, module: &[String]) {
        for item in items {
            match item {
                Item::Fn(function) if !is_test(&function.attrs) => {
                    let name = function.sig.ident.to_string();
                    self.add_function(place, module, None, name, &function.block);
                }
                Item::Impl(block) if !is_test(&block.attrs) => {
                    let owner = type_name(&block.self_ty);
                    for item in &block.items {
                        if let ImplItem::Fn(method) = item {
                            let name = method.sig.ident.to_string();
                            self.add_function(place, module, owner.clone(), name, &method.block);
                        }
                    }
                }
                Item::Trait(block) => {
                    for item in &block.items {
                        if let TraitItem::Fn(method) = item
                            && let Some(body) = &method.default
                        {
                            let name = method.sig.ident.to_string();
                            let owner = Some(block.ident.to_string());
                            self.add_function(place, module, owner, name, body);
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
                _ => {}
            }
        }
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
        name: String,
        body: &syn::Block,
    ) {
        let mut names = Names::default();
        names.visit_block(body);
        self.functions.push(Function {
            module: module.to_vec(),
            owner,
            name,
            calls: names.calls,
            folder: place.file.parent().expect("a file has a folder").to_owned(),
            imports: place.imports.clone(),
        });
    }

    /// The functions that `call` in `caller` may lead to.
    pub fn targets(&self, caller: &Function, call: &Call) -> Vec<usize> {
        let matching = |is: &dyn Fn(&Function) -> bool| -> Vec<usize> {
            let all = self.functions.iter().enumerate();
            all.filter(|(_, function)| is(function))
                .map(|(index, _)| index)
                .collect()
        };
        let (segments, called) = match call {
            Call::Method { name, .. } => {
                return matching(&|function| function.owner.is_some() && function.name == *name);
            }
            Call::Path { segments, called } => (segments, called),
        };
        let [before @ .., name] = segments.as_slice() else {
            return Vec::new();
        };
        let Some(qualifier) = before.last() else {
            return self.unqualified(caller, name, *called);
        };
        let is_named = |function: &Function| function.name == *name;
        if qualifier == "Self" {
            return matching(&|function| is_named(function) && function.owner == caller.owner);
        }
        if qualifier.starts_with(char::is_uppercase) {
            return matching(&|function| {
                is_named(function) && function.owner.as_ref() == Some(qualifier)
            });
        }
        let is_relative = ["self", "super", "crate"].contains(&qualifier.as_str());
        matching(&|function| {
            is_named(function)
                && function.owner.is_none()
                && (is_relative || function.module.contains(qualifier))
        })
    }

    fn unqualified(&self, caller: &Function, name: &str, called: bool) -> Vec<usize> {
        let free = self.functions.iter().enumerate();
        let free = free.filter(|(_, function)| function.owner.is_none() && function.name == name);
        let free: Vec<_> = free.collect();
        let near = |function: &Function| {
            let is_imported = caller.imports.iter().any(|import| {
                let [.., module, last] = import.as_slice() else {
                    return false;
                };
                last == name && (function.module.contains(module) || module == "super")
            });
            function.module == caller.module || is_imported
        };
        let nearest = free.iter().filter(|(_, function)| near(function));
        let nearest: Vec<usize> = nearest.map(|(index, _)| *index).collect();
        // A name that is handed on and stands for nothing near is a local variable.
        if nearest.is_empty() && called {
            return free.into_iter().map(|(index, _)| index).collect();
        }
        nearest
    }
}

struct Place<'a> {
    file: &'a Path,
    /// Where the files of child modules are.
    children: &'a Path,
    imports: &'a BTreeSet<Vec<String>>,
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
}

impl Names {
    fn path(&mut self, path: &syn::Path, called: bool) {
        let segments = path
            .segments
            .iter()
            .map(|segment| segment.ident.to_string());
        self.calls.insert(Call::Path {
            segments: segments.collect(),
            called,
        });
    }

    /// The tokens of a macro that is no list of expressions.
    fn tokens(&mut self, tokens: TokenStream) {
        let trees: Vec<TokenTree> = tokens.into_iter().collect();
        for (place, tree) in trees.iter().enumerate() {
            match tree {
                TokenTree::Group(group) => self.tokens(group.stream()),
                TokenTree::Ident(name) => self.token(&trees, place, name.to_string()),
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
            }
            Err(_) => self.tokens(invoked.tokens.clone()),
        }
    }
}
