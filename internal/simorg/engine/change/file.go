package change

import (
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"path"
	"strconv"
	"strings"

	"cordboard/internal/simorg/engine/record"
	"cordboard/internal/simorg/engine/refusal"
)

// version fills what a file's version says of its bytes.
func (w *World) version(old, r *record.Record) *refusal.Error {
	if old != nil {
		return nil
	}
	data := r.Named("VersionData")
	var missing []string
	if r.Named("PathOnClient") == "" {
		missing = append(missing, "PathOnClient")
	}
	if data == "" {
		missing = append(missing, "VersionData")
	}
	if len(missing) > 0 {
		return refusal.Bad("REQUIRED_FIELD_MISSING", missing, "Required fields are missing: [%s]", strings.Join(missing, ", "))
	}
	raw, err := base64.StdEncoding.DecodeString(data)
	if err != nil {
		return refusal.New(400, "JSON_PARSER_ERROR", "VersionData is not base64")
	}
	sum := md5.Sum(raw)
	r.SetNamed("ContentSize", float64(len(raw)))
	r.SetNamed("Checksum", hex.EncodeToString(sum[:]))
	base := path.Base(strings.ReplaceAll(r.Named("PathOnClient"), `\`, "/"))
	ext := strings.TrimPrefix(path.Ext(base), ".")
	r.SetNamed("FileExtension", ext)
	kind := strings.ToUpper(ext)
	switch kind {
	case "TXT":
		kind = "TEXT"
	case "":
		kind = "UNKNOWN"
	}
	r.SetNamed("FileType", kind)
	if r.Named("Title") == "" {
		r.SetNamed("Title", strings.TrimSuffix(base, path.Ext(base)))
	}
	r.SetNamed("IsLatest", true)
	r.SetNamed("VersionNumber", "1")
	return nil
}

// document makes or moves the file a version belongs to, and the links that come with a new one.
func (w *World) document(v *record.Record) *refusal.Error {
	docs, links := w.Schema.Object("ContentDocument"), w.Schema.Object("ContentDocumentLink")
	inner := *w
	inner.System = true
	if id := v.Named("ContentDocumentId"); id != "" {
		n := 1
		before, _ := w.Store.Lookup(v.Object.Field("ContentDocumentId"), id)
		for _, b := range before {
			if b.ID != v.ID {
				n++
				b = b.Clone()
				b.SetNamed("IsLatest", false)
				w.Store.Put(b)
			}
		}
		v = v.Clone()
		v.SetNamed("VersionNumber", strconv.Itoa(n))
		w.Store.Put(v)
		if d := w.get("ContentDocument", id); d != nil {
			_, err := inner.Update(d, Input{"LatestPublishedVersionId": v.ID, "ContentSize": v.Get(v.Object.Field("ContentSize")), "Title": v.Named("Title")}, Options{})
			return err
		}
		return nil
	}
	d, err := inner.Create(docs, Input{"Title": v.Named("Title"), "FileType": v.Named("FileType"), "FileExtension": v.Named("FileExtension"), "ContentSize": v.Get(v.Object.Field("ContentSize")), "LatestPublishedVersionId": v.ID, "OwnerId": v.Named("OwnerId")}, Options{})
	if err != nil {
		return err
	}
	v = v.Clone()
	v.SetNamed("ContentDocumentId", d.ID)
	w.Store.Put(v)
	to := []string{v.Named("OwnerId")}
	if first := v.Named("FirstPublishLocationId"); first != "" && first != to[0] {
		to = append(to, first)
	}
	for i, id := range to {
		share := "I"
		if i > 0 {
			share = "V"
		}
		if _, err := inner.Create(links, Input{"LinkedEntityId": id, "ContentDocumentId": d.ID, "ShareType": share}, Options{}); err != nil {
			return err
		}
	}
	return nil
}
