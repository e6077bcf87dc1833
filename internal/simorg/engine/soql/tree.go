package soql

// Query is one SELECT.
type Query struct {
	Text    string // the whole text, for errors
	Select  []Item
	From    string
	FromPos int
	Alias   string
	Where   Cond // nil: all
	GroupBy []Expr
	Having  Cond
	OrderBy []Order
	Limit   int // -1: none
	Offset  int
	AllRows bool
	View    bool // FOR VIEW or FOR REFERENCE
}

// Item is one thing selected: exactly one of its parts is set.
type Item struct {
	Expr   *Expr
	Alias  string
	Sub    *Query
	Fields string // FIELDS(ALL|STANDARD|CUSTOM), upper case
	TypeOf *TypeOf
	Pos    int
}

// Expr is a field path or a function of one.
type Expr struct {
	Func string // upper case; "" for a plain field
	Path []string
	Pos  int
	Args []Expr // of nested functions, as in COUNT(x) none; CALENDAR_YEAR(convertTimezone(x)) one
}

// TypeOf is TYPEOF Who WHEN Contact THEN … ELSE … END.
type TypeOf struct {
	Path  []string
	Whens []When
	Else  []Expr
}

// When is one branch of a TypeOf.
type When struct {
	Object string
	Pos    int
	Fields []Expr
}

// Order is one key of ORDER BY.
type Order struct {
	Expr      Expr
	Desc      bool
	NullsLast bool
}

// Cond is a condition: And, Or, Not or Compare.
type Cond interface{ cond() }

// And holds when all of its parts do.
type And []Cond

// Or holds when one of its parts does.
type Or []Cond

// Not holds when its part does not.
type Not struct{ Cond Cond }

// Compare is one comparison. Op is = != < > <= >= LIKE IN NOTIN INCLUDES EXCLUDES; Sub is set for semi-joins.
type Compare struct {
	Left   Expr
	Op     string
	OpPos  int
	Values []Value
	Sub    *Query
}

func (And) cond()     {}
func (Or) cond()      {}
func (Not) cond()     {}
func (Compare) cond() {}

// Kind is what a literal is.
type Kind int

// The kinds of literals.
const (
	Null Kind = iota
	Text
	Number
	Bool
	Date
	DateTime
	Relative // TODAY, LAST_N_DAYS:7 …
)

// Value is a literal. S is the text, the date, or the name of a relative date in upper case.
type Value struct {
	Kind Kind
	S    string
	N    float64
	B    bool
	Pos  int
}
