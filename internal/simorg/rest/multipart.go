package rest

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"strings"

	"cordboard/internal/simorg/engine/change"
	"cordboard/internal/simorg/engine/refusal"
)

// multi reads a record with a binary part, as clients send files: a JSON part, then one named after the blob field.
func multi(r *request) (change.Input, *refusal.Error) {
	bad := func(text string) *refusal.Error { return refusal.New(400, "INVALID_MULTIPART_REQUEST", "%s", text) }
	_, params, err := mime.ParseMediaType(r.header.Get("Content-Type"))
	if err != nil || params["boundary"] == "" {
		return nil, bad("Multipart message does not include a boundary")
	}
	parts := multipart.NewReader(bytes.NewReader(r.body), params["boundary"])
	in := change.Input{}
	for {
		p, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, bad("Unable to parse multipart request")
		}
		b, err := io.ReadAll(p)
		if err != nil {
			return nil, bad("Unable to parse multipart request")
		}
		if strings.HasPrefix(p.Header.Get("Content-Type"), "application/json") && p.FileName() == "" {
			if err := decode(b, &in); err != nil {
				return nil, err
			}
			continue
		}
		in[p.FormName()] = base64.StdEncoding.EncodeToString(b)
		if p.FileName() != "" && in["PathOnClient"] == nil {
			in["PathOnClient"] = p.FileName()
		}
	}
	return in, nil
}
