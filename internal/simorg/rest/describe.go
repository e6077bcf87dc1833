package rest

import (
	"strings"

	"cordboard/internal/simorg/engine"
	"cordboard/internal/simorg/engine/schema"
	"cordboard/internal/simorg/engine/security"
)

// brief is an object in the global describe; the full one adds to it.
func brief(r *request, d engine.Description) map[string]any {
	o := d.Object
	base := r.v() + "/sobjects/" + o.Name
	urls := map[string]string{"sobject": base, "describe": base + "/describe", "rowTemplate": base + "/{ID}"}
	m := map[string]any{
		"activateable": false, "associateEntityType": nil, "associateParentEntity": nil, "createable": o.Createable && d.Access.Create,
		"custom": o.Custom, "customSetting": false, "deepCloneable": false, "deletable": o.Delete && d.Access.Delete,
		"deprecatedAndHidden": false, "feedEnabled": false, "hasSubtypes": o.Name == "Account" && o.Field("IsPersonAccount") != nil,
		"isInterface": false, "isSubtype": false, "keyPrefix": nil, "label": o.Label, "labelPlural": o.Plural, "layoutable": o.Layouted,
		"mergeable": o.Name == "Account" || o.Name == "Contact" || o.Name == "Lead", "mruEnabled": o.Searchable, "name": o.Name, "queryable": true,
		"replicateable": !o.Virtual, "retrieveable": !o.Virtual, "searchable": o.Searchable, "triggerable": !o.Virtual,
		"undeletable": o.Delete && d.Access.Delete, "updateable": o.Updateable && d.Access.Edit, "urls": urls,
	}
	if o.Prefix != "" {
		m["keyPrefix"] = o.Prefix
	}
	return m
}

func (f *Face) global(r *request) answer {
	list := []map[string]any{}
	for _, d := range f.Engine.Objects(r.caller) {
		list = append(list, brief(r, d))
	}
	return good(map[string]any{"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": list})
}

func (f *Face) info(r *request, object string) answer {
	if r.method != "GET" && r.method != "HEAD" {
		return notAllowed(r.method)
	}
	d, err := f.Engine.Describe(r.caller, object)
	if err != nil {
		return refuse(err)
	}
	return good(map[string]any{"objectDescribe": brief(r, d), "recentItems": []any{}})
}

func (f *Face) describe(r *request, object string) answer {
	d, err := f.Engine.Describe(r.caller, object)
	if err != nil {
		return refuse(err)
	}
	m := brief(r, d)
	fields := []map[string]any{}
	for _, v := range d.Fields {
		fields = append(fields, field(v))
	}
	kids := []map[string]any{}
	for _, c := range d.Children {
		var name any
		if c.Name != "" {
			name = c.Name
		}
		kids = append(kids, map[string]any{"cascadeDelete": false, "childSObject": c.Object.Name, "deprecatedAndHidden": false, "field": c.Field.Name, "junctionIdListNames": []string{}, "junctionReferenceTo": []string{}, "relationshipName": name, "restrictedDelete": false})
	}
	m["fields"], m["childRelationships"] = fields, kids
	m["actionOverrides"], m["namedLayoutInfos"], m["supportedScopes"] = []any{}, []any{}, []map[string]string{{"label": "All " + d.Object.Plural, "name": "everything"}, {"label": "My " + d.Object.Plural, "name": "mine"}}
	m["recordTypeInfos"] = []map[string]any{{"active": true, "available": true, "defaultRecordTypeMapping": true, "developerName": "Master", "master": true, "name": "Master", "recordTypeId": "012000000000000AAA", "urls": map[string]string{"layout": r.v() + "/sobjects/" + d.Object.Name + "/describe/layouts/012000000000000AAA"}}}
	m["compactLayoutable"], m["searchLayoutable"], m["listviewable"], m["lookupLayoutable"] = true, d.Object.Searchable, nil, nil
	m["implementedBy"], m["implementsInterfaces"], m["extendedBy"], m["extendsInterfaces"] = nil, nil, nil, nil
	m["defaultImplementation"], m["networkScopeFieldName"], m["sobjectDescribeOption"] = nil, nil, "FULL"
	return good(m)
}

