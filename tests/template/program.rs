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

use syn::visit::Visit;
use syn::{ImplItem, Item, TraitItem};

use crate::names::{Call, Names};
use crate::syntax::{add_imports, is_test, path_attribute, type_name};

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

/// Modules of the library that only the command uses. Their types have methods of the same names as
/// those of the functions.
const OF_THE_COMMAND: [&str; 4] = ["cli", "dashboard", "host", "source"];

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
        if OF_THE_COMMAND.contains(&name.as_str()) && place.file.ends_with("src/lib.rs") {
            return;
        }
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
