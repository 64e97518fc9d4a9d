package jsonl

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
)

// Unmarshal is json.Unmarshal with errors that speak of the input and not of Go.
func Unmarshal(data []byte, v any) error {
	err := json.Unmarshal(data, v)
	var wrong *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &wrong):
		where := strings.TrimPrefix(wrong.Field, "exchange.") // embedding is ours, not the input's
		if where != "" {
			where += ": "
		}
		return fmt.Errorf("%sexpected %s, found %s", where, jsonWord(wrong.Type), found(wrong.Value))
	case errors.As(err, &syntax):
		return fmt.Errorf("not JSON: %w (at byte %d)", syntax, syntax.Offset)
	}
	return err
}

// found is what the library calls a JSON value, in the words of jsonWord.
func found(value string) string {
	switch value {
	case "string":
		return "a text"
	case "array":
		return "a list"
	case "object":
		return "an object"
	case "bool":
		return "true or false"
	case "number":
		return "a number"
	}
	return value // a number with its digits
}

// jsonWord is what a Go type is called in JSON.
func jsonWord(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a text"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice, reflect.Array:
		return "a list"
	case reflect.Struct, reflect.Map:
		return "an object"
	case reflect.Int, reflect.Uint8:
		return "a whole number"
	}
	return "a number"
}
