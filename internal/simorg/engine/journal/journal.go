// Package journal keeps the org's changes in a file, so that it outlives its process.
//
// The file journal.jsonl holds one JSON line for each change since the seed. A line counts as kept when Wait returns:
// then it is on disk, however the process ends. Many waiting writers share one fsync. A last line that a crash cut off is
// dropped on opening, for nobody was told that it was kept. It knows nothing of what the lines mean.
package journal

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"
)

// Line is one change: a kind, a key, and the new state; no state means that the thing is gone.
type Line struct {
	Kind  string          `json:"k"`
	Key   string          `json:"id"`
	State json.RawMessage `json:"v,omitempty"`
}

// Journal is an open file.
type Journal struct {
	path string

	mu      sync.Mutex // of the file and written
	file    *os.File
	written int64
	broken  error

	sync   sync.Mutex // one fsync at a time
	synced int64
}

const name = "journal.jsonl"

// Open reads a folder's journal, creating both when missing, and hands each line to replay in order.
func Open(dir string, replay func(Line) error) (*Journal, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("the state folder cannot be made: %w", err)
	}
	path := filepath.Join(dir, name)
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("the state file cannot be opened for writing: %w", err)
	}
	// The lock goes with the process, however it ends. It comes before anything is read: what another one is writing is
	// no cut-off line.
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("another simulated org works with %s: %w", dir, err), f.Close())
	}
	good, err := read(path, replay)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if err := f.Truncate(good); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if _, err := f.Seek(good, io.SeekStart); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &Journal{path: path, file: f, written: good, synced: good}, nil
}

// read replays a file and returns the length of its good part.
func read(path string, replay func(Line) error) (int64, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("the state file cannot be read: %w", err)
	}
	defer f.Close()
	in := bufio.NewReaderSize(f, 1<<20)
	var good int64
	for n := 1; ; n++ {
		b, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return good, nil // what stands behind the last newline was cut off
		}
		if err != nil {
			return 0, err
		}
		var l Line
		if err := json.Unmarshal(b, &l); err != nil {
			if rest, _ := in.Peek(1); len(rest) == 0 {
				return good, nil
			}
			return 0, fmt.Errorf("%s, line %d is damaged: %w", path, n, err)
		}
		if err := replay(l); err != nil {
			return 0, fmt.Errorf("%s, line %d: %w", path, n, err)
		}
		good += int64(len(b))
	}
}

// Append writes lines and returns a ticket for Wait. It does not wait for the disk.
func (j *Journal) Append(lines ...Line) int64 {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	for _, l := range lines {
		if err := enc.Encode(l); err != nil {
			j.fail(err)
		}
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.broken == nil {
		if _, err := j.file.Write(b.Bytes()); err != nil {
			j.broken = err
		}
	}
	j.written += int64(b.Len())
	return j.written
}

func (j *Journal) fail(err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.broken = errors.Join(j.broken, err)
}

// Wait returns when everything up to the ticket is on disk.
func (j *Journal) Wait(ticket int64) error {
	j.sync.Lock()
	defer j.sync.Unlock()
	if j.synced >= ticket {
		return nil
	}
	j.mu.Lock()
	upTo, err := j.written, j.broken
	j.mu.Unlock()
	if err == nil {
		err = j.file.Sync()
	}
	if err != nil {
		j.fail(err)
		return fmt.Errorf("the state file cannot be written: %w", err)
	}
	j.synced = upTo
	return nil
}

// Close ends the journal.
func (j *Journal) Close() error {
	err := j.Wait(1 << 62)
	return errors.Join(err, j.file.Close())
}
