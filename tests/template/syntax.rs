//! Small questions about items of a file.

use std::collections::BTreeSet;

use syn::{Attribute, Expr, UseTree};

pub fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let text = attribute
            .meta
            .require_list()
            .map(|list| list.tokens.to_string());
        attribute.path().is_ident("cfg") && text.is_ok_and(|text| text == "test")
    })
}

pub fn path_attribute(attributes: &[Attribute]) -> Option<String> {
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

pub fn type_name(of: &syn::Type) -> Option<String> {
    match of {
        syn::Type::Path(path) => Some(path.path.segments.last()?.ident.to_string()),
        syn::Type::Reference(reference) => type_name(&reference.elem),
        _ => None,
    }
}

pub fn add_imports(tree: &UseTree, path: &mut Vec<String>, imports: &mut BTreeSet<Vec<String>>) {
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
