package seed

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"cordboard/internal/simorg/engine"
	"cordboard/internal/simorg/engine/change"
	"cordboard/internal/simorg/engine/ident"
	"cordboard/internal/simorg/engine/schema"
	"cordboard/internal/simorg/engine/security"
	"cordboard/internal/simorg/engine/signon"
)

// Config makes the org's configuration.
func (s *Seed) Config(clock func() time.Time) (engine.Config, error) {
	var cfg engine.Config
	sch, err := schema.New(schema.Options{PersonAccounts: s.org.PersonAccounts})
	if err != nil {
		return cfg, err
	}
	if err := s.custom(sch); err != nil {
		return cfg, fmt.Errorf("objects.json: %w", err)
	}
	if err := sch.Seal(); err != nil {
		return cfg, fmt.Errorf("objects.json: %w", err)
	}
	zone := time.UTC
	if s.org.TimeZone != "" {
		if zone, err = time.LoadLocation(s.org.TimeZone); err != nil {
			return cfg, fmt.Errorf("org.json: timeZone: %w", err)
		}
	}
	rules, err := s.signOn()
	if err != nil {
		return cfg, fmt.Errorf("org.json: %w", err)
	}
	if err := s.sharing(sch); err != nil {
		return cfg, fmt.Errorf("org.json: %w", err)
	}
	cfg = engine.Config{
		Settings: engine.Settings{OrgName: s.org.Name, Sandbox: s.org.Sandbox, DailyRequests: s.org.DailyRequests, AllowFraming: s.org.AllowFraming, Zone: zone},
		Schema:   sch, Policy: s.policy, Rules: rules, Clock: clock,
	}
	if cfg.Settings.DailyRequests == 0 {
		cfg.Settings.DailyRequests = 15000
	}
	if s.org.SearchLag != "" {
		if cfg.SearchLag, err = time.ParseDuration(s.org.SearchLag); err != nil {
			return cfg, fmt.Errorf("org.json: searchLag: %w", err)
		}
	}
	for _, d := range s.rules.Duplicates {
		o := sch.Object(d.Object)
		if o == nil || len(d.Match) == 0 {
			return cfg, fmt.Errorf("rules.json: duplicate rule %q needs a known object and fields to match", d.Name)
		}
		for _, f := range d.Match {
			if o.Field(f) == nil {
				return cfg, fmt.Errorf("rules.json: duplicate rule %q: %s has no field %s", d.Name, o.Name, f)
			}
		}
		cfg.Duplicates = append(cfg.Duplicates, change.DuplicateRule{Name: d.Name, Object: o.Name, Match: d.Match, Block: d.Block, Message: d.Message})
	}
	for _, v := range s.rules.Validations {
		cfg.Validations = append(cfg.Validations, change.Validation{Name: v.Name, Object: v.Object, Where: v.Where, Message: v.Message, Field: v.Field})
	}
	return cfg, nil
}

func (s *Seed) signOn() (signon.Rules, error) {
	o := s.org
	id, ok := ident.Canon(o.ID)
	if o.ID == "" {
		id, ok = ident.New("00D", 1), true
	}
	if !ok || !strings.HasPrefix(id, "00D") {
		return signon.Rules{}, fmt.Errorf("id %q is no organisation id (15 or 18 characters, beginning with 00D)", o.ID)
	}
	r := signon.Rules{
		OrgID: id, RequireToken: o.RequireToken, SOAPLogin: o.SOAPLogin == nil || *o.SOAPLogin, AnyAPIAuth: o.AnyAPIAuth,
		PasswordGrant: o.PasswordGrant == nil || *o.PasswordGrant, SessionTimeout: time.Duration(o.SessionMinutes) * time.Minute,
		LockSessionToIP: o.LockSessionToIP, LockoutAfter: o.LockoutAfter, LockoutFor: time.Duration(o.LockoutMinutes) * time.Minute,
	}
	if r.SessionTimeout == 0 {
		r.SessionTimeout = 2 * time.Hour
	}
	if r.LockoutFor == 0 {
		r.LockoutFor = 15 * time.Minute
	}
	for _, t := range o.TrustedRanges {
		p, err := netip.ParsePrefix(t)
		if err != nil {
			return r, fmt.Errorf("trustedRanges: %w", err)
		}
		r.Trusted = append(r.Trusted, p)
	}
	return r, nil
}

