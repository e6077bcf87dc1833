package soql

import (
	"slices"
	"strings"

	"cordboard/internal/simorg/engine/refusal"
)

const (
	maxLength = 100_000 // characters of a query, as documented
	maxDepth  = 60      // parentheses within parentheses
)

type parser struct {
	q     string
	toks  []token
	n     int
	depth int
}

// Parse reads one query.
func Parse(q string) (query *Query, err *refusal.Error) {
	if len(q) > maxLength {
		return nil, refusal.New(400, "QUERY_TOO_COMPLICATED", "SOQL statements cannot be longer than %d characters", maxLength)
	}
	toks, err := lex(q)
	if err != nil {
		return nil, err
	}
	p := &parser{q: q, toks: toks}
	defer func() {
		if r := recover(); r != nil {
			e, ok := r.(*refusal.Error)
			if !ok {
				panic(r)
			}
			query, err = nil, e
		}
	}()
	query = p.query(false)
	if p.peek().kind != end {
		p.unexpected()
	}
	return query, nil
}

func (p *parser) peek() token { return p.toks[p.n] }
func (p *parser) next() token {
	t := p.toks[p.n]
	if t.kind != end {
		p.n++
	}
	return t
}

func (p *parser) fail(pos int, message string) { panic(At(p.q, pos, "MALFORMED_QUERY", message)) }
func (p *parser) unexpected() {
	t := p.peek()
	p.fail(t.pos, "unexpected token: '"+t.s+"'")
}

func (p *parser) is(words ...string) bool {
	for i, w := range words {
		if p.n+i >= len(p.toks) {
			return false
		}
		t := p.toks[p.n+i]
		if t.kind != word || !strings.EqualFold(t.s, w) {
			return false
		}
	}
	return true
}

func (p *parser) accept(words ...string) bool {
	if p.is(words...) {
		p.n += len(words)
		return true
	}
	return false
}

func (p *parser) isSymbol(s string) bool { t := p.peek(); return t.kind == symbol && t.s == s }
func (p *parser) acceptSymbol(s string) bool {
	if p.isSymbol(s) {
		p.n++
		return true
	}
	return false
}

func (p *parser) symbol(s string) {
	if !p.acceptSymbol(s) {
		t := p.peek()
		p.fail(t.pos, "expecting '"+s+"', found '"+t.s+"'")
	}
}

func (p *parser) keyword(w string) {
	if !p.accept(w) {
		p.unexpected()
	}
}

// clauses are words that end a list of names, so they are no aliases.
var clauses = []string{"FROM", "WHERE", "GROUP", "ORDER", "HAVING", "LIMIT", "OFFSET", "FOR", "USING", "WITH", "ALL", "UPDATE", "AND", "OR", "NOT", "IN", "LIKE", "INCLUDES", "EXCLUDES", "ASC", "DESC", "NULLS", "WHEN", "THEN", "ELSE", "END", "AS", "SELECT"}

func clause(s string) bool {
	return slices.ContainsFunc(clauses, func(c string) bool { return strings.EqualFold(c, s) })
}

func (p *parser) name() token {
	t := p.peek()
	if t.kind != word || clause(t.s) || strings.HasSuffix(t.s, ".") || strings.Contains(t.s, "..") {
		p.unexpected()
	}
	return p.next()
}

func (p *parser) enter() {
	if p.depth++; p.depth > maxDepth {
		p.fail(p.peek().pos, "the query is nested too deeply")
	}
}
func (p *parser) leave() { p.depth-- }

