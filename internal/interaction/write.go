package interaction

import (
	"reflect"
	"slices"
	"unicode/utf8"

	"cordboard/internal/fault"
)

// Limits of what an agent writes (LOG-4, INT-13), in characters and codes.
const (
	MaxSubject = 255
	MaxNotes   = 20_000
	MaxCodes   = 6
)

// write takes over what the agent wrote: Edits as a whole, and Codes as a whole where they are meant. Too long is refused,
// never cut (GEN-5).
func write(m *move) error {
	if !m.theirs() {
		return refusal(m.i, m.s)
	}
	if err := checkWritten(m.s); err != nil {
		return err
	}
	h := m.i.Current()
	edits, codes := h.Edits, h.Codes
	if m.s.Edits != nil {
		edits = *m.s.Edits
	}
	if m.s.SetCodes {
		codes = slices.Clone(m.s.Codes)
	}
	if reflect.DeepEqual(edits, h.Edits) && slices.Equal(codes, h.Codes) {
		return nil // saved again as it was
	}
	h.Edits, h.Codes = edits, codes
	h.CodesNeeded = m.i.missingCodes(h)
	m.event(Event{Kind: EventChanged, Agent: h.Agent, Handling: h.Number})
	return nil
}

// writeWrapup is write after the conversation: the code that alone was waited for ends wrap-up (INT-12).
func writeWrapup(m *move) error {
	h := m.i.Current()
	held := h.WrapupUntil.IsZero() && !h.Stopped
	if err := write(m); err != nil {
		return err
	}
	if held && !h.CodesNeeded {
		m.closed("")
	}
	return nil
}

func checkWritten(s Signal) error {
	var f fault.Fields
	if e := s.Edits; e != nil {
		if e.Subject != nil {
			limit(&f, "subject", "The subject", *e.Subject, MaxSubject)
		}
		limit(&f, "notes", "The notes", e.Notes, MaxNotes)
	}
	if s.SetCodes {
		if len(s.Codes) > MaxCodes {
			f.Addf("codes", "TOO_MANY", "At most %d transaction codes can be chosen; these are %d.", MaxCodes, len(s.Codes))
		}
		seen := map[[2]int64]bool{}
		for _, c := range s.Codes {
			k := [2]int64{c.List, c.Item}
			if seen[k] {
				f.Addf("codes", "DUPLICATE", "The code %q is chosen twice.", c.ReportText)
			}
			seen[k] = true
		}
	}
	return f.Err()
}

func limit(f *fault.Fields, field, name, value string, most int) {
	if n := utf8.RuneCountInString(value); n > most {
		f.Addf(field, "TOO_LONG", "%s may have %d characters; this text has %d. Shorten it; nothing was cut.", name, most, n)
	}
}
