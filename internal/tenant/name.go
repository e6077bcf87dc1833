package tenant

import (
	"regexp"

	"cordboard/internal/fault"
)

var name = regexp.MustCompile(`^[a-z0-9]{3,30}$`)

// CheckName refuses what cannot be a tenant's name (GEN-2).
func CheckName(s string) error {
	if !name.MatchString(s) {
		return fault.Newf(fault.Invalid, "TENANT_NAME", "%q cannot be a tenant's name: use 3 to 30 of the letters a to z and the digits.", s)
	}
	return nil
}
