package search

import (
	"slices"
	"strings"

	"cordboard/internal/simorg/engine/record"
	"cordboard/internal/simorg/engine/schema"
	"cordboard/internal/simorg/engine/sosl"
)

// Find returns the indexed versions of an object's records that match, in the order in which they were first indexed.
// sees says which fields may make a match.
func (x *Index) Find(o *schema.Object, expr sosl.Node, g sosl.Group, sees func(*schema.Field) bool) []*record.Record {
	t := x.tables[o]
	if t == nil || expr == nil {
		return nil
	}
	f := finder{table: t}
	for _, field := range t.fields {
		if In(g, field) && sees(field) {
			f.fields = append(f.fields, field)
		}
	}
	var out []*record.Record
	for _, n := range f.find(expr) {
		out = append(out, t.docs[n])
	}
	return out
}

// Searchable says whether an object is searched at all.
func (x *Index) Searchable(o *schema.Object) bool { return x.tables[o] != nil }

type finder struct {
	*table
	fields []*schema.Field
}

// find returns sorted document numbers.
func (f *finder) find(e sosl.Node) []int32 {
	switch e := e.(type) {
	case sosl.Phrase:
		return f.phrase(e)
	case sosl.Or:
		var out []int32
		for _, n := range e {
			out = append(out, f.find(n)...)
		}
		slices.Sort(out)
		return slices.Compact(out)
	case sosl.And:
		var out []int32
		started := false
		for _, n := range e {
			if p, ok := n.(sosl.Phrase); ok && len(p) == 0 {
				continue // only punctuation: asks for nothing
			}
			if not, ok := n.(sosl.Not); ok {
				drop := f.find(not.Node)
				out = slices.DeleteFunc(slices.Clone(out), func(d int32) bool { _, in := slices.BinarySearch(drop, d); return in })
				continue
			}
			hits := f.find(n)
			if started {
				hits = slices.DeleteFunc(slices.Clone(out), func(d int32) bool { _, in := slices.BinarySearch(hits, d); return !in })
			}
			out, started = hits, true
		}
		return out
	}
	return nil
}

// phrase looks its rarest word up and then reads the fields themselves.
func (f *finder) phrase(p sosl.Phrase) []int32 {
	var best []int32
	chosen := false
	for _, w := range p {
		if strings.ContainsAny(w, "*?") {
			continue
		}
		if l := f.words[w]; !chosen || len(l) < len(best) {
			best, chosen = l, true
		}
	}
	if !chosen {
		if len(p) == 0 {
			return nil
		}
		for w, l := range f.words {
			if match(p[0], w) {
				best = append(best, l...)
			}
		}
		best = slices.Clone(best)
		slices.Sort(best)
		best = slices.Compact(best)
	}
	var out []int32
	for _, n := range best {
		if slices.ContainsFunc(f.fields, func(field *schema.Field) bool { return holds(f.docs[n], field, p) }) {
			out = append(out, n)
		}
	}
	return out
}

// holds says whether the words of a phrase stand side by side in a field.
func holds(r *record.Record, f *schema.Field, p sosl.Phrase) bool {
	s := r.Text(f)
	if s == "" {
		return false
	}
	if len(p) == 1 && f.Type == schema.Phone && match(p[0], digits(s)) {
		return true
	}
	words := sosl.Words(s, false)
	for i := 0; i+len(p) <= len(words); i++ {
		ok := true
		for j := range p {
			if !match(p[j], words[i+j]) {
				ok = false
				break
			}
		}
		if ok {
			return true
		}
	}
	return false
}

// match compares a word with a pattern of * and ?.
func match(pattern, word string) bool {
	if !strings.ContainsAny(pattern, "*?") {
		return pattern == word
	}
	p, w := []rune(pattern), []rune(word)
	star, mark := -1, 0
	i, j := 0, 0
	for j < len(w) {
		switch {
		case i < len(p) && (p[i] == '?' || p[i] == w[j]):
			i++
			j++
		case i < len(p) && p[i] == '*':
			star, mark = i, j
			i++
		case star >= 0:
			mark++
			i, j = star+1, mark
		default:
			return false
		}
	}
	for i < len(p) && p[i] == '*' {
		i++
	}
	return i == len(p)
}
