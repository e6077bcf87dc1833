package access

import (
	"strings"

	"cordboard/internal/crm/salesforce/login"
	"cordboard/internal/crm/salesforce/wire"
	"cordboard/internal/fault"
	"cordboard/internal/tenant"
)

// refusals maps Salesforce's own codes to SF-9's results.
var refusals = map[string]Result{
	"INVALID_LOGIN":                           InvalidLogin,
	"LOGIN_MUST_USE_SECURITY_TOKEN":           TokenMissing,
	"PASSWORD_LOCKOUT":                        Locked,
	"ORG_LOCKED":                              Locked,
	"TRIAL_EXPIRED":                           Locked,
	"USER_SUSPENDED":                          Locked,
	"LOGIN_DURING_RESTRICTED_TIME":            Restricted,
	"LOGIN_DURING_RESTRICTED_DOMAIN":          Restricted,
	"LOGIN_CHALLENGE_ISSUED":                  Restricted,
	"LOGIN_CHALLENGE_PENDING":                 Restricted,
	"INVALID_OPERATION_WITH_EXPIRED_PASSWORD": PasswordExpired,
	"INVALID_OPERATION":                       SOAPLoginOff,
	"INSUFFICIENT_ACCESS":                     SOAPLoginOff, // "Use Any API Auth" is missing
	"UNSUPPORTED_API_VERSION":                 SOAPLoginOff,
	"API_DISABLED_FOR_ORG":                    APIDisabled,
	"API_CURRENTLY_DISABLED":                  Unreachable,
	"SERVER_UNAVAILABLE":                      Unreachable,
	"REQUEST_LIMIT_EXCEEDED":                  Unreachable,
	"UNKNOWN_EXCEPTION":                       Unreachable,
	// OAuth (section 5.2 of RFC 6749, and Salesforce's own).
	"invalid_grant":           InvalidLogin,
	"inactive_user":           Locked,
	"inactive_org":            Locked,
	"invalid_client":          NotApproved,
	"invalid_client_id":       NotApproved,
	"invalid_app_access":      NotApproved,
	"app_not_found":           NotApproved,
	"unauthorized_client":     NotApproved,
	"unsupported_grant_type":  NotApproved,
	"invalid_scope":           NotApproved,
	"rate_limit_exceeded":     Unreachable,
	"server_error":            Unreachable,
	"temporarily_unavailable": Unreachable,
}

// outcome is what an attempt to sign on came to, and Salesforce's own words where they add something.
func outcome(err error) (r Result, detail string) {
	if l, ok := wire.IsLost(err); ok {
		return Unreachable, l.Reason()
	}
	ref, ok := login.IsRefusal(err)
	if !ok {
		return Unreachable, "an error on our side"
	}
	text := strings.ToLower(ref.Text)
	switch r = refusals[ref.Code]; {
	case ref.Code == "invalid_grant" && (strings.Contains(text, "approved") || strings.Contains(text, "not installed")):
		return NotApproved, ref.Text
	case ref.Code == "invalid_grant" && strings.Contains(text, "ip restricted"):
		return Restricted, ref.Text
	case strings.Contains(text, "login rate exceeded"):
		return Unreachable, ref.Text
	case r != "":
		return r, ref.Text
	case strings.HasPrefix(ref.Code, "HTTP_") && ref.Status >= 500:
		return Unreachable, ref.Text
	case ref.Status == 404 || ref.Status == 410 || ref.Status >= 300 && ref.Status < 400:
		return Unreachable, "the login address does not answer as Salesforce does"
	}
	return InvalidLogin, ref.Code + ": " + ref.Text
}

// sentence is the text of SF-9 with what to do about it.
func sentence(so SignOn, detail string) string {
	said := ""
	if detail = strings.TrimSpace(detail); detail != "" {
		said = " Salesforce says: " + strings.TrimSuffix(detail, ".") + "."
	}
	switch so.Result {
	case Connected:
		return "Connected as " + so.UserName + " to " + so.OrgName + "."
	case InvalidLogin:
		t := "Salesforce refused user name, password or token; the user may also be locked. It is not tried again by itself: check them in External Setup and save them anew."
		if so.Kind == tenant.SignOnJWT {
			t = "Salesforce refused user name, password or token; the user may also be locked. It is not tried again by itself: ask your administrator to check your Login ID and the key in Salesforce, then press Test." + said
		} else if so.Worked {
			t += " A password change also changes the token."
		}
		return t
	case TokenMissing:
		return "Append your security token to the password, or enter it in its own box. Salesforce mails a new one from your personal settings (Reset My Security Token)."
	case Locked:
		return "Locked: Salesforce does not let this user in. Ask your Salesforce administrator to unlock the user, then press Test." + said
	case Restricted:
		return "Salesforce does not allow this user in at this hour or from this address. Ask your Salesforce administrator about login hours and IP ranges, then press Test." + said
	case PasswordExpired:
		return "Your password has expired. Change it in Salesforce, then enter the new one with its new token."
	case SOAPLoginOff:
		return "This org has switched password login off; use OAuth or JWT, or ask your Salesforce administrator to allow it (Setup > User Interface > Enable SOAP API login(), permission Use Any API Auth)." + said
	case APIDisabled:
		return "Your user or org has no API access; ask your Salesforce administrator for API Enabled (permission set Cordboard Agent), then press Test."
	case NotApproved:
		return "The Cordboard app is not installed or approved in the org. Ask your Salesforce administrator to approve it for you, then press Test." + said
	case Unreachable:
		return "Salesforce cannot be reached: " + strings.TrimSuffix(detail, ".") + ". It is tried again by itself."
	case NotSetUp:
		if so.Kind == tenant.SignOnJWT {
			return "Not signed in to Salesforce yet. It happens by itself at the next sign-in; Test tries it now."
		}
		return "No Salesforce sign-on is set up. Enter your credentials in External Setup."
	}
	return detail
}

// blocked reports whether a result must not be tried again by itself (SF-10).
func blocked(r Result) bool {
	switch r {
	case Connected, Unreachable, NotSetUp, "":
		return false
	}
	return true
}

// orgSide reports whether the fault may be the org's or its administrator's, so that the credentials are kept (SF-9) and
// the next console sign-in may try once more without any danger of locking the user.
func orgSide(r Result) bool {
	switch r {
	case Locked, Restricted, SOAPLoginOff, APIDisabled, NotApproved, Unreachable:
		return true
	}
	return false
}

// asFault is a sign-on that does not work, for whoever wanted a session.
func (so SignOn) asFault() *fault.Error {
	f := fault.New(fault.Unavailable, string(so.Result), so.Message)
	if so.Result == Unreachable {
		return f.Judge(fault.Retry, 0)
	}
	return f.Judge(fault.ParkLane, 0)
}
