package store

import (
	"maps"
	"slices"

	"cordboard/internal/interaction"
	"cordboard/internal/store/engine"
)

// part is a row of handler.
type part struct {
	open, final int
	at          int64
}

// saveParts keeps handler in step with who is offered or handles the interaction.
func (u *unit) saveParts(id string, was, now map[string]part) error {
	for _, a := range slices.Sorted(maps.Keys(now)) {
		p := now[a]
		if was[a] == p {
			continue
		}
		if _, err := u.q.Exec(`INSERT INTO handler (agent, interaction, open, final, at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (agent, interaction) DO UPDATE SET open = excluded.open, final = excluded.final, at = excluded.at`,
			a, id, p.open, p.final, p.at); err != nil {
			return err
		}
	}
	for _, a := range slices.Sorted(maps.Keys(was)) {
		if _, stays := now[a]; !stays {
			if _, err := u.q.Exec("DELETE FROM handler WHERE agent = $1 AND interaction = $2", a, id); err != nil {
				return err
			}
		}
	}
	return nil
}

// parts are the agents who are offered an interaction, handle it or have handled it.
func parts(i *interaction.Interaction) map[string]part {
	out := map[string]part{}
	final := bit(i.State.Final())
	for _, h := range i.Handling {
		p := part{final: final, at: engine.Millis(h.AcceptedAt)}
		if h.State != interaction.Closed {
			p.open = 1
		} else if !h.ClosedAt.IsZero() {
			p.at = engine.Millis(h.ClosedAt)
		}
		out[h.Agent] = p
	}
	if i.Offer != nil {
		out[i.Offer.Agent] = part{open: 1, final: final, at: engine.Millis(i.Offer.At)}
	}
	return out
}
