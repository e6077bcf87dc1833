// Package api is the JSON API under /api/v1: sign-in, the console's commands, the profile and the Configuration Manager.
//
// It promises that every route stands in one table of rights, that nobody reaches another tenant's object, that nothing is
// changed by a GET or by anything but JSON, and that the OpenAPI document says what is served. It decides nothing: features
// do, and their faults become problems.
package api
