package autolog

import (
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"cordboard/internal/crm"
	"cordboard/internal/interaction"
	"cordboard/internal/number"
	"cordboard/internal/tenant"
)

// Limits of an entry's texts, in characters (LOG-5, LOG-13).
const (
	SubjectLimit     = 255
	DispositionLimit = 255
	DescriptionLimit = 32000
)

// Key is the external id of a handling's log: lower-case base32 of SHA-256(tenant|interaction|handling), 52 characters
// (LOG-11).
func Key(tenantName, interactionID string, handling int) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s|%s|%d", tenantName, interactionID, handling))
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:]))
}

// Input is all that an entry is made of; the same Input always makes the same Entry.
type Input struct {
	Tenant      string
	Interaction *interaction.Interaction
	Handling    *interaction.Handling
	Match       *crm.Match
	Options     tenant.AutoLog
	Zone        *time.Location // the tenant's
	Note        string         // added to the description, e.g. why it stands alone
}

// Compose makes the entry (LOG-5, LOG-6, LOG-8). What the agent wrote wins over what would be composed.
func Compose(in Input) (crm.Entry, Association) {
	i, h := in.Interaction, in.Handling
	a := Associate(in.Match, in.Options)
	if h.Edits.Who != nil || h.Edits.What != nil {
		a = Association{}
		if h.Edits.Who != nil {
			a.Who = *h.Edits.Who
		}
		if h.Edits.What != nil && a.Who.Kind != crm.Lead {
			a.What = *h.Edits.What
		}
	}
	subject := Subject(i, in.Zone)
	if h.Edits.Subject != nil && strings.TrimSpace(*h.Edits.Subject) != "" {
		subject = *h.Edits.Subject
	}
	e := crm.Entry{
		Key:         Key(in.Tenant, i.ID, h.Number),
		Subject:     cut(clean(subject, false), SubjectLimit),
		Date:        completed(i, h).In(in.Zone).Format(time.DateOnly),
		Duration:    h.TalkSeconds(),
		Disposition: cut(disposition(h.Codes), DispositionLimit),
		Object:      fmt.Sprintf("%s/%d", i.ID, h.Number),
		Who:         a.Who,
		What:        a.What,
	}
	switch i.Medium {
	case interaction.Phone, interaction.Voicemail:
		e.Type, e.Subtype, e.CallType = "Call", "Call", "Inbound"
		if i.Outbound {
			e.CallType = "Outbound"
		}
	case interaction.Email:
		e.Type, e.Subtype = "Email", "Email"
	default:
		e.Type, e.Subtype = "Other", "Task"
	}
	e.Description = Description(in)
	e.OverflowName = fmt.Sprintf("interaction-%d.txt", i.Transaction) // named even if unused: the org's limit may be lower (LOG-13)
	if utf8.RuneCountInString(e.Description) > DescriptionLimit {
		e.Overflow = e.Description
		tail := "\n[continued in " + e.OverflowName + "]"
		r := []rune(e.Description)
		e.Description = string(r[:DescriptionLimit-utf8.RuneCountInString(tail)]) + tail
	}
	return e, a
}

// Subject is the default subject (LOG-5).
func Subject(i *interaction.Interaction, zone *time.Location) string {
	at := i.CreatedAt.In(zone).Format("2006-01-02 15:04")
	who := caller(i)
	switch i.Medium {
	case interaction.Voicemail:
		return "Voicemail from " + who + " " + at
	case interaction.Chat:
		if who = strings.TrimSpace(i.Name); who == "" {
			who = strings.TrimSpace(i.Email)
		}
		if who == "" {
			who = "visitor"
		}
		return "Chat with " + who + " " + at
	case interaction.Email:
		return "Email: " + i.Subject
	}
	if i.Outbound {
		return "Outbound call " + i.DNIS + " " + at
	}
	return "Inbound call " + who + " " + at
}

func caller(i *interaction.Interaction) string {
	if e164, ok := number.E164(i.ANI, i.Region); ok {
		return e164
	}
	if i.ANI == "" || number.Withheld(i.ANI, number.DefaultWithheld()) {
		return "(number withheld)"
	}
	return i.ANI
}

// Description is one "Label: value" a line, empty ones left out (LOG-6).
func Description(in Input) string {
	i, h := in.Interaction, in.Handling
	var b strings.Builder
	line := func(label, value string, multi bool) {
		if value = strings.TrimSpace(clean(value, multi)); value != "" {
			fmt.Fprintf(&b, "%s: %s\n", label, value)
		}
	}
	stamp := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.In(in.Zone).Format("2006-01-02 15:04:05 MST")
	}
	direction := "Inbound"
	if i.Outbound {
		direction = "Outbound"
	}
	began, ended := "Answered", "Hung up"
	switch i.Medium {
	case interaction.Chat:
		began, ended = "Accepted", "Terminated"
		line("Initiated", stamp(i.CreatedAt), false)
	case interaction.Email:
		began, ended = "Received", "Answered"
	}
	if i.Medium == interaction.Phone {
		kind := string(i.CallType)
		if kind == "" {
			kind = direction + " call"
		}
		line("Call type", kind, false)
	}
	line(began, stamp(h.AcceptedAt), false)
	line(ended, stamp(h.CompletedAt), false)
	line("Duration", clock(h.TalkSeconds()), false)
	line("Interaction ID", i.ID, false)
	line("Transaction number", fmt.Sprint(i.Transaction), false)
	line("Direction", direction, false)
	switch i.Medium {
	case interaction.Phone, interaction.Voicemail:
		line("Customer number", caller(i), false)
	case interaction.Chat, interaction.Email:
		line("From", i.Email, false)
		line("Case number", i.CaseNumber, false)
	}
	line("Customer name given", i.Name, false)
	line("Channel", i.ChannelName, false)
	line("Queue", i.QueueName, false)
	line("Waited", clock(i.WaitSeconds(h.AcceptedAt)), false)
	line("Ended by", strings.TrimSuffix(strings.ToLower(string(h.EndedBy))+", "+strings.ToLower(string(h.Reason)), ", "), false)
	line("Codes", disposition(h.Codes), false)
	if h.CodesMissing {
		line("Codes", "codes missing", false)
	}
	line("Note", in.Note, false)
	line("Notes", h.Edits.Notes, true)
	return strings.TrimRight(b.String(), "\n")
}

func completed(i *interaction.Interaction, h *interaction.Handling) time.Time {
	if !h.CompletedAt.IsZero() {
		return h.CompletedAt
	}
	if !h.AcceptedAt.IsZero() {
		return h.AcceptedAt // the preview of a conversation that still runs
	}
	return i.CreatedAt
}

func disposition(codes []interaction.Code) string {
	t := make([]string, len(codes))
	for n, c := range codes {
		t[n] = c.ReportText
	}
	return strings.Join(t, "; ")
}

func clock(s int) string { return fmt.Sprintf("%02d:%02d:%02d", s/3600, s/60%60, s%60) }

// cut shortens to n characters, the last of them … (LOG-5).
func cut(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n-1]) + "…"
}

// clean takes out what no plain text should hold: control characters (line breaks stay where multi) and the direction
// overrides with which a name could rewrite its line (LOG-6).
func clean(s string, multi bool) string {
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' && multi, r == '\t' && multi:
			return r
		case r == '\n' || r == '\t':
			return ' '
		case r == utf8.RuneError, unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r), r == '\u2028', r == '\u2029':
			return -1
		}
		return r
	}, s)
}
