package record

import (
	"strings"

	"cordboard/internal/crm"
	"cordboard/internal/crm/salesforce/access"
	"cordboard/internal/crm/salesforce/wire"
)

// kindOf is the kind of record a row is; person accounts are told from companies.
func kindOf(r wire.Row) crm.Kind {
	t := r.Text("attributes.type")
	if t == "Account" && r.Is("IsPersonAccount") {
		return crm.PersonAccount
	}
	return crm.Kind(t)
}

// day is the date of a date or an instant.
func day(s string) string {
	if len(s) > 10 {
		return s[:10]
	}
	return s
}

// shown are the fields that a match needs, per object; those the agent cannot see are left out of the query.
var shown = map[string][]string{
	"Account": {"Id", "Name", "LastActivityDate", "IsPersonAccount", "PersonContactId"},
	"Contact": {"Id", "Name", "AccountId", "Account.Name", "LastActivityDate", "IsPersonAccount"},
	"Lead":    {"Id", "Name", "Company", "LastActivityDate"},
	"Case":    {"Id", "CaseNumber", "Subject", "Status", "IsClosed", "ContactId", "Contact.Name", "AccountId", "Account.Name", "LastModifiedDate"},
}

// match makes a match of a row.
func match(sess *access.Session, r wire.Row, on string) crm.Match {
	m := crm.Match{
		Ref: crm.Ref{Kind: kindOf(r), ID: r.Text("Id")}, Name: r.Text("Name"), MatchedOn: on,
		LastActivity: day(r.Text("LastActivityDate")), Exact: true,
	}
	switch m.Kind {
	case crm.Contact:
		m.Company, m.AccountID = r.Text("Account.Name"), r.Text("AccountId")
		if r.Is("IsPersonAccount") && m.AccountID != "" {
			// The contact half of a person account: the account is the record that people know.
			m.ContactID, m.Ref, m.Company = m.ID, crm.Ref{Kind: crm.PersonAccount, ID: m.AccountID}, ""
		}
	case crm.PersonAccount:
		m.ContactID, m.AccountID = r.Text("PersonContactId"), m.ID
	case crm.Account:
		m.AccountID = m.ID
	case crm.Lead:
		m.Company = r.Text("Company")
	case crm.Case:
		m.Name = strings.TrimSpace(r.Text("CaseNumber") + " " + r.Text("Subject"))
		m.Company, m.AccountID, m.ContactID = r.Text("Account.Name"), r.Text("AccountId"), r.Text("ContactId")
		m.LastActivity, m.Closed = day(r.Text("LastModifiedDate")), r.Is("IsClosed")
	}
	m.URL = access.RecordURL(sess.Instance, m.Ref)
	return m
}
