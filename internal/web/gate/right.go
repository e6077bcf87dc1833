package gate

import (
	"net/http"
	"slices"

	"cordboard/internal/fault"
	"cordboard/internal/tenant"
)

// right says who may use a route.
type right int

const (
	anyone   right = iota
	signedIn       // whatever the role
	agents         // the Agent Console
	watchers       // administrators and supervisors
	admins
)

// rights is the one table (SEC-5): a route that is not in it cannot be registered, and whoever is not named is refused.
var rights = map[string]right{
	"POST /api/v1/session":     anyone,
	"GET /api/v1/session":      signedIn,
	"DELETE /api/v1/session":   signedIn,
	"GET /api/v1/openapi.json": anyone,

	"GET /api/v1/console/stream":                          agents,
	"POST /api/v1/console/status":                         agents,
	"GET /api/v1/console/history":                         agents,
	"GET /api/v1/console/interactions/{id}":               agents,
	"POST /api/v1/console/interactions/{id}/accept":       agents,
	"POST /api/v1/console/interactions/{id}/reject":       agents,
	"POST /api/v1/console/interactions/{id}/end":          agents,
	"POST /api/v1/console/interactions/{id}/end-wrapup":   agents,
	"POST /api/v1/console/interactions/{id}/work-offline": agents,
	"PUT /api/v1/console/interactions/{id}/write":         agents,
	"POST /api/v1/console/interactions/{id}/mute":         agents,
	"POST /api/v1/console/interactions/{id}/pop/search":   agents,
	"POST /api/v1/console/interactions/{id}/pop/choose":   agents,
	"GET /api/v1/console/interactions/{id}/form/{kind}":   agents,
	"GET /api/v1/console/lookup":                          agents,
	"POST /api/v1/console/interactions/{id}/records":      agents,
	"POST /api/v1/console/interactions/{id}/log/retry":    agents,
	"POST /api/v1/console/phone/connect":                  agents,
	"POST /api/v1/console/phone/take":                     agents,
	"POST /api/v1/console/phone/release":                  agents,
	"GET /api/v1/profile/crm":                             agents,
	"PUT /api/v1/profile/crm":                             agents,
	"DELETE /api/v1/profile/crm":                          agents,
	"POST /api/v1/profile/crm/test":                       agents,
	"PUT /api/v1/profile/password":                        signedIn,
	"GET /api/v1/manager/overview":                        watchers,
	"GET /api/v1/manager/users":                           admins,
	"POST /api/v1/manager/users":                          admins,
	"GET /api/v1/manager/users/{id}":                      admins,
	"PUT /api/v1/manager/users/{id}":                      admins,
	"POST /api/v1/manager/users/{id}/password":            admins,
	"POST /api/v1/manager/users/{id}/sip-secret":          admins,
	"GET /api/v1/manager/queues":                          admins,
	"POST /api/v1/manager/queues":                         admins,
	"GET /api/v1/manager/queues/{id}":                     admins,
	"PUT /api/v1/manager/queues/{id}":                     admins,
	"DELETE /api/v1/manager/queues/{id}":                  admins,
	"GET /api/v1/manager/channels":                        admins,
	"POST /api/v1/manager/channels":                       admins,
	"GET /api/v1/manager/channels/{id}":                   admins,
	"PUT /api/v1/manager/channels/{id}":                   admins,
	"DELETE /api/v1/manager/channels/{id}":                admins,
	"GET /api/v1/manager/code-lists":                      admins,
	"POST /api/v1/manager/code-lists":                     admins,
	"GET /api/v1/manager/code-lists/{id}":                 admins,
	"PUT /api/v1/manager/code-lists/{id}":                 admins,
	"DELETE /api/v1/manager/code-lists/{id}":              admins,
	"GET /api/v1/manager/trunks":                          admins,
	"POST /api/v1/manager/trunks":                         admins,
	"GET /api/v1/manager/trunks/{id}":                     admins,
	"PUT /api/v1/manager/trunks/{id}":                     admins,
	"DELETE /api/v1/manager/trunks/{id}":                  admins,
	"GET /api/v1/manager/profile":                         admins,
	"PUT /api/v1/manager/profile":                         admins,
	"GET /api/v1/manager/screen-pop":                      admins,
	"PUT /api/v1/manager/screen-pop":                      admins,
	"POST /api/v1/manager/screen-pop/key":                 admins,
	"POST /api/v1/manager/screen-pop/test":                admins,
	"GET /api/v1/manager/deliveries":                      watchers,
	"POST /api/v1/manager/deliveries/{key}/retry":         admins,
	"POST /api/v1/manager/deliveries/retry-like":          admins,
	"POST /api/v1/manager/deliveries/{key}/drop":          admins,
}

// allows reports whether a user has the right.
func (r right) allows(u tenant.User) bool {
	var roles []tenant.Role
	switch r {
	case signedIn, anyone:
		return true
	case agents:
		roles = []tenant.Role{tenant.RoleAgent}
	case watchers:
		roles = []tenant.Role{tenant.RoleAdmin, tenant.RoleSupervisor}
	case admins:
		roles = []tenant.Role{tenant.RoleAdmin}
	}
	return slices.ContainsFunc(roles, u.Is)
}

// errForbidden is the answer to someone whose role does not permit a route.
func errForbidden(r right) error {
	who := map[right]string{agents: "agents", watchers: "administrators and supervisors", admins: "administrators"}[r]
	return fault.Newf(fault.Forbidden, "FORBIDDEN", "This is for %s. Ask your administrator if you need it.", who)
}

// Routes are all patterns that the table knows, in no order.
func Routes() []string {
	out := make([]string, 0, len(rights))
	for p := range rights {
		out = append(out, p)
	}
	return out
}

// changes reports whether a method is one that changes things.
func changes(method string) bool {
	return method != http.MethodGet && method != http.MethodHead && method != http.MethodOptions
}
