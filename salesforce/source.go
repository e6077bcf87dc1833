// Package source is the deployable source of Cordboard's part of a Salesforce org: the key field and the permission set
// (README.md says how to deploy them).
//
// It promises, by its tests, that the metadata are what the connector relies on (SPEC SF-2). It holds no code and no secret.
package source
