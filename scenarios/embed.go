// Package scenarios holds the example applications and the suites that test them, one folder each.
//
// The Go side is only a way to carry the CloudFormation templates inside the program, so that the
// sandbox deploys what AWS and the emulators get. It must not know what is in them.
package scenarios

import "embed"

// Templates holds the template of every example application under FOLDER/template.yaml, and under
// FOLDER/template.ACCOUNT.yaml what of it is in another account, which the suite calls so. The
// folder's name is the application's name and the name of its stacks.
//
//go:embed */template.yaml */template.*.yaml
var Templates embed.FS
