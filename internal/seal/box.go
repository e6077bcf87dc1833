package seal

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"

	"cordboard/internal/fault"
)

// Box seals and opens values with the master key.
type Box struct{ master tink.AEAD }

// Open reads the master key from its file (mode 0600 or stricter), or makes it when there is none yet. existing says that
// sealed values may exist: then a missing key stops the start instead (GEN-16).
func Open(path string, existing bool) (*Box, error) {
	st, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && existing:
		return nil, fault.Newf(fault.Unavailable, "KEY_MISSING",
			"The master key %s is missing, and this installation has secrets sealed with it. Nothing was changed. Put the copy of the key back that you keep, or order a new one and enter the saved credentials again.", path)
	case errors.Is(err, fs.ErrNotExist):
		return makeKey(path)
	case err != nil:
		return nil, unreadable(path, err)
	case !st.Mode().IsRegular():
		return nil, unreadable(path, errors.New("not a regular file"))
	case st.Mode().Perm()&0o077 != 0:
		return nil, fault.Newf(fault.Unavailable, "KEY_EXPOSED",
			"The master key %s can be read by other users (mode %04o). Nothing was started. Take their rights away with: chmod 600 %s", path, st.Mode().Perm(), path)
	}
	text, err := os.ReadFile(path) //nolint:gosec // the operator names it
	if err != nil {
		return nil, unreadable(path, err)
	}
	handle, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(text)))
	if err != nil {
		return nil, damaged(path)
	}
	return box(path, handle)
}

func box(path string, handle *keyset.Handle) (*Box, error) {
	a, err := aead.New(handle)
	if err != nil {
		return nil, damaged(path)
	}
	return &Box{aead.NewKMSEnvelopeAEAD2(aead.AES256GCMKeyTemplate(), a)}, nil
}

// The causes are left out: they may quote the key.
func damaged(path string) error {
	return fault.Newf(fault.Unavailable, "KEY_DAMAGED",
		"The file %s holds no master key, or a damaged one. Nothing was changed. Put the copy of the key back that you keep.", path)
}

func unreadable(path string, err error) error {
	return fault.Newf(fault.Unavailable, "KEY_UNREADABLE",
		"The master key %s can't be read. Nothing was started. Let it belong to the system user that runs Cordboard, with mode 600.", path).With(err)
}

// makeKey makes a new master key. It stands under its name only when it is whole and on the disk.
func makeKey(path string) (*Box, error) {
	handle, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	if err := insecurecleartextkeyset.Write(handle, keyset.NewJSONWriter(&text)); err != nil {
		return nil, err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".key-*") // mode 0600
	if err != nil {
		return nil, unwritable(path, err)
	}
	defer os.Remove(f.Name()) //nolint:errcheck // gone after the rename
	_, err = f.Write(text.Bytes())
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Link(f.Name(), path) // unlike a rename it never replaces a key that came meanwhile
	}
	if err == nil {
		err = syncFolder(filepath.Dir(path))
	}
	if err != nil {
		return nil, unwritable(path, err)
	}
	return box(path, handle)
}

func syncFolder(dir string) error {
	d, err := os.Open(dir) //nolint:gosec // the operator names it
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func unwritable(path string, err error) error {
	return fault.Newf(fault.Unavailable, "KEY_UNWRITABLE",
		"The master key %s can't be made. Nothing was started. Give the system user that runs Cordboard the right to write its folder.", path).With(err)
}

// bound is what a value is sealed to: it opens for these three only.
func bound(tenant, owner, name string) []byte {
	b, err := json.Marshal([]string{tenant, owner, name})
	if err != nil {
		panic("seal: strings always encode: " + err.Error())
	}
	return b
}

// Seal seals a value for a tenant's owner and name.
func (b *Box) Seal(tenant, owner, name string, plain []byte) ([]byte, error) {
	return b.master.Encrypt(plain, bound(tenant, owner, name))
}

// Open opens what Seal gave for the same tenant, owner and name.
func (b *Box) Open(tenant, owner, name string, sealed []byte) ([]byte, error) {
	plain, err := b.master.Decrypt(sealed, bound(tenant, owner, name))
	if err != nil {
		return nil, fault.New(fault.Unavailable, "SECRET_UNREADABLE",
			"A saved secret can't be opened: it was sealed with another master key, or altered. Please enter it again.").Judge(fault.Park, 0)
	}
	return plain, nil
}

// Prove compares the key with the installation's data: at the first start it leaves a sealed mark, later the mark must
// open. A wrong key stops the start (GEN-16).
func (b *Box) Prove(ctx context.Context, k Keeper) error {
	const owner, name = "installation", "master key mark"
	sealed, err := k.Secret(ctx, owner, name)
	if err != nil {
		return err
	}
	if sealed == nil {
		if sealed, err = b.Seal("", owner, name, []byte(name)); err != nil {
			return err
		}
		return k.PutSecret(ctx, owner, name, sealed)
	}
	if _, err := b.Open("", owner, name, sealed); err != nil {
		return fault.New(fault.Unavailable, "KEY_WRONG",
			"The master key is not the one that this installation's secrets were sealed with. Nothing was changed. Put the right key back, or order a new one and enter the saved credentials again.")
	}
	return nil
}
