package awsclient

// credentialsError says that there are no credentials, or none any more.
type credentialsError struct {
	text  string
	cause error
}

func (e *credentialsError) Error() string { return e.text }
func (e *credentialsError) Unwrap() error { return e.cause }
