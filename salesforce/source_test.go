package source

import (
	"encoding/json"
	"encoding/xml"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const metadata = "http://soap.sforce.com/2006/04/metadata"

func read(t *testing.T, path string, into any) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasSuffix(path, ".json") {
		err = json.Unmarshal(b, into)
	} else {
		err = xml.Unmarshal(b, into)
	}
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

func TestProject(t *testing.T) {
	var p struct {
		Directories []struct {
			Path    string `json:"path"`
			Default bool   `json:"default"`
		} `json:"packageDirectories"`
		Version string `json:"sourceApiVersion"`
	}
	read(t, "sfdx-project.json", &p)
	if len(p.Directories) != 1 || p.Directories[0].Path != "force-app" || !p.Directories[0].Default || p.Version != "64.0" {
		t.Errorf("%+v", p)
	}
}

// SF-2: what makes a log appear exactly once.
func TestKeyField(t *testing.T) {
	var f struct {
		XMLName       xml.Name
		FullName      string `xml:"fullName"`
		Type          string `xml:"type"`
		Length        int    `xml:"length"`
		ExternalID    bool   `xml:"externalId"`
		Unique        bool   `xml:"unique"`
		CaseSensitive bool   `xml:"caseSensitive"`
		Required      bool   `xml:"required"`
	}
	read(t, "force-app/main/default/objects/Activity/fields/CC_Interaction_Key__c.field-meta.xml", &f)
	if f.XMLName != (xml.Name{Space: metadata, Local: "CustomField"}) || f.FullName != "CC_Interaction_Key__c" || f.Type != "Text" || f.Length != 120 ||
		!f.ExternalID || !f.Unique || !f.CaseSensitive || f.Required {
		t.Errorf("%+v", f)
	}
}

func TestPermissionSet(t *testing.T) {
	var p struct {
		XMLName xml.Name
		Label   string `xml:"label"`
		Fields  []struct {
			Field    string `xml:"field"`
			Readable bool   `xml:"readable"`
			Editable bool   `xml:"editable"`
		} `xml:"fieldPermissions"`
		User []struct {
			Name    string `xml:"name"`
			Enabled bool   `xml:"enabled"`
		} `xml:"userPermissions"`
		Objects []struct{} `xml:"objectPermissions"`
	}
	read(t, "force-app/main/default/permissionsets/Cordboard_Agent.permissionset-meta.xml", &p)
	if p.XMLName != (xml.Name{Space: metadata, Local: "PermissionSet"}) || p.Label != "Cordboard Agent" || len(p.Objects) != 0 {
		t.Errorf("%+v", p)
	}
	if len(p.Fields) != 1 || p.Fields[0].Field != "Task.CC_Interaction_Key__c" || !p.Fields[0].Readable || !p.Fields[0].Editable {
		t.Errorf("field permissions %+v", p.Fields)
	}
	got := map[string]bool{}
	for _, u := range p.User {
		got[u.Name] = u.Enabled
	}
	if len(got) != 2 || !got["ApiEnabled"] || !got["EditTask"] {
		t.Errorf("user permissions %v: these two and no more", got)
	}
}

// Every file is well-formed, named as its kind demands, and holds no secret.
func TestEveryFile(t *testing.T) {
	kinds := map[string]string{".field-meta.xml": "fields", ".permissionset-meta.xml": "permissionsets"}
	n := 0
	err := filepath.WalkDir("force-app", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		n++
		name := d.Name()
		_, suffix, _ := strings.Cut(name, ".")
		if folder := kinds["."+suffix]; folder == "" || filepath.Base(filepath.Dir(path)) != folder {
			t.Errorf("%s is in the wrong folder or of a kind that this test does not know", path)
		}
		var any struct{ XMLName xml.Name }
		read(t, path, &any)
		if any.XMLName.Space != metadata {
			t.Errorf("%s: namespace %q", path, any.XMLName.Space)
		}
		b, _ := os.ReadFile(path)
		for _, secret := range []string{"consumerSecret", "PRIVATE KEY", "password"} {
			if strings.Contains(string(b), secret) {
				t.Errorf("%s holds %q", path, secret)
			}
		}
		return nil
	})
	if err != nil || n != 2 {
		t.Errorf("%d files, %v", n, err)
	}
}