func (s *Seed) sharing(sch *schema.Schema) error {
	for _, name := range []string{"Account", "Contact", "Lead", "Opportunity"} {
		s.policy.Defaults[strings.ToLower(name)] = security.Edit
	}
	s.policy.Defaults["case"] = security.Edit
	for name, level := range s.org.Sharing {
		o := sch.Object(name)
		if o == nil {
			return fmt.Errorf("sharing: there is no object %s", name)
		}
		key := strings.ToLower(name)
		switch level {
		case "Private":
			s.policy.Defaults[key] = security.Hidden
		case "Read":
			s.policy.Defaults[key] = security.Read
		case "ReadWrite":
			s.policy.Defaults[key] = security.Edit
		case "ControlledByParent":
			s.policy.Defaults[key] = security.Hidden
			s.policy.ByParent[key] = true
		default:
			return fmt.Errorf("sharing of %s: %q is none of Private, Read, ReadWrite, ControlledByParent", name, level)
		}
	}
	return nil
}

func (s *Seed) custom(sch *schema.Schema) error {
	for _, c := range s.objects {
		o := sch.Object(c.Name)
		if o == nil {
			if !strings.HasSuffix(c.Name, "__c") {
				return fmt.Errorf("%s is no standard object, and a custom one ends in __c", c.Name)
			}
			o = &schema.Object{Name: c.Name, Label: c.Label, Plural: c.Plural, Prefix: c.Prefix, Custom: true, Createable: true, Updateable: true, Delete: true, Searchable: true, Layouted: true}
			if o.Label == "" {
				o.Label = strings.TrimSuffix(c.Name, "__c")
			}
			if err := sch.AddObject(o, true); err != nil {
				return err
			}
			if err := sch.Add(o, &schema.Field{Name: "Name", Label: o.Label + " Name", Type: schema.String, Length: 80, Nillable: true, Createable: true, Updateable: true, NameField: true, IDLookup: true, Indexed: true}); err != nil {
				return err
			}
		}
		for _, f := range c.Fields {
			if !strings.HasSuffix(f.Name, "__c") {
				return fmt.Errorf("%s.%s: a custom field ends in __c", c.Name, f.Name)
			}
			nf := &schema.Field{
				Name: f.Name, Label: f.Label, Type: schema.Type(f.Type), Length: f.Length, Precision: f.Precision, Scale: f.Scale, Required: f.Required,
				Nillable: !f.Required, Createable: true, Updateable: true, Unique: f.Unique, CaseSens: f.CaseSensitive, ExternalID: f.ExternalID,
				IDLookup: f.ExternalID, Indexed: f.ExternalID || f.Unique, Custom: true, Securable: !f.Required, Restricted: f.Restricted, Values: f.Values,
				Default: f.Default, RefTo: f.RefersTo, ChildName: f.Relationship, Help: f.Help,
			}
			if nf.Label == "" {
				nf.Label = strings.ReplaceAll(strings.TrimSuffix(f.Name, "__c"), "_", " ")
			}
			if nf.Type == schema.String && nf.Length == 0 {
				nf.Length = 255
			}
			if err := sch.Add(o, nf); err != nil {
				return err
			}
		}
	}
	return nil
}

// publicKey reads an app's key from PEM, a certificate or a bare public key.
func publicKey(text string) (*rsa.PublicKey, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, errors.New("is not PEM")
	}
	if cert, err := x509.ParseCertificate(block.Bytes); err == nil {
		if k, ok := cert.PublicKey.(*rsa.PublicKey); ok {
			return k, nil
		}
		return nil, errors.New("the certificate's key is not RSA")
	}
	if k, err := x509.ParsePKCS1PublicKey(block.Bytes); err == nil {
		return k, nil
	}
	k, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	r, ok := k.(*rsa.PublicKey)
	if !ok {
		return nil, errors.New("the key is not RSA")
	}
	return r, nil
}