// soapTypes are the SOAP types of field types; the others are strings.
var soapTypes = map[schema.Type]string{
	schema.ID: "tns:ID", schema.Reference: "tns:ID", schema.Boolean: "xsd:boolean", schema.Int: "xsd:int", schema.Double: "xsd:double",
	schema.Currency: "xsd:double", schema.Percent: "xsd:double", schema.Date: "xsd:date", schema.DateTime: "xsd:dateTime", schema.Base64: "xsd:base64Binary", schema.Address: "urn:address",
}

func field(v engine.FieldView) map[string]any {
	f := v.Field
	edit := v.Level == security.Edit
	long := f.Type == schema.TextArea && f.Length > 255 || f.Type == schema.Base64
	soap := soapTypes[f.Type]
	if soap == "" {
		soap = "xsd:string"
	}
	values := []map[string]any{}
	for _, p := range f.Values {
		values = append(values, map[string]any{"active": true, "defaultValue": p == f.Default, "label": p, "validFor": nil, "value": p})
	}
	refs := f.RefTo
	if refs == nil {
		refs = []string{}
	}
	var rel any
	if f.Type == schema.Reference {
		rel = f.Relationship
	}
	var def any
	if f.Type == schema.Boolean {
		def = f.Default == true
	}
	digits, precision := 0, f.Precision
	if f.Type == schema.Int {
		digits, precision = f.Precision, 0
	}
	var extra any
	switch {
	case f.Type == schema.TextArea && f.Length > 255:
		extra = "plaintextarea"
	case f.Name == "FirstName" || f.Name == "LastName" || f.Name == "Salutation":
		extra = "personname"
	}
	var compound any
	if base, ok := addressPart(f); ok {
		compound = base
	}
	var help any
	if f.Help != "" {
		help = f.Help
	}
	return map[string]any{
		"aggregatable": !long && f.Type != schema.Boolean && f.Type != schema.Address, "aiPredictionField": false, "autoNumber": f.AutoNumber != "",
		"byteLength": f.Length * 3, "calculated": f.Calculated && f.Type != schema.Address && !f.NameField, "calculatedFormula": nil, "cascadeDelete": false,
		"caseSensitive": f.CaseSens, "compoundFieldName": compound, "controllerName": nil, "createable": f.Createable && edit, "custom": f.Custom,
		"defaultValue": def, "defaultValueFormula": nil, "defaultedOnCreate": f.Default != nil || f.AutoNumber != "" || f.Name == "OwnerId" || !f.Createable && !f.Nillable,
		"dependentPicklist": false, "deprecatedAndHidden": false, "digits": digits, "displayLocationInDecimal": false, "encrypted": false,
		"externalId": f.ExternalID, "extraTypeInfo": extra, "filterable": !long && f.Type != schema.Address, "filteredLookupInfo": nil,
		"formulaTreatNullNumberAsZero": false, "groupable": !long && f.Type != schema.DateTime && f.Type != schema.Double && f.Type != schema.Currency && f.Type != schema.Percent,
		"highScaleNumber": false, "htmlFormatted": f.HTML, "idLookup": f.IDLookup, "inlineHelpText": help, "label": f.Label, "length": f.Length,
		"mask": nil, "maskType": nil, "name": f.Name, "nameField": f.NameField, "namePointing": len(f.RefTo) > 1, "nillable": f.Nillable,
		"permissionable": f.Securable && f.Type != schema.Address, "picklistValues": values, "polymorphicForeignKey": len(f.RefTo) > 1, "precision": precision,
		"queryByDistance": f.Type == schema.Address, "referenceTargetField": nil, "referenceTo": refs, "relationshipName": rel, "relationshipOrder": nil,
		"restrictedDelete": false, "restrictedPicklist": f.Restricted, "scale": f.Scale, "searchPrefilterable": f.Type == schema.Reference,
		"soapType": soap, "sortable": !long && f.Type != schema.Address, "type": string(f.Type), "unique": f.Unique,
		"updateable": f.Updateable && edit, "writeRequiresMasterRead": false,
	}
}

// addressPart names the compound field a part of an address or name belongs to.
func addressPart(f *schema.Field) (string, bool) {
	switch f.Name {
	case "FirstName", "LastName", "Salutation":
		if f.Object.Name != "Account" {
			return "Name", true
		}
	}
	for _, part := range []string{"Street", "City", "State", "PostalCode", "Country"} {
		base, ok := strings.CutSuffix(f.Name, part)
		if ok && f.Object.Field(base+"Address") != nil && f.Object.Field(base+"Address").Type == schema.Address {
			return base + "Address", true
		}
	}
	return "", false
}
