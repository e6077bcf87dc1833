package store

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"

	"cordboard/internal/fault"
)

// takeFolder makes the data folder fit and locks it for this process; closing the file unlocks. The kernel lets go of
// the lock when the process dies, however it dies.
func takeFolder(dir string) (*os.File, error) {
	if st, err := os.Stat(dir); err == nil && !st.IsDir() {
		return nil, fault.Newf(fault.Invalid, "DATA_NO_FOLDER", "%s is a file, not a folder. Name a folder with --data.", dir)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, unwritable(dir, err)
	}
	if err := private(dir); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, unwritable(dir, err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		return f, nil
	}
	f.Close() //nolint:errcheck,gosec // nothing was written
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, fault.Newf(fault.Unavailable, "DATA_IN_USE",
			"Another Cordboard works with the data folder %s. Nothing was changed. Stop it first, or name another folder with --data.", dir)
	}
	return nil, unwritable(dir, err)
}

// private takes the rights of others from our folder; a folder that is somebody else's is not touched.
func private(dir string) error {
	st, err := os.Stat(dir)
	if err != nil {
		return unwritable(dir, err)
	}
	if st.Mode().Perm()&0o077 == 0 {
		return nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return unwritable(dir, err)
	}
	ours := len(entries) == 0
	for _, e := range entries {
		ours = ours || e.Name() == "lock" || e.Name() == "control.db"
	}
	if !ours {
		return fault.Newf(fault.Invalid, "DATA_FOREIGN",
			"The folder %s is open to other users and holds files that are not Cordboard's. Nothing was changed. Name an empty folder with --data.", dir)
	}
	if err := os.Chmod(dir, 0o700); err != nil { //nolint:gosec // a folder needs x
		return unwritable(dir, err)
	}
	return nil
}

func unwritable(dir string, err error) error {
	return fault.Newf(fault.Unavailable, "DATA_UNWRITABLE",
		"The data folder %s can't be written. Nothing was changed. Give the system user that runs Cordboard the right to write it, or name another folder with --data.", dir).With(err)
}
