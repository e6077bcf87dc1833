package cordboard_test

// The floor plan as a test (docs/building.md): which room may know which, each wall with its reason, who owns each
// third-party module, and that every package says in one comment what it is for.

import (
	"bufio"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "cordboard/"

type pkg struct {
	ImportPath                string
	Dir                       string
	Imports                   []string
	GoFiles, TestGoFiles      []string
	XTestGoFiles              []string
	TestImports, XTestImports []string
}

func packages(t *testing.T) map[string]pkg {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Dir,Imports,GoFiles,TestGoFiles,XTestGoFiles,TestImports,XTestImports", "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	all := map[string]pkg{}
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		all[strings.TrimPrefix(p.ImportPath, module)] = p
	}
	return all
}

// in reports whether the package lies in the room: the package itself or one below it ("x/..." means both).
func in(path, room string) bool {
	if base, ok := strings.CutSuffix(room, "/..."); ok {
		return path == base || strings.HasPrefix(path, base+"/")
	}
	return path == room
}

func inAny(path string, rooms []string) bool {
	return slices.ContainsFunc(rooms, func(r string) bool { return in(path, r) })
}

// A wall says what the packages of a room may know of this module; everything else is refused.
type wall struct {
	room string
	may  []string
	why  string
}

var pure = []string{"internal/interaction", "internal/agent", "internal/tenant", "internal/number", "internal/crm", "internal/fault"}

var walls = []wall{
	{"internal/interaction", pure, "the heart has no I/O, no clock and no goroutine, so that its table can be tested whole"},
	{"internal/agent", pure, "pure rules"},
	{"internal/tenant", pure, "settings are documents and checks; who stores them is not their business"},
	{"internal/number", pure, "numbers are text"},
	{"internal/crm", pure, "nouns that both wings share"},
	{"internal/fault", nil, "everyone imports it, so it imports no one"},
	{"internal/bus", nil, "carries anything, knows nothing"},
	{"internal/desk/...", append([]string{"internal/bus", "internal/desk/..."}, pure...), "the desk declares what it needs from below as interfaces"},
	{"internal/channel/...", append([]string{"internal/desk", "internal/channel/...", "internal/bus"}, pure...), "the wings never import each other: a channel knows the desk, not the CRM's rooms below its nouns"},
	{"internal/crm/...", append([]string{"internal/bus", "internal/desk", "internal/delivery", "internal/crm/...", "internal/seal"}, pure...), "the wings never import each other: a CRM knows no channel"},
	{"internal/delivery", []string{"internal/fault", "internal/bus"}, "a promise does not know what it promises"},
	{"internal/simorg/...", []string{"internal/simorg/..."}, "the simulated org shares no code with the connector, so that one misunderstanding cannot hide in both"},
	{"internal/seal", []string{"internal/fault"}, "secrets at rest know no one"},
	{"internal/egress", []string{"internal/fault"}, "the guarded way out knows no one"},
}

// only says who alone may import a package of ours: a face, the composition root.
var only = map[string][]string{
	"internal/web/...":    {"internal/web/...", "internal/app", "internal/demo", "cmd/..."},
	"internal/app":        {"internal/demo", "internal/scenario/...", "cmd/...", "e2e/..."},
	"internal/demo":       {"cmd/...", "e2e/..."},
	"internal/scenario":   {"cmd/..."},
	"internal/simorg/...": {"internal/simorg/...", "internal/demo", "cmd/...", "e2e/..."},
}

// adapters implement a feature's interfaces and never meet each other.
var adapters = []string{"internal/store", "internal/crm/salesforce", "internal/crm/builtin", "internal/crm/post",
	"internal/channel/phone/sip", "internal/channel/phone/browser", "internal/channel/phone/asterisk", "internal/channel/phone/remote", "internal/cluster"}

// modules says which rooms may import a third-party module: one room each.
var modules = map[string][]string{
	"modernc.org/sqlite":              {"internal/store/..."},
	"github.com/jackc/pgx":            {"internal/store/..."},
	"github.com/emiago/sipgo":         {"internal/channel/phone/sip/..."},
	"github.com/icholy/digest":        {"internal/channel/phone/sip/..."},
	"github.com/pion/":                {"internal/channel/phone/browser/...", "internal/channel/phone/media/..."},
	"github.com/nyaruka/phonenumbers": {"internal/number"},
	"github.com/danielgtaylor/huma":   {"internal/web/api"},
	"github.com/prometheus/":          {"internal/web/..."},
	"github.com/tink-crypto/":         {"internal/seal"},
	"code.dny.dev/ssrf":               {"internal/egress"},
	"golang.org/x/crypto":             {"internal/signin"},
	"github.com/golang-jwt/":          {"internal/crm/salesforce/...", "internal/simorg/..."},
	"github.com/alecthomas/kong":      {"cmd/..."},
	"golang.org/x/sync":               {"internal/crm/salesforce/..."},
}

// testsOnly are modules for tests, anywhere.
var testsOnly = []string{"github.com/google/go-cmp", "pgregory.net/rapid"}

