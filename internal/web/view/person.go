package view

import (
	"cmp"
	"slices"
	"time"

	"cordboard/internal/agent"
	"cordboard/internal/crm/salesforce"
	"cordboard/internal/desk"
	"cordboard/internal/tenant"
)

// MeOf is who is signed in.
func MeOf(c *tenant.Config, u tenant.User, version string, now time.Time) Me {
	return Me{
		AgentID: u.ID, UserID: u.UserID, Name: u.Name(), Roles: notNil(u.Roles), Tenant: c.Name,
		TenantLabel: cmp.Or(c.Profile.Label, c.Name), TimeZone: c.Profile.TimeZone, Region: c.Profile.Region,
		Seat: u.Seat, Endpoint: u.Endpoint, Version: version, ServerTime: utc(now),
	}
}

// AgentOf is an agent's status. By is a name for people, except when it is the agent himself or the system.
func AgentOf(c *tenant.Config, a agent.Agent) Agent {
	by := a.By
	if u, ok := c.Users[by]; ok && by != a.ID {
		by = u.Name()
	}
	return Agent{ID: a.ID, Status: a.Status, StatusName: a.Status.String(), Since: utc(a.Since), Reason: a.Reason, By: by}
}

// WaitingOf is how busy the queues are.
func WaitingOf(w desk.Waiting) Waiting {
	return Waiting{Waiting: w.Waiting, LongestSince: utc(w.Longest), Available: w.Available, SignedIn: w.SignedIn}
}

// SettingsOf are the settings that the console works by.
func SettingsOf(c *tenant.Config) Settings {
	s := c.ScreenPop
	return Settings{
		AllowReject: c.Profile.AllowReject, ScreenPop: s.Enabled, AutoLog: s.Enabled && s.AutoLog.On,
		LogWindow: s.Enabled && s.AutoLog.On && !s.AutoLog.WithoutWindow,
		Target:    s.Target, Integration: s.Integration, TenantTimeZone: c.Profile.TimeZone,
	}
}

// CodeListsOf are all lists, by id.
func CodeListsOf(c *tenant.Config) []CodeList {
	out := []CodeList{}
	for _, l := range c.CodeLists {
		out = append(out, CodeList{ID: l.ID, Name: l.Name, Required: l.Required, Multiple: l.Multiple, Items: notNil(l.Items)})
	}
	slices.SortFunc(out, func(a, b CodeList) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

// sunset is SF-7's dated notice.
const sunset = "Salesforce ends sign-in by password and token with its Summer '27 release, and it is off in newer orgs. Ask your administrator to move to OAuth or JWT in time."

// remedy says what to do about each result of signing on (SF-9).
var remedy = map[salesforce.Result]string{
	salesforce.InvalidLogin:    "Check the Login ID, the password and the security token at its end, and save them again. If you have just reset your password, the token is new too.",
	salesforce.TokenMissing:    "Append your security token to the password, without a space, and save again. Salesforce sends a new token by email when you reset it in your personal settings.",
	salesforce.Locked:          "Wait until Salesforce unlocks the user, or ask your Salesforce administrator to unlock it. Then press Test.",
	salesforce.Restricted:      "Ask your Salesforce administrator to permit logins at this hour and from this server's address. Then press Test.",
	salesforce.PasswordExpired: "Change the password in Salesforce, then enter the new one here with its new token.",
	salesforce.SOAPLoginOff:    "Password sign-on is switched off in this org. Ask your administrator to permit JWT sign-on on the Screen Pop page.",
	salesforce.APIDisabled:     "Ask your Salesforce administrator to give your user the permission API Enabled. Then press Test.",
	salesforce.NotApproved:     "Ask your Salesforce administrator to install or approve the Cordboard app for your user. Then press Test.",
	salesforce.Unreachable:     "Nothing to do: it is tried again by itself. Calls go on, and logs are written later.",
	salesforce.NotSetUp:        "Open External Setup in your profile and save your Salesforce sign-on.",
}

// SignOnOf is a sign-on as its agent sees it.
func SignOnOf(c *tenant.Config, s salesforce.SignOn) SignOn {
	result := s.Result
	if result == "" {
		result = salesforce.NotSetUp
	}
	v := SignOn{
		Kind: s.Kind, LoginID: s.LoginID, SavedAt: utc(s.SavedAt), Result: string(result), Message: s.Message, Remedy: remedy[result],
		CheckedAt: utc(s.CheckedAt), UserName: s.UserName, OrgName: s.OrgName, Instance: s.Instance,
		Kinds: notNil(c.ScreenPop.Connection.SignOns),
	}
	if result == salesforce.NotSetUp && v.Message == "" {
		v.Message = "No Salesforce sign-on is set up yet."
	}
	if s.Kind == tenant.SignOnPassword {
		v.Sunset = sunset
	}
	if s.Kind == "" && c.Users[s.Agent].LoginID != "" && slices.Contains(v.Kinds, tenant.SignOnJWT) {
		v.LoginID = c.Users[s.Agent].LoginID
	}
	return v
}
