package oauth

import (
	"net/http"
	"net/url"
	"strings"

	"cordboard/internal/simorg/engine"
	"cordboard/internal/simorg/engine/refusal"
)

// caller is who a token belongs to: in the header, or as oauth_token or access_token.
func (f *Face) caller(r *http.Request) (engine.Caller, *refusal.Error) {
	kind, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(kind, "Bearer") && !strings.EqualFold(kind, "OAuth") {
		token = r.FormValue("oauth_token")
		if token == "" {
			token = r.FormValue("access_token")
		}
	}
	return f.Engine.Browser(strings.TrimSpace(token), ip(r))
}

func text(m map[string]any, name string) string { s, _ := m[name].(string); return s }

func (f *Face) userinfo(w http.ResponseWriter, r *http.Request) {
	c, err := f.caller(r)
	if err != nil {
		http.Error(w, "Bad_OAuth_Token", http.StatusForbidden)
		return
	}
	u, _ := f.Engine.User(c.UserID)
	base := f.Base(r)
	write(w, 200, map[string]any{
		"sub": f.canonical(c.UserID), "user_id": c.UserID, "organization_id": f.Engine.OrgID(), "preferred_username": c.Username,
		"nickname": text(u, "CommunityNickname"), "name": text(u, "Name"), "email": text(u, "Email"), "email_verified": true,
		"given_name": text(u, "FirstName"), "family_name": text(u, "LastName"), "zoneinfo": text(u, "TimeZoneSidKey"),
		"photos": photos(base), "profile": base + "/" + c.UserID, "picture": base + "/profilephoto/005/F", "address": map[string]string{},
		"is_app_installed": true, "urls": urls(base, "{version}", f.Engine.OrgID(), c.UserID), "active": true, "user_type": "STANDARD",
		"language": "en_US", "locale": "en_US", "utcOffset": 0, "updated_at": text(u, "LastModifiedDate"),
	})
}

func photos(base string) map[string]string {
	return map[string]string{"picture": base + "/profilephoto/005/F", "thumbnail": base + "/profilephoto/005/T"}
}

func urls(base, version, org, user string) map[string]string {
	v := base + "/services/data/v" + version + "/"
	soap := func(kind string) string { return base + "/services/Soap/" + kind + "/" + version + "/" + org[:15] }
	return map[string]string{
		"enterprise": soap("c"), "metadata": soap("m"), "partner": soap("u"), "rest": v, "sobjects": v + "sobjects/", "search": v + "search/",
		"query": v + "query/", "recent": v + "recent/", "tooling_soap": soap("T"), "tooling_rest": v + "tooling/", "profile": base + "/" + user,
		"feeds": v + "chatter/feeds", "groups": v + "chatter/groups", "users": v + "chatter/users", "feed_items": v + "chatter/feed-items",
		"feed_elements": v + "chatter/feed-elements", "custom_domain": base,
	}
}

// identity answers /id/{org}/{user}.
func (f *Face) identity(w http.ResponseWriter, r *http.Request) {
	c, err := f.caller(r)
	if err != nil {
		http.Error(w, "Bad_OAuth_Token", http.StatusForbidden)
		return
	}
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	if len(parts) != 3 || len(parts[2]) < 15 || len(parts[1]) < 15 || parts[1][:15] != f.Engine.OrgID()[:15] {
		http.Error(w, "Bad_Id", http.StatusNotFound)
		return
	}
	if parts[2][:15] != c.UserID[:15] {
		http.Error(w, "Wrong_Org", http.StatusForbidden)
		return
	}
	u, _ := f.Engine.User(c.UserID)
	base := f.Base(r)
	version := "{version}"
	if v := r.FormValue("version"); v != "" {
		version = strings.TrimPrefix(v, "v")
		if version == "latest" {
			version = "68.0"
		}
	}
	out := map[string]any{
		"id": f.canonical(c.UserID), "asserted_user": true, "user_id": c.UserID, "organization_id": f.Engine.OrgID(), "username": c.Username,
		"nick_name": text(u, "CommunityNickname"), "display_name": text(u, "Name"), "email": text(u, "Email"), "email_verified": true,
		"first_name": text(u, "FirstName"), "last_name": text(u, "LastName"), "timezone": text(u, "TimeZoneSidKey"), "photos": photos(base),
		"status": map[string]any{"created_date": nil, "body": nil}, "urls": urls(base, version, f.Engine.OrgID(), c.UserID), "active": true,
		"user_type": "STANDARD", "language": "en_US", "locale": "en_US", "utcOffset": 0, "last_modified_date": text(u, "LastModifiedDate"), "is_app_installed": true,
	}
	write(w, 200, out)
}

// single makes an address that signs a browser in once. An expired token gets 403, not 401.
func (f *Face) single(w http.ResponseWriter, r *http.Request) {
	c, err := f.caller(r)
	if err != nil {
		write(w, 403, []map[string]string{{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}})
		return
	}
	to := r.FormValue("redirect_uri")
	q := url.Values{"otp": {f.Engine.SignOn.Once(c.Session.ID)}, "cshc": {c.UserID[9:15]}}
	if to != "" {
		q.Set("startURL", "/"+strings.TrimLeft(to, "/"))
	}
	write(w, 200, map[string]string{"frontdoor_uri": f.Base(r) + "/secur/frontdoor.jsp?" + q.Encode()})
}

func (f *Face) discovery(w http.ResponseWriter, r *http.Request) {
	base := f.Base(r)
	write(w, 200, map[string]any{
		"issuer": base, "authorization_endpoint": base + "/services/oauth2/authorize", "token_endpoint": base + "/services/oauth2/token",
		"revocation_endpoint": base + "/services/oauth2/revoke", "userinfo_endpoint": base + "/services/oauth2/userinfo",
		"introspection_endpoint": base + "/services/oauth2/introspect", "jwks_uri": base + "/id/keys",
		"scopes_supported": []string{"api", "refresh_token", "openid", "web", "full"}, "response_types_supported": []string{"code"},
		"subject_types_supported": []string{"public"}, "id_token_signing_alg_values_supported": []string{"RS256"},
	})
}
