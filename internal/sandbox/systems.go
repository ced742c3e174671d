package sandbox

// systems is the one list of the built-in bodies of functions, by "<system>/<logical id>". Each does what the inline
// code of its template does, through the same calls to AWS.
var systems = map[string]Function{
	"video-plugins/PythonMinimalPlugin": minimalPlugin,
	"image-metadata/ImageSizer":         imageSizer,
	"audit-log/AuditLogger":             auditLogger,
	"cross-account-bus/CloseOrder":      closeOrder,
	"cross-account-bus/Deliver":         deliver,
	"cross-account-bus/PlaceOrder":      placeOrder,
	"cross-account-bus/SendVoucher":     sendVoucher,
}

// field follows names into a document; nil where there is nothing.
func field(doc any, names ...string) any {
	for _, name := range names {
		m, _ := doc.(map[string]any)
		doc = m[name]
	}
	return doc
}

// records are the Records of an event.
func records(event any) []any {
	list, _ := field(event, "Records").([]any)
	return list
}
