package storetest

import (
	"cordboard/internal/delivery"
	"cordboard/internal/store"
	"testing"
)

var listAll = delivery.Filter{Limit: 1000}
var deliveryTests = map[string]func(t *testing.T, tn *store.Tenant){}
var settingTests = map[string]func(t *testing.T, tn *store.Tenant){}
var keptTests = map[string]func(t *testing.T, tn *store.Tenant){}
var controlTests = map[string]func(t *testing.T, in *store.Installation){}
