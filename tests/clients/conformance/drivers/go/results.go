package main

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"time"
	"unicode"

	"github.com/statekeeper/statekeeper/clients/go/statekeeper"
)

// plain gives what the client gives as the runner reads it: structs as objects with names
// of lower case, all the way down.
func plain(given any) any {
	switch given := given.(type) {
	case nil:
		return nil
	case json.Number:
		return given
	case time.Time:
		if given.IsZero() {
			return nil
		}
		return given.UTC().Format(time.RFC3339Nano)
	case []byte:
		return map[string]any{"$bytes": base64.StdEncoding.EncodeToString(given)}
	case statekeeper.Binary:
		return map[string]any{
			"$bytes":       base64.StdEncoding.EncodeToString(given.Data),
			"content_type": given.ContentType,
		}
	case statekeeper.Document:
		if given == nil {
			return nil
		}
	}
	return plainKind(reflect.ValueOf(given))
}

func plainKind(given reflect.Value) any {
	switch given.Kind() {
	case reflect.Pointer:
		if given.IsNil() {
			return nil
		}
		return plain(given.Elem().Interface())
	case reflect.Struct:
		fields := map[string]any{}
		addFields(fields, given)
		return fields
	case reflect.Map:
		entries := map[string]any{}
		for _, key := range given.MapKeys() {
			entries[key.String()] = plain(given.MapIndex(key).Interface())
		}
		return entries
	case reflect.Slice:
		items := []any{}
		for i := range given.Len() {
			items = append(items, plain(given.Index(i).Interface()))
		}
		return items
	default:
		return given.Interface()
	}
}

// What is absent where it is empty.
var absentWhenEmpty = map[string]bool{"status": true, "current_member": true, "schema_version": true}

func addFields(fields map[string]any, given reflect.Value) {
	for i := range given.NumField() {
		field := given.Type().Field(i)
		switch {
		case !field.IsExported():
		case field.Anonymous:
			addFields(fields, given.Field(i))
		case absentWhenEmpty[snake(field.Name)] && given.Field(i).IsZero():
		default:
			fields[snake(field.Name)] = plain(given.Field(i).Interface())
		}
	}
}

// snake gives a Go name as the runner writes it: `execution_id` for ExecutionID.
func snake(name string) string {
	text := strings.Builder{}
	letters := []rune(name)
	for i, letter := range letters {
		if i > 0 && unicode.IsUpper(letter) && !unicode.IsUpper(letters[i-1]) {
			text.WriteByte('_')
		}
		text.WriteRune(unicode.ToLower(letter))
	}
	return text.String()
}

// isTyped tells whether an error is one of the client's, and not around one.
func isTyped(err error) bool {
	return strings.HasPrefix(reflect.TypeOf(err).String(), "*statekeeper.")
}

// errorOf tells of an error what its type has as fields of its own.
func errorOf(err error, failed *statekeeper.StateError) map[string]any {
	told := map[string]any{
		"code":         string(failed.Code),
		"message":      failed.Message,
		"execution_id": failed.ExecutionID,
		"namespace":    failed.Namespace,
	}
	details := map[string]any{}
	for errors.Unwrap(err) != nil && !isTyped(err) {
		err = errors.Unwrap(err)
	}
	typed := reflect.Indirect(reflect.ValueOf(err))
	for i := range typed.NumField() {
		if field := typed.Type().Field(i); field.IsExported() && !field.Anonymous {
			details[snake(field.Name)] = plain(typed.Field(i).Interface())
		}
	}
	if invalid, ok := err.(*statekeeper.InvalidRequestError); ok {
		names := []string{}
		for _, each := range invalid.Fields {
			names = append(names, each.Field)
		}
		details["fields"] = names
	}
	told["details"] = details
	return told
}
