// Package catalogue is the one list of kinds. Everything that must know them
// all, the plan, the reference, the editor schemas, the reapers, reads it.
package catalogue

import (
	"slices"

	"github.com/rehearse-dev/rehearse/steps"
	"github.com/rehearse-dev/rehearse/steps/cloudformation"
	"github.com/rehearse-dev/rehearse/steps/dynamodb"
	"github.com/rehearse-dev/rehearse/steps/eventbridge"
	"github.com/rehearse-dev/rehearse/steps/http"
	"github.com/rehearse-dev/rehearse/steps/local"
	"github.com/rehearse-dev/rehearse/steps/logs"
	"github.com/rehearse-dev/rehearse/steps/s3"
	"github.com/rehearse-dev/rehearse/steps/schemas"
	"github.com/rehearse-dev/rehearse/steps/stepfunctions"
	"github.com/rehearse-dev/rehearse/steps/xray"
)

// Kinds lists every kind, in the order of the reference.
func Kinds() []steps.Kind {
	return []steps.Kind{
		cloudformation.StackOutputs,
		cloudformation.StackResource,
		eventbridge.Listen,
		eventbridge.Received,
		schemas.MockEvent,
		eventbridge.PutEvent,
		eventbridge.PutEvents,
		stepfunctions.StartExecution,
		stepfunctions.Execution,
		s3.UploadObject,
		s3.Object,
		s3.DeleteObject,
		dynamodb.PutItem,
		dynamodb.Item,
		dynamodb.DeleteItem,
		logs.LogEvents,
		xray.Trace,
		http.Request,
		local.Set,
		local.Check,
		local.Wait,
		local.Parallel,
		local.Use,
	}
}

// later are the kinds of the format that this version does not have.
var later = []string{
	"deploy_stack", "parameter", "secret", "start_sync_execution", "stop_execution", "executions", "objects",
	"delete_objects", "update_item", "query_items", "delete_items", "publish_message", "send_message", "queue", "purge_queue",
	"invoke_function", "put_record", "produce_record", "publish_topic", "log_query", "metric", "alarm", "aws_call",
	"run_command",
}

// Catalogue finds kinds by their name.
type Catalogue struct{ byName map[string]steps.Kind }

// New makes the catalogue of all kinds.
func New() Catalogue {
	c := Catalogue{byName: map[string]steps.Kind{}}
	for _, k := range Kinds() {
		c.byName[k.Name] = k
	}
	return c
}

// Kind finds a kind.
func (c Catalogue) Kind(name string) (steps.Kind, bool) {
	k, ok := c.byName[name]
	return k, ok
}

// Names lists the names of the kinds, in the order of the reference.
func (c Catalogue) Names() []string {
	var l []string
	for _, k := range Kinds() {
		l = append(l, k.Name)
	}
	return l
}

// Later lists the kinds of the format that this version does not have.
func (c Catalogue) Later() []string { return slices.Clone(later) }
