// Package seed reads what an org is before anybody uses it: settings, custom fields, users, profiles, connected apps,
// records. A seed is a folder of JSON and CSV files; docs/guide/simorg.md describes them.
//
// A bad seed is refused whole, with file, line and reason. The seeds demo and private come with the program. Reading a
// seed twice gives the same org with the same record ids, which is what lets a kept state be laid over it. It writes
// through package change like every client does, only with the right to set any field.
package seed

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"cordboard/internal/simorg/engine/security"
)

//go:embed demo private
var embedded embed.FS

// Named returns a seed that comes with the program: demo or private.
func Named(name string) (fs.FS, error) {
	if name == "" {
		name = "demo"
	}
	if _, err := fs.Stat(embedded, name+"/org.json"); err != nil {
		return nil, fmt.Errorf("there is no seed named %q; demo and private come with the program, any other is a folder", name)
	}
	return fs.Sub(embedded, name)
}

// org is org.json.
type org struct {
	Name            string            `json:"name"`
	ID              string            `json:"id"`
	Sandbox         bool              `json:"sandbox"`
	Edition         string            `json:"edition"`
	TimeZone        string            `json:"timeZone"`
	RequireToken    bool              `json:"requireToken"`
	TrustedRanges   []string          `json:"trustedRanges"`
	SOAPLogin       *bool             `json:"soapLogin"`
	AnyAPIAuth      bool              `json:"useAnyApiAuth"`
	PasswordGrant   *bool             `json:"passwordGrant"`
	SessionMinutes  int               `json:"sessionMinutes"`
	LockSessionToIP bool              `json:"lockSessionsToIp"`
	LockoutAfter    int               `json:"lockoutAfter"`
	LockoutMinutes  int               `json:"lockoutMinutes"`
	DailyRequests   int64             `json:"dailyRequests"`
	AllowFraming    bool              `json:"allowFraming"`
	PersonAccounts  bool              `json:"personAccounts"`
	SearchLag       string            `json:"searchLag"`
	Sharing         map[string]string `json:"sharing"`
}

type customObject struct {
	Name   string        `json:"name"`
	Label  string        `json:"label"`
	Plural string        `json:"plural"`
	Prefix string        `json:"keyPrefix"`
	Fields []customField `json:"fields"`
}

type customField struct {
	Name          string   `json:"name"`
	Label         string   `json:"label"`
	Type          string   `json:"type"`
	Length        int      `json:"length"`
	Precision     int      `json:"precision"`
	Scale         int      `json:"scale"`
	Required      bool     `json:"required"`
	Unique        bool     `json:"unique"`
	CaseSensitive bool     `json:"caseSensitive"`
	ExternalID    bool     `json:"externalId"`
	Values        []string `json:"values"`
	Restricted    bool     `json:"restricted"`
	Default       any      `json:"default"`
	RefersTo      []string `json:"refersTo"`
	Relationship  string   `json:"childRelationship"`
	Help          string   `json:"help"`
}

type grants struct {
	Name        string            `json:"name"`
	Permissions []string          `json:"permissions"`
	Objects     map[string]string `json:"objects"`
	Fields      map[string]string `json:"fields"`
	LoginHours  []string          `json:"loginHours"`
	LoginRanges []string          `json:"loginRanges"`
}

type role struct {
	Name   string `json:"name"`
	Parent string `json:"parent"`
}

type user struct {
	Username       string   `json:"username"`
	Password       string   `json:"password"`
	Token          string   `json:"token"`
	Expired        bool     `json:"passwordExpired"`
	LoginFault     string   `json:"loginFault"`
	First          string   `json:"firstName"`
	Last           string   `json:"lastName"`
	Email          string   `json:"email"`
	Title          string   `json:"title"`
	Phone          string   `json:"phone"`
	Profile        string   `json:"profile"`
	Role           string   `json:"role"`
	PermissionSets []string `json:"permissionSets"`
	Inactive       bool     `json:"inactive"`
	TimeZone       string   `json:"timeZone"`
}

type app struct {
	Name        string   `json:"name"`
	Key         string   `json:"consumerKey"`
	Secret      string   `json:"consumerSecret"`
	PublicKey   string   `json:"publicKey"`
	Certificate string   `json:"certificate"`
	File        string   `json:"publicKeyFile"`
	Users       []string `json:"preauthorized"`
	RunAs       string   `json:"runAs"`
	Redirects   []string `json:"redirectUris"`
	Rotate      bool     `json:"rotateRefreshTokens"`
	Scope       string   `json:"scope"`
}

type rules struct {
	Duplicates []struct {
		Name, Object, Message string
		Match                 []string
		Block                 bool
	} `json:"duplicates"`
	Validations []struct{ Name, Object, Where, Message, Field string } `json:"validations"`
}

type share struct {
	Record string `json:"record"`
	User   string `json:"user"`
	Role   string `json:"role"`
	Level  string `json:"level"`
}

// Seed is a read seed, ready to start an org.
type Seed struct {
	fsys    fs.FS
	org     org
	objects []customObject
	roles   []role
	profile []grants
	sets    []grants
	users   []user
	apps    []app
	rules   rules
	shares  []share
	policy  *security.Policy
	keys    map[string]string // external key or user name → id
}

// Read reads a seed's settings; its records are read when the org starts.
func Read(fsys fs.FS) (*Seed, error) {
	s := &Seed{fsys: fsys, keys: map[string]string{}, policy: security.NewPolicy()}
	if err := read(fsys, "org.json", &s.org, true); err != nil {
		return nil, err
	}
	for name, into := range map[string]any{"objects.json": &s.objects, "roles.json": &s.roles, "permissionsets.json": &s.sets, "apps.json": &s.apps, "rules.json": &s.rules, "shares.json": &s.shares} {
		if err := read(fsys, name, into, false); err != nil {
			return nil, err
		}
	}
	for name, into := range map[string]any{"profiles.json": &s.profile, "users.json": &s.users} {
		if err := read(fsys, name, into, true); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// read decodes one file, saying file and line of what is wrong.
func read(fsys fs.FS, name string, into any, must bool) error {
	b, err := fs.ReadFile(fsys, name)
	if errors.Is(err, fs.ErrNotExist) {
		if must {
			return fmt.Errorf("%s: the seed has no such file, and needs it", name)
		}
		return nil
	}
	if err != nil {
		return err
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return at(name, b, offset(err, dec), err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return at(name, b, dec.InputOffset(), errors.New("something stands behind the end"))
	}
	return nil
}

func offset(err error, dec *json.Decoder) int64 {
	var syntax *json.SyntaxError
	var typ *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return syntax.Offset
	case errors.As(err, &typ):
		return typ.Offset
	}
	return dec.InputOffset()
}

func at(name string, b []byte, off int64, err error) error {
	off = min(off, int64(len(b)))
	return fmt.Errorf("%s:%d: %w", name, 1+bytes.Count(b[:off], []byte("\n")), err)
}
