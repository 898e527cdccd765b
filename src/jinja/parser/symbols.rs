//! The names of a template as numbers.

use std::collections::HashMap;
use std::sync::Arc;

use super::super::ast::Symbol;

/// The names of a template, each once.
#[derive(Debug, Default)]
pub(in super::super) struct Symbols {
    numbers: HashMap<Arc<str>, Symbol>,
    names: Vec<Arc<str>>,
}

impl Symbols {
    pub(in super::super) fn number(&mut self, name: &str) -> Symbol {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let number = self.names.len() as Symbol;
        let name: Arc<str> = name.into();
        self.numbers.insert(name.clone(), number);
        self.names.push(name);
        number
    }

    pub(in super::super) fn find(&self, name: &str) -> Option<Symbol> {
        self.numbers.get(name).copied()
    }

    pub(in super::super) fn name(&self, symbol: Symbol) -> &Arc<str> {
        &self.names[symbol as usize]
    }
}
