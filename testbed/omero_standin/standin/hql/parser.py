"""Recursive descent over HQL's statements; see expressions.py for what they are made of."""

import re

from standin.hql.expressions import Expressions
from standin.hql.query import Query
from standin.hql.tokens import RESERVED, HqlError, tokens

NAME = re.compile(r"[A-Za-z_]\w*$")


class Parser(Expressions):
    def __init__(self, text):
        self.text, self.tokens, self.pos, self.q = text, [*tokens(text), "", ""], 0, None

    def fail(self, why):
        raise HqlError(f"{why} in: {' '.join(self.text.split())}")

    def peek(self, *words):
        return self.tokens[self.pos].lower() in words

    def name(self):
        self.pos += 1
        return self.tokens[self.pos - 1]

    def accept(self, *words):
        return self.name().lower() if self.peek(*words) else ""

    def expect(self, word):
        return self.accept(word) or self.fail(f"expected {word!r} before {self.tokens[self.pos]!r}")

    def alias(self):
        """The alias that follows, if any."""
        if self.accept("as") or (NAME.match(self.tokens[self.pos]) and not self.peek(*RESERVED)):
            return self.name()
        return None

    def listed(self, one):
        found = [one()]
        while self.accept(","):
            found.append(one())
        return found

    def bracketed(self, inner):
        self.expect("(")
        found = inner()
        self.expect(")")
        return found

    def statement(self):
        """The Query of the whole text."""
        query = self.query()
        if self.tokens[self.pos]:
            self.fail(f"unexpected {self.tokens[self.pos]!r}")
        return query

    def query(self):
        outer, self.q = self.q, Query()
        q = self.q
        if self.accept("select"):
            self.selection(q)
        self.expect("from")
        self.sources(q)
        if not q.items:
            q.items, q.result = [(lambda env, rows: env[q.root], q.root)], q.root
        q.where = self.expr() if self.accept("where") else None
        if self.accept("group"):
            q.group = self.expect("by") and self.listed(self.expr)
        q.having = self.expr() if self.accept("having") else None
        if self.accept("order"):
            q.order = self.expect("by") and self.listed(lambda: (self.expr(), self.accept("asc", "desc") == "desc"))
        self.q = outer
        return q

    def selection(self, q):
        def items():
            return self.listed(lambda: (self.expr(), self.alias()))

        q.distinct = bool(self.accept("distinct"))
        q.map = bool(self.accept("new") and self.expect("map"))
        q.items = self.bracketed(items) if q.map else items()
        q.result = self.tokens[self.pos - 1]  # the alias that an entity query answers, for its fetch joins

    def sources(self, q):
        while True:
            self.source(q, "entity", self.name().split(".")[-1:])
            while kind := self.accept("join", "left", "inner"):
                if kind in ("left", "inner"):
                    self.accept("outer")
                    self.expect("join")
                fetch = bool(self.accept("fetch"))
                self.source(q, kind, self.name().split("."), fetch)
            if not self.accept(","):
                return

    def source(self, q, kind, path, fetch=False):
        alias = self.alias() or f"${len(q.sources)}"
        q.root = q.root or alias
        if fetch:
            node = q.fetched.setdefault(path[0], {})
            for step in path[1:]:
                node = node.setdefault(step, {})
            q.fetched[alias] = node
        q.sources.append((kind, path, alias))