func TestWalls(t *testing.T) {
	all := packages(t)
	for path, p := range all {
		if w, ok := wallOf(path); ok {
			for _, imp := range p.Imports {
				of, ours := strings.CutPrefix(imp, module)
				if ours && !inAny(of, w.may) && !in(of, w.room) {
					t.Errorf("%s must not import %s: %s", path, of, w.why)
				}
			}
		}
		for _, imp := range p.Imports {
			of, ours := strings.CutPrefix(imp, module)
			if !ours {
				continue
			}
			for room, who := range only {
				if in(of, room) && !inAny(path, who) && !strings.HasSuffix(path, "test") {
					t.Errorf("%s must not import %s: only %s may", path, of, strings.Join(who, ", "))
				}
			}
			if slices.Contains(adapters, path) && slices.Contains(adapters, of) && !(path == "internal/store" && of == "internal/crm/salesforce") {
				t.Errorf("%s must not import %s: adapters never meet (docs/building.md)", path, of)
			}
		}
	}
}

// wallOf is the wall around a package: its own room's before that of the rooms it lies in.
func wallOf(path string) (found wall, ok bool) {
	for _, w := range walls {
		if w.room == path {
			return w, true
		}
		if in(path, w.room) {
			found, ok = w, true
		}
	}
	return found, ok
}

func TestModulesHaveOneOwner(t *testing.T) {
	for path, p := range packages(t) {
		check := func(imports []string, test bool) {
			for _, imp := range imports {
				if strings.HasPrefix(imp, module) || imp == "cordboard" || !strings.Contains(strings.SplitN(imp, "/", 2)[0], ".") {
					continue
				}
				if slices.ContainsFunc(testsOnly, func(m string) bool { return strings.HasPrefix(imp, m) }) {
					if !test && !strings.HasSuffix(path, "test") {
						t.Errorf("%s must not import %s outside tests", path, imp)
					}
					continue
				}
				owned := false
				for m, rooms := range modules {
					if strings.HasPrefix(imp, m) {
						owned = true
						if !inAny(path, rooms) {
							t.Errorf("%s must not import %s: it belongs to %s", path, imp, strings.Join(rooms, ", "))
						}
					}
				}
				if !owned {
					t.Errorf("%s imports %s, which no room owns: add it to the table with a reason in an ADR", path, imp)
				}
			}
		}
		check(p.Imports, false)
		check(p.TestImports, true)
		check(p.XTestImports, true)
	}
}

// TestPureRoomsAreStill holds that a pure room never reads a clock, starts a goroutine, or does I/O.
func TestPureRoomsAreStill(t *testing.T) {
	forbidden := []string{"os", "net", "net/http", "io/fs", "database/sql", "os/exec", "log/slog", "log", "math/rand", "math/rand/v2", "crypto/rand"}
	for path, p := range packages(t) {
		if !slices.Contains(pure, path) {
			continue
		}
		for _, imp := range p.Imports {
			if slices.Contains(forbidden, imp) {
				t.Errorf("%s is pure and must not import %s", path, imp)
			}
		}
		for _, f := range p.GoFiles {
			fset := token.NewFileSet()
			file, err := parser.ParseFile(fset, filepath.Join(p.Dir, f), nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(file, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.GoStmt:
					t.Errorf("%s: a pure room starts no goroutine", fset.Position(n.Pos()))
				case *ast.SelectorExpr:
					if x, ok := n.X.(*ast.Ident); ok && x.Name == "time" && slices.Contains([]string{"Now", "Sleep", "After", "NewTimer", "NewTicker", "Since", "Until"}, n.Sel.Name) {
						t.Errorf("%s: in a pure room the instant is an argument", fset.Position(n.Pos()))
					}
				}
				return true
			})
		}
	}
}

// TestEveryPackageIsAMap holds that every package has exactly one package comment.
func TestEveryPackageIsAMap(t *testing.T) {
	for path, p := range packages(t) {
		if len(p.GoFiles) == 0 {
			continue
		}
		n := 0
		for _, f := range p.GoFiles {
			file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, f), nil, parser.ParseComments|parser.PackageClauseOnly)
			if err != nil {
				t.Fatal(err)
			}
			if file.Doc != nil && len(strings.Fields(file.Doc.Text())) >= 8 {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%s has %d package comments; it needs one that says what the room is for, what it promises and what it never does", path, n)
		}
	}
}

// TestSizes holds that a file is one thing: at most 400 lines of code that is neither test nor generated.
func TestSizes(t *testing.T) {
	for _, p := range packages(t) {
		for _, f := range p.GoFiles {
			if strings.Contains(f, ".gen.") {
				continue
			}
			if n := lines(t, filepath.Join(p.Dir, f)); n > 400 {
				t.Errorf("%s has %d lines: a file over 400 is more than one thing", filepath.Join(p.ImportPath, f), n)
			}
		}
	}
}

func lines(t *testing.T, file string) int {
	t.Helper()
	r, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	n := 0
	for s := bufio.NewScanner(r); s.Scan(); {
		n++
	}
	return n
}
