package catalog

// DetectAmong is Detect among dialects of the test's own.
var DetectAmong = detect