func (p *parser) query(sub bool) *Query {
	p.enter()
	defer p.leave()
	q := &Query{Text: p.q, Limit: -1}
	p.keyword("SELECT")
	for {
		q.Select = append(q.Select, p.item(sub))
		if !p.acceptSymbol(",") {
			break
		}
	}
	p.keyword("FROM")
	t := p.name()
	q.From, q.FromPos = t.s, t.pos
	p.accept("AS")
	if t := p.peek(); t.kind == word && !clause(t.s) {
		q.Alias = p.next().s
	}
	if p.accept("USING") {
		p.keyword("SCOPE")
		p.name()
	}
	if p.accept("WHERE") {
		q.Where = p.condition()
	}
	if p.accept("WITH") { // SECURITY_ENFORCED, USER_MODE: the API always is
		p.name()
	}
	if p.accept("GROUP", "BY") {
		for {
			q.GroupBy = append(q.GroupBy, p.expr())
			if !p.acceptSymbol(",") {
				break
			}
		}
		if p.accept("HAVING") {
			q.Having = p.condition()
		}
	}
	if p.accept("ORDER", "BY") {
		p.order(q)
	}
	if p.accept("LIMIT") {
		q.Limit = p.count()
	}
	if p.accept("OFFSET") {
		q.Offset = p.count()
	}
	if p.accept("ALL", "ROWS") {
		q.AllRows = true
	}
	for p.accept("FOR") {
		if p.accept("VIEW") || p.accept("REFERENCE") {
			q.View = true
		} else {
			p.keyword("UPDATE")
		}
		for p.acceptSymbol(",") {
			p.name()
		}
	}
	if p.accept("UPDATE") {
		p.name() // TRACKING or VIEWSTAT, for knowledge articles
	}
	return q
}

func (p *parser) order(q *Query) {
	for {
		o := Order{Expr: p.expr()}
		if p.accept("DESC") {
			o.Desc = true
		} else {
			p.accept("ASC")
		}
		if p.accept("NULLS") {
			if p.accept("LAST") {
				o.NullsLast = true
			} else {
				p.keyword("FIRST")
			}
		}
		q.OrderBy = append(q.OrderBy, o)
		if !p.acceptSymbol(",") {
			return
		}
	}
}

func (p *parser) item(sub bool) Item {
	t := p.peek()
	switch {
	case p.isSymbol("("):
		if sub {
			p.unexpected()
		}
		p.next()
		q := p.query(true)
		p.symbol(")")
		return Item{Sub: q, Pos: t.pos}
	case p.is("TYPEOF"):
		return Item{TypeOf: p.typeOf(), Pos: t.pos}
	case p.is("FIELDS") && p.toks[p.n+1].s == "(":
		p.n += 2
		which := strings.ToUpper(p.next().s)
		if which != "ALL" && which != "STANDARD" && which != "CUSTOM" {
			p.n--
			p.unexpected()
		}
		p.symbol(")")
		return Item{Fields: which, Pos: t.pos}
	}
	e := p.expr()
	it := Item{Expr: &e, Pos: t.pos}
	if t := p.peek(); t.kind == word && !clause(t.s) && !strings.Contains(t.s, ".") {
		it.Alias = p.next().s
	}
	return it
}

func (p *parser) typeOf() *TypeOf {
	p.keyword("TYPEOF")
	t := &TypeOf{Path: strings.Split(p.name().s, ".")}
	list := func() (fields []Expr) {
		for {
			fields = append(fields, p.expr())
			if !p.acceptSymbol(",") {
				return fields
			}
		}
	}
	for p.accept("WHEN") {
		n := p.name()
		p.keyword("THEN")
		t.Whens = append(t.Whens, When{Object: n.s, Pos: n.pos, Fields: list()})
	}
	if len(t.Whens) == 0 {
		p.unexpected()
	}
	if p.accept("ELSE") {
		t.Else = list()
	}
	p.keyword("END")
	return t
}

// expr reads a field path or a function.
func (p *parser) expr() Expr {
	p.enter()
	defer p.leave()
	t := p.name()
	if !p.acceptSymbol("(") {
		return Expr{Path: strings.Split(t.s, "."), Pos: t.pos}
	}
	e := Expr{Func: strings.ToUpper(t.s), Pos: t.pos}
	if p.acceptSymbol(")") {
		if e.Func != "COUNT" {
			p.n--
			p.unexpected()
		}
		return e
	}
	for {
		e.Args = append(e.Args, p.expr())
		if !p.acceptSymbol(",") {
			break
		}
	}
	p.symbol(")")
	return e
}
