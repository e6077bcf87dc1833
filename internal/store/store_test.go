package store_test

import (
	"testing"

	"cordboard/internal/store"
	"cordboard/internal/store/pgtest"
	"cordboard/internal/store/storetest"
)

func openSQLite(t *testing.T) *store.Installation {
	t.Helper()
	return openOptions(t, store.Options{DataDir: t.TempDir()})
}

func TestSQLite(t *testing.T) { storetest.Run(t, openSQLite) }

func TestMain(m *testing.M) { pgtest.Main(m) }

func openPostgres(t *testing.T) *store.Installation {
	t.Helper()
	return openOptions(t, store.Options{DatabaseURL: pgtest.URL(t), Conns: 4})
}

func openOptions(t *testing.T, o store.Options) *store.Installation {
	t.Helper()
	in, err := store.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := in.Close(); err != nil {
			t.Error(err)
		}
	})
	return in
}

func TestPostgreSQL(t *testing.T) { storetest.Run(t, openPostgres) }
