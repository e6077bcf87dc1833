// Package api is the JSON API under /api/v1: sign-in, the console's commands, the profile and the Configuration Manager.
//
// It promises that every route goes through the gate, that nobody reaches another tenant's object nor another agent's
// interaction, and that the OpenAPI document says what is served. It decides nothing: features do, and their faults become
// problems.
package api
