package store

import (
	"database/sql"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"cordboard/internal/delivery"
	"cordboard/internal/desk"
	"cordboard/internal/interaction"
)

// No statement of daily work reads a whole table that grows with the calls: each finds its rows by an index.
func TestNothingReadsWholeTables(t *testing.T) {
	dir := t.TempDir()
	in, err := Open(t.Context(), Options{DataDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close() //nolint:errcheck // a test's own
	tn, err := in.Tenant(t.Context(), "acme")
	if err != nil {
		t.Fatal(err)
	}
	must := func(errs ...error) {
		t.Helper()
		for _, err := range errs {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, s := range []interaction.State{interaction.Offered, interaction.Closed} {
		must(tn.Change(t.Context(), func(tx desk.Tx) error {
			i, err := tx.ByRef("leg")
			if i == nil && err == nil {
				i, err = tx.Create(interaction.Interaction{ID: "int-1", Ref: "leg", Offer: &interaction.Offer{Agent: "ag1"}})
			}
			if err == nil {
				i.State, i.Offer = s, &interaction.Offer{Agent: string(s)}
				err = tx.Promise(desk.Intent{Key: "k" + string(s), Lane: "o/l", Agent: "ag1", Order: "x"})
			}
			return err
		}))
	}
	_, err = tn.Open(t.Context())
	must(err)
	_, err = tn.One(t.Context(), "int-1")
	must(err)
	_, _, err = tn.Snapshot(t.Context(), "ag1", 5)
	must(err)
	_, err = tn.Interactions(t.Context(), InteractionFilter{Before: 9})
	must(err)
	_, err = tn.Interactions(t.Context(), InteractionFilter{Agent: "ag1"})
	must(err)
	now := time.Now().Add(time.Hour)
	ds, err := tn.Claim(t.Context(), now, now, 1, []string{"a", "b/"})
	must(err, tn.Freeze(t.Context(), ds[0]))
	_, err = tn.NextDue(t.Context(), nil)
	must(err)
	_, err = tn.Settle(t.Context(), ds[0])
	must(err)
	for _, f := range []delivery.Filter{{Key: "k"}, {Interaction: "int-1"}, {Agent: "ag1"}, {Before: now}} {
		_, err = tn.List(t.Context(), f)
		must(err)
	}
	_, err = tn.Entries(t.Context(), 5, 10)
	must(err)

	db, err := sql.Open("sqlite", filepath.Join(dir, "tenant", "acme", "tenant.db"))
	must(err)
	defer db.Close() //nolint:errcheck // a test's own
	argument := regexp.MustCompile(`\$\d+`)
	whole := regexp.MustCompile(`^SCAN (interaction|handler|delivery|audit|[a-z])$`)
	looked := 0
	for _, text := range tn.db.Texts() {
		if strings.HasPrefix(text, "SAVEPOINT") || len(strings.Fields(text)) < 4 {
			continue
		}
		looked++
		rows, err := db.Query("EXPLAIN QUERY PLAN " + argument.ReplaceAllString(text, "1"))
		must(err)
		for rows.Next() {
			var id, parent, unused int
			var detail string
			must(rows.Scan(&id, &parent, &unused, &detail))
			if whole.MatchString(detail) && detail != "SCAN c" && detail != "SCAN a" && detail != "SCAN b" { // the parts of Claim's union
				t.Errorf("%s: %s", detail, text)
			}
		}
		must(rows.Err(), rows.Close())
	}
	if looked < 25 {
		t.Errorf("only %d statements were looked at", looked)
	}
}
