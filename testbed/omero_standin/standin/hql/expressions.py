"""Recursive descent over HQL's expressions; each becomes a function f(env, rows), see Query."""

from standin.hql.query import Query
from standin.hql.tokens import literal
from standin.hql.values import AGGREGATES, LEVELS, OPERATORS, SCALARS, either, negate


def operation(sign, left, right):
    """Null where one side is null."""

    def f(env, rows):
        plain = env["model"].plain
        a, b = plain(left(env, rows)), plain(right(env, rows))
        return None if a is None or b is None else OPERATORS[sign](a, b)

    return f


def inverted(f):
    return lambda env, rows: negate(f(env, rows))


class Expressions:
    """Mixed into Parser, which has the tokens."""

    def expr(self):
        left = self.conjunction()
        while self.accept("or"):
            left = (lambda a, b: lambda e, r: either(a(e, r), b(e, r)))(left, self.conjunction())
        return left

    def conjunction(self):
        left = self.negation()
        while self.accept("and"):
            left = (lambda a, b: lambda e, r: a(e, r) and b(e, r))(left, self.negation())
        return left

    def negation(self):
        return inverted(self.negation()) if self.accept("not") else self.comparison()

    def comparison(self):
        left = self.arithmetic(1)
        no = self.accept("not")
        if self.accept("is"):
            no = self.accept("not")
            self.expect("null")
            return (lambda e, r: left(e, r) is not None) if no else (lambda e, r: left(e, r) is None)
        if self.accept("in"):
            test = self.membership(left)
            return inverted(test) if no else test
        if no:
            self.expect("like")
            return inverted(operation("like", left, self.arithmetic(1)))
        while self.peek(*LEVELS[0]):
            left = operation(self.name().lower(), left, self.arithmetic(1))
        return left

    def arithmetic(self, level):
        if level == len(LEVELS):
            return self.primary()
        left = self.arithmetic(level + 1)
        while self.peek(*LEVELS[level]):
            left = operation(self.name().lower(), left, self.arithmetic(level + 1))
        return left

    def membership(self, left):
        """`in` of a sub-select, a list of expressions, or a parameter that holds a list."""

        def inside():
            return self.query() if self.peek("select") else self.listed(self.expr)

        choices = self.bracketed(inside) if self.peek("(") else [self.primary()]

        def f(env, rows):
            plain = env["model"].plain
            value = plain(left(env, rows))
            if isinstance(choices, Query):
                found = [plain(row[0]) for row in choices.values(env)]
            else:
                found = [plain(choice(env, rows)) for choice in choices]
            flat = [plain(x) for v in found for x in (v if isinstance(v, (list, tuple)) else [v])]
            return None if value is None else value in flat

        return f

    def primary(self):
        if self.peek("select"):
            sub = self.query()
            return lambda env, rows: next((row[0] for row in sub.values(env)), None)
        if self.peek("("):
            return self.bracketed(self.expr)
        if self.accept("exists"):
            sub = self.bracketed(self.query)
            return lambda env, rows: bool(sub.envs(env))
        if self.accept("case"):
            return self.case()
        token = self.name() or self.fail("unexpected end")
        if token[0] == ":":
            return lambda env, rows: env[":"][token[1:]]
        if known := literal(token):
            return lambda env, rows: known[0]
        if self.peek("("):
            return self.bracketed(lambda: self.call(token.lower()))
        return self.path(token.split("."))

    def case(self):
        branches = []
        while self.accept("when"):
            test = self.expr()
            self.expect("then")
            branches.append((test, self.expr()))
        default = self.expr() if self.accept("else") else lambda env, rows: None
        self.expect("end")

        def f(env, rows):
            value = next((value for test, value in branches if test(env, rows)), default)
            return value(env, rows)

        return f

    def call(self, name):
        distinct = bool(self.accept("distinct"))
        if name == "extract":  # extract(epoch from time)
            self.name()
            self.expect("from")
        if name.endswith("index"):
            place = "#" + self.name()
            arguments = [lambda env, rows: env[place]]
        else:
            arguments = self.listed(self.expr)
        if name in AGGREGATES:
            self.q.aggregate = True
            return aggregate(name, arguments[0], distinct)
        if name in SCALARS:
            return scalar(name, arguments)
        if name == "size":
            return lambda env, rows: len(arguments[0](env, rows) or [])
        if name == "extract":
            return epoch(arguments[0])
        if name == "distinct":
            self.q.distinct = True
        elif name != "index":
            self.fail(f"unknown function {name}")
        return arguments[0]

    def path(self, steps):
        q = self.q

        def f(env, rows):
            model = env["model"]
            if steps[0] in env:
                value, rest = env[steps[0]], steps[1:]
            elif len(steps) == 1 and model.is_entity(steps[0]):
                return steps[0]  # as in  x.class = TagAnnotation
            else:
                value, rest = env[q.root], steps  # an unqualified property of the query's own entity
            for step in rest:
                value = model.attribute(value, step)
            return value

        return f


def aggregate(name, argument, distinct):
    def f(env, rows):
        plain = env["model"].plain
        values = [v for v in (plain(argument(row, None)) for row in rows) if v is not None]
        return AGGREGATES[name](list(dict.fromkeys(values)) if distinct else values)

    return f


def scalar(name, arguments):
    return lambda env, rows: SCALARS[name](*[env["model"].plain(a(env, rows)) for a in arguments])


def epoch(argument):
    """Seconds, of a time in milliseconds."""

    def f(env, rows):
        value = env["model"].plain(argument(env, rows))
        return None if value is None else value / 1000.0

    return f
