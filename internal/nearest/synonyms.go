package nearest

import (
	"slices"
	"strings"
)

// synonyms are names that other tools, and plain English, have for ours. A
// name has several where its meaning depends on where it stands.
var synonyms = map[string]string{
	// parts of a scenario
	"title": "scenario name", "test": "scenario", "feature": "scenario", "summary": "description",
	"before": "arrange", "before_each": "arrange", "setup": "arrange", "given": "arrange", "precondition": "arrange", "prepare": "arrange",
	"steps": "act", "actions": "act", "do": "act", "run": "act run_command", "execute": "act start_execution", "exercise": "act",
	"then": "assert", "verify": "assert expect", "checks": "assert expect", "assertions": "assert expect", "should": "assert expect",
	"expected": "expect assert", "expectations": "expect assert", "expects": "expect assert",
	"after": "cleanup", "after_each": "cleanup", "teardown": "cleanup", "finally": "cleanup", "always": "cleanup", "destroy": "cleanup",
	"on_failure": "diagnose", "catch": "diagnose", "debug": "diagnose",
	"examples": "cases", "matrix": "cases", "parameters": "cases with", "scenarios": "cases", "table": "cases", "each": "for_each cases",
	"variables": "vars", "env_vars": "vars", "define": "vars", "let": "vars set",
	"ignore": "skip", "disabled": "skip", "pending": "skip", "mutex": "locks", "serial": "locks", "concurrency_group": "locks",
	// fields of a step
	"timeout": "attempt_timeout within", "max_wait": "within", "wait_for": "within", "wait_until": "within", "eventually": "within", "until": "within",
	"deadline": "within", "retry": "within retries", "retries": "within", "poll": "within every", "attempts": "within",
	"interval": "every", "poll_interval": "every", "retry_interval": "every", "delay": "every wait", "backoff": "every",
	"for": "for_each hold", "loop": "for_each", "with_items": "for_each", "repeat": "for_each", "items": "for_each",
	"consistently": "throughout", "during": "throughout", "stable_for": "hold", "duration": "throughout hold",
	"if": "when", "condition": "when", "only_if": "when", "depends_on": "after", "needs": "after", "label": "name", "as": "id", "register": "id", "save_as": "id", "output": "id",
	"sla": "within", "slo": "within", "role": "in", "account": "in", "secrets": "mask", "redact": "mask", "hide": "mask", "retain": "keep",
	// kinds of steps
	"sleep": "wait", "pause": "wait", "lambda": "invoke_function", "invoke": "invoke_function", "invoke_lambda": "invoke_function", "call_lambda": "invoke_function", "call_function": "invoke_function",
	"send_event": "put_event", "emit": "put_event", "publish_event": "put_event", "eventbridge": "put_event listen", "event": "put_event received", "publish": "publish_message put_event", "sns": "publish_message", "sqs": "send_message queue",
	"expect_event": "received", "wait_for_event": "received", "event_received": "received", "receive_message": "received", "consume": "received", "subscribe": "listen", "watch": "listen",
	"run_workflow": "start_execution", "start_workflow": "start_execution", "step_function": "start_execution execution", "state_machine": "start_execution", "describe_execution": "execution", "list_executions": "executions",
	"put_object": "upload_object", "upload": "upload_object", "s3": "upload_object object", "get_object": "object", "head_object": "object", "file_exists": "object", "list_objects": "objects", "remove_object": "delete_object",
	"get_item": "item", "query": "query_items", "scan": "query_items", "dynamodb": "put_item item", "insert_item": "put_item", "remove_item": "delete_item",
	"logs": "log_events", "filter_log_events": "log_events", "cloudwatch_logs": "log_events", "insights": "log_query", "xray": "trace", "get_secret": "secret", "ssm": "parameter", "get_parameter": "parameter",
	"http": "http_request", "request": "http_request", "curl": "http_request", "get": "http_request", "post": "http_request", "fetch": "http_request",
	"shell": "run_command", "exec": "run_command", "script": "run_command", "bash": "run_command", "command": "run_command", "cmd": "run_command",
	"stack": "stack_outputs", "outputs": "stack_outputs", "cloudformation": "stack_outputs deploy_stack", "create_stack": "deploy_stack", "include": "use contains", "import": "use", "call": "use", "template": "use", "variable": "set", "get_metric": "metric",
	// parameters of steps
	"event_bus": "bus", "event_bus_name": "bus event_bus", "bus": "event_bus", "bus_name": "bus event_bus", "payload": "detail input body message", "data": "detail item payload", "body": "json text message detail",
	"function_name": "function", "function_arn": "function", "table_name": "table", "bucket_name": "bucket", "queue_url": "queue", "queue_name": "queue", "topic_arn": "topic", "stream_name": "stream", "stack_name": "stack",
	"state_machine_arn": "state_machine", "execution_arn": "arn", "log_group_name": "log_group", "filter_pattern": "filter", "rule_name": "rule", "event_pattern": "pattern", "path": "key url file", "uri": "url", "endpoint": "url", "verb": "method", "params": "query with", "listener": "from", "at_least_once": "at_least", "exactly": "count", "times": "count",
	// operators
	"eq": "equals", "is_equal": "equals", "to_equal": "equals", "==": "equals", "value": "equals", "ne": "not_equals", "neq": "not_equals", "!=": "not_equals", "is_not": "not_equals not",
	"greater_than": "gt", ">": "gt", "above": "gt", "ge": "gte", ">=": "gte", "minimum": "gte", "min": "gte", "less_than": "lt", "<": "lt", "below": "lt", "le": "lte", "<=": "lte", "maximum": "lte", "max": "lte", "range": "between",
	"in": "one_of", "enum": "one_of", "any_of": "one_of", "regex": "matches", "regexp": "matches", "=~": "matches", "like": "matches", "includes": "contains", "has": "contains",
	"prefix": "starts_with", "suffix": "ends_with", "begins_with": "starts_with", "size": "length", "len": "length", "type": "is", "is_a": "is", "format": "is", "present": "exists", "defined": "exists", "absent": "exists", "is_null": "equals", "is_empty": "empty",
	"all": "each", "every": "each", "some": "any", "close_to": "approx", "about": "approx", "json_schema": "schema", "partial": "match", "subset": "match", "contains_in_order": "in_order", "any_order": "unordered",
}

// Meant lists those of the known names that other tools call by a wrong one.
func Meant(wrong string, known []string) []string {
	var out []string
	for _, name := range strings.Fields(synonyms[snake(wrong)]) {
		if slices.Contains(known, name) {
			out = append(out, name)
		}
	}
	return out
}

// snake writes camelCase, kebab-case and words apart as the names here are written.
func snake(s string) string {
	if len(s) > longest {
		return ""
	}
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == '-' || r == ' ':
			r = '_'
		case r >= 'A' && r <= 'Z':
			if i > 0 && s[i-1] >= 'a' && s[i-1] <= 'z' {
				b.WriteByte('_')
			}
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return b.String()
}
