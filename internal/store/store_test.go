package store_test

import (
	"testing"

	"cordboard/internal/store"
	"cordboard/internal/store/storetest"
)

func openSQLite(t *testing.T) *store.Installation {
	t.Helper()
	return openDir(t, t.TempDir())
}

func openDir(t *testing.T, dir string) *store.Installation {
	t.Helper()
	in, err := store.Open(t.Context(), store.Options{DataDir: dir})
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

func TestSQLite(t *testing.T) { storetest.Run(t, openSQLite) }
