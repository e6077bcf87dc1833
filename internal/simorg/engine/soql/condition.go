package soql

import (
	"slices"

	"cordboard/internal/simorg/engine/refusal"
)

// ParseCondition reads a WHERE condition that stands alone, as validation rules and SOSL's RETURNING have it.
func ParseCondition(s string) (c Cond, err *refusal.Error) {
	q, err := Parse("SELECT Id FROM X WHERE " + s)
	if err != nil {
		return nil, err
	}
	return q.Where, nil
}

// condition reads terms joined by only AND or only OR: SOQL wants parentheses to mix them.
func (p *parser) condition() Cond {
	p.enter()
	defer p.leave()
	first := p.term()
	switch {
	case p.is("AND"):
		list := And{first}
		for p.accept("AND") {
			list = append(list, p.term())
		}
		if p.is("OR") {
			p.unexpected()
		}
		return list
	case p.is("OR"):
		list := Or{first}
		for p.accept("OR") {
			list = append(list, p.term())
		}
		if p.is("AND") {
			p.unexpected()
		}
		return list
	}
	return first
}

func (p *parser) term() Cond {
	p.enter()
	defer p.leave()
	if p.accept("NOT") {
		return Not{p.term()}
	}
	if p.acceptSymbol("(") {
		c := p.condition()
		p.symbol(")")
		return c
	}
	c := Compare{Left: p.expr(), OpPos: p.peek().pos}
	t := p.peek()
	switch {
	case t.kind == symbol && slices.Contains([]string{"=", "!=", "<", ">", "<=", ">="}, t.s):
		p.next()
		c.Op, c.Values = t.s, []Value{p.value()}
	case p.accept("LIKE"):
		c.Op, c.Values = "LIKE", []Value{p.value()}
		if k := c.Values[0].Kind; k != Text && k != Null {
			p.fail(c.Values[0].Pos, "invalid operator: LIKE needs a string literal")
		}
	case p.accept("IN"):
		c.Op = "IN"
		p.list(&c)
	case p.accept("NOT", "IN"):
		c.Op = "NOTIN"
		p.list(&c)
	case p.accept("INCLUDES"):
		c.Op = "INCLUDES"
		p.list(&c)
	case p.accept("EXCLUDES"):
		c.Op = "EXCLUDES"
		p.list(&c)
	default:
		p.unexpected()
	}
	return c
}

func (p *parser) list(c *Compare) {
	p.symbol("(")
	if p.is("SELECT") {
		if c.Op != "IN" && c.Op != "NOTIN" {
			p.unexpected()
		}
		c.Sub = p.query(true)
		p.symbol(")")
		return
	}
	for {
		c.Values = append(c.Values, p.value())
		if !p.acceptSymbol(",") {
			break
		}
	}
	p.symbol(")")
}
